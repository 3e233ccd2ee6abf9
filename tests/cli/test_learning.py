"""What commands keep and tell of a learner's progress, where no engine is needed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import paths
from runner.cli import _progress, goto
from runner.clusters import lookup
from runner.errors import BrokenLabError
from runner.progress import store
from runner.progress.replay_plan import ReplayPlan
from runner.session import Session
from tests import helpers

LESSON = f"""{helpers.FRONT_MATTER}
## Look {{#look}}

```sh node1
ls
```

::: hint
Open your eyes.
:::

::: hint check=test_it
It is under the stone.
:::

::: hint
Type `ls`.
:::

## Find {{#find}}

::: hint
Seek.
:::
"""
Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `labs` in a world with two labs, and tells status, lines and complaints."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON)
    helpers.write_lab(tmp_path, LESSON.replace("images: []", "images: []\nafter: [tiny]"), name="big")
    solution = tmp_path / "labs" / "tiny" / "solution" / "find.md"
    solution.parent.mkdir()
    solution.write_text("Seek well.\n\n```sh node1\nfind /\n```\n", "utf-8")

    def labs(*words: str) -> tuple[int, list[str], str]:
        done = helpers.run_labs(tmp_path, *words)
        return done.returncode, [line.rstrip() for line in done.stdout.splitlines()], done.stderr

    return labs


def test_hints_come_one_by_one(run: Run) -> None:
    """Each `labs hint` shows one more, then all again; those for a failed check stay out while the lab does not run."""
    shown = [run("hint", "tiny")[1] for _ in range(3)]
    assert ["Hint 1 of 2", "  Open your eyes."] == shown[0][1:3]
    assert ["Hint 2 of 2", "  Type ls."] == shown[1][1:3]
    assert "That was the last hint." in shown[1]
    assert ["Hint 1 of 2", "Hint 2 of 2"] == [line for line in shown[2] if line.startswith("Hint")]


def test_hints_again(run: Run) -> None:
    """`labs hint --again` shows what was shown, and uses nothing up."""
    assert "You have not seen any hints yet." in run("hint", "tiny", "--again")[1]
    run("hint", "tiny")
    assert ["Hint 1 of 2"] == [line for line in run("hint", "tiny", "--again")[1] if line.startswith("Hint")]
    assert "Hint 2 of 2" in run("hint", "tiny")[1]


def test_hint_for_the_step_that_is_next(run: Run) -> None:
    """Without a step the hint is for the first one that was never passed."""
    store.record_passed("tiny", ["look"])
    assert "Find  find" == run("hint", "tiny")[1][0]
    store.record_passed("tiny", ["find"])
    assert ["Every step of 'tiny' is done. For a hint on one of them: labs hint tiny STEP"] == run("hint", "tiny")[1]


def test_solution_waits_for_the_pass(run: Run) -> None:
    """A solution is refused before the step is passed, with 1 and a kinder way, and shown after it."""
    assert (1, []) == run("solution", "tiny", "find")[:2]
    assert "'labs hint tiny find' gives a hint; --spoil shows the solution" in run("solution", "tiny", "find")[2]
    store.record_passed("tiny", ["find"])
    status, shown, _ = run("solution", "tiny", "find")
    assert (0, ["", "Find  find", "", "Seek well.", "", "── on node1 ──", "find /", ""]) == (status, shown)
    assert store.load_progress("tiny").step_record("find").spoiled_at is None


def test_spoiled(run: Run) -> None:
    """A solution asked for all the same is shown, and the progress notes that."""
    assert (0, "ls") == (run("solution", "tiny", "--spoil")[0], run("solution", "tiny", "--spoil")[1][4])
    assert store.load_progress("tiny").step_record("look").spoiled_at is not None


def test_list_tells_progress(run: Run) -> None:
    """The list shows how much of each lab is passed, and puts a lab after those that come before it."""
    store.record_passed("tiny", ["look", "gone"])
    rows = [line.split() for line in run("list")[1] if not line.startswith(" ")]
    assert [["tiny", "━━━───", "1/2"], ["big", "──────", "0/2"]] == [row[:3] for row in rows[1:]]
    assert "tiny" == rows[2][-1]


@pytest.mark.parametrize(
    ("passed", "total", "bar"),
    [
        (0, 11, "────── 0/11"),
        (1, 11, "━───── 1/11"),
        (10, 11, "━━━━━─ 10/11"),
        (11, 11, "━━━━━━ 11/11"),
        (1, 2, "━━━─── 1/2"),
    ],
)
def test_bar(passed: int, total: int, bar: str) -> None:
    """The bar is empty only for nothing and full only for all."""
    assert bar == _progress.format_bar(passed, total)


def test_damaged(run: Run) -> None:
    """A damaged progress file makes no command fail: queries name it, and the next change moves it aside."""
    file = paths.state_folder() / "progress" / "tiny.json"
    file.parent.mkdir(parents=True)
    file.write_text("{", "utf-8")
    for _ in range(2):
        status, _, errors = run("list")
        assert (0, "{") == (status, file.read_text("utf-8"))
        assert ["Your progress in 'tiny' cannot be read. The file is", f"  {file}"] == errors.splitlines()
    _progress.record_use("tiny")
    assert "{" == file.with_name("tiny.json.unreadable-1").read_text("utf-8")
    assert "" == run("list")[2]


def test_nowhere_to_keep_it(run: Run) -> None:
    """Where progress cannot be written, that is said and the hint is shown all the same."""
    folder = paths.state_folder() / "progress"
    folder.parent.mkdir(parents=True)
    folder.write_text("", "utf-8")
    status, shown, told = run("hint", "tiny")
    assert (0, "  Open your eyes.") == (status, shown[2])
    assert "Cannot store your progress in 'tiny': " in told


def test_where_to_go_on(run: Run, tmp_path: Path) -> None:
    """With no lab started, status leads back to the one that was worked on last, unless it is finished."""
    nothing = "No lab is started. 'labs list' shows the labs; 'labs start LAB' starts one."
    # The engine that does not answer must not matter to whoever has started nothing.
    store.record_passed("tiny", ["look"])
    done = helpers.run_labs(tmp_path, "status", LABS_DRIVER="uml")
    assert [
        nothing,
        "Your last lab was 'tiny' (━━━─── 1/2):",
        "  labs goto tiny find  Find",
    ] == done.stdout.splitlines()
    store.record_passed("tiny", ["find"])
    assert [nothing] == helpers.run_labs(tmp_path, "status", LABS_DRIVER="uml").stdout.splitlines()


def test_full_disk(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What has no file to name, as a full disk, is told without one."""
    monkeypatch.setattr(os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
    _progress.record_passed("tiny", ["look"])
    assert "Cannot store your progress in 'tiny': No space left.\n" == capsys.readouterr().err


def test_step_of_a_broken_lesson(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the lab that is started cannot be read, that is told, and not that no lab is called like the step."""
    lesson = tmp_path / "labs" / "tiny" / "lesson.md"
    lesson.write_text(lesson.read_text("utf-8").replace("minutes: 5", "minutes: soon"), "utf-8")
    monkeypatch.setattr(lookup, "survey_clusters", lambda: lookup.ClusterSurvey((helpers.make_local_cluster(tmp_path),)))
    with pytest.raises(BrokenLabError, match="'minutes'"):
        Session().resolve_lab_and_step("find", None, "labs show")


def test_goto_brackets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets in a step's title are no markup once the way to it is played."""
    lab = helpers.make_lab(tmp_path, LESSON.replace("## Find", "## Find [it] in [/tmp]"))
    goto._print_outcome(lab, lab.lesson.steps[1], ReplayPlan((), lab.lesson.steps[:1]))
    assert capsys.readouterr().out.startswith("Everything before 'Find [it] in [/tmp]' is done.\n")
