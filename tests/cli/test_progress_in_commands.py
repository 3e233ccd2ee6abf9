"""How commands record and show a learner's progress, where no engine is needed."""

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
from tests.support import helpers, local_nodes

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
def run_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs `labs` in a tree with two labs, and returns exit code, output lines and errors."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON)
    helpers.write_lab(tmp_path, LESSON.replace("images: []", "images: []\nafter: [tiny]"), name="big")
    solution = tmp_path / "labs" / "tiny" / "solution" / "find.md"
    solution.parent.mkdir()
    solution.write_text("Seek well.\n\n```sh node1\nfind /\n```\n", "utf-8")

    def labs(*arguments: str) -> tuple[int, list[str], str]:
        result = helpers.run_labs(tmp_path, *arguments)
        return result.returncode, [line.rstrip() for line in result.stdout.splitlines()], result.stderr

    return labs


def test_hints_in_order(run_labs: Run) -> None:
    """Each `labs hint` shows the next hint, then all; hints for a failed check are left out if the lab does not run."""
    shown = [run_labs("hint", "tiny")[1] for _ in range(3)]
    assert ["Hint 1 of 2", "  Open your eyes."] == shown[0][1:3]
    assert ["Hint 2 of 2", "  Type ls."] == shown[1][1:3]
    assert "That was the last hint." in shown[1]
    assert ["Hint 1 of 2", "Hint 2 of 2"] == [line for line in shown[2] if line.startswith("Hint")]


def test_hints_again(run_labs: Run) -> None:
    """`labs hint --again` repeats the hints that were shown, and shows no new one."""
    assert "You have not seen any hints yet." in run_labs("hint", "tiny", "--again")[1]
    run_labs("hint", "tiny")
    assert ["Hint 1 of 2"] == [line for line in run_labs("hint", "tiny", "--again")[1] if line.startswith("Hint")]
    assert "Hint 2 of 2" in run_labs("hint", "tiny")[1]


def test_hint_for_current_step(run_labs: Run) -> None:
    """Without a step, the hint is for the first step that was never passed."""
    store.record_steps_passed("tiny", ["look"])
    assert "Find  find" == run_labs("hint", "tiny")[1][0]
    store.record_steps_passed("tiny", ["find"])
    assert ["Every step of 'tiny' is done. For a hint on one of them: labs hint tiny STEP"] == run_labs("hint", "tiny")[
        1
    ]


def test_solution_needs_pass(run_labs: Run) -> None:
    """A solution is refused with 1 before the step is passed, with a pointer to hints, and shown afterwards."""
    assert (1, []) == run_labs("solution", "tiny", "find")[:2]
    assert "'labs hint tiny find' gives a hint; --spoil shows the solution" in run_labs("solution", "tiny", "find")[2]
    store.record_steps_passed("tiny", ["find"])
    status, shown, _ = run_labs("solution", "tiny", "find")
    assert (0, ["", "Find  find", "", "Seek well.", "", "── on node1 ──", "find /", ""]) == (status, shown)
    assert store.load_progress("tiny").find_step_record("find").spoiled_at is None


def test_spoiled(run_labs: Run) -> None:
    """`--spoil` shows the solution of a step that is not passed, and the progress records it."""
    assert (0, "ls") == (run_labs("solution", "tiny", "--spoil")[0], run_labs("solution", "tiny", "--spoil")[1][4])
    assert store.load_progress("tiny").find_step_record("look").spoiled_at is not None


def test_list_shows_progress(run_labs: Run) -> None:
    """`labs list` shows how much of each lab is passed, and lists prerequisites first."""
    store.record_steps_passed("tiny", ["look", "gone"])
    rows = [line.split() for line in run_labs("list")[1] if not line.startswith(" ")]
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
    """The bar is empty only if no step is passed, and full only if all are."""
    assert bar == _progress.format_progress_bar(passed, total)


def test_damaged(run_labs: Run) -> None:
    """A damaged progress file makes no command fail: queries name it, and the next change moves it aside."""
    file = paths.state_folder() / "progress" / "tiny.json"
    file.parent.mkdir(parents=True)
    file.write_text("{", "utf-8")
    for _ in range(2):
        status, _, errors = run_labs("list")
        assert (0, "{") == (status, file.read_text("utf-8"))
        assert ["Your progress in 'tiny' cannot be read. The file is", f"  {file}"] == errors.splitlines()
    _progress.record_lab_used("tiny")
    assert "{" == file.with_name("tiny.json.unreadable-1").read_text("utf-8")
    assert "" == run_labs("list")[2]


def test_unwritable_progress(run_labs: Run) -> None:
    """If progress cannot be written, a warning says so and the hint is shown anyway."""
    folder = paths.state_folder() / "progress"
    folder.parent.mkdir(parents=True)
    folder.write_text("", "utf-8")
    status, shown, errors = run_labs("hint", "tiny")
    assert (0, "  Open your eyes.") == (status, shown[2])
    assert "Cannot store your progress in 'tiny': " in errors


def test_last_lab(run_labs: Run, tmp_path: Path) -> None:
    """With no lab started, `labs status` suggests the lab that was used last, unless it is finished."""
    nothing = "No lab is started. 'labs list' shows the labs; 'labs start LAB' starts one."
    # An engine that does not answer must not matter to a user who has started nothing.
    store.record_steps_passed("tiny", ["look"])
    result = helpers.run_labs(tmp_path, "status", LABS_DRIVER="uml")
    assert [
        nothing,
        "Your last lab was 'tiny' (━━━─── 1/2):",
        "  labs goto tiny find  Find",
    ] == result.stdout.splitlines()
    store.record_steps_passed("tiny", ["find"])
    assert [nothing] == helpers.run_labs(tmp_path, "status", LABS_DRIVER="uml").stdout.splitlines()


def test_full_disk(run_labs: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The warning about an error without a file name, such as a full disk, names no file."""
    monkeypatch.setattr(os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
    _progress.record_steps_passed("tiny", ["look"])
    assert "Cannot store your progress in 'tiny': No space left.\n" == capsys.readouterr().err


def test_step_of_a_broken_lesson(run_labs: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If the started lab is broken, the error is about its lesson, not about an unknown lab."""
    lesson = tmp_path / "labs" / "tiny" / "lesson.md"
    lesson.write_text(lesson.read_text("utf-8").replace("minutes: 5", "minutes: soon"), "utf-8")
    monkeypatch.setattr(
        lookup, "survey_clusters", lambda: lookup.ClusterSurvey((local_nodes.make_local_cluster(tmp_path),))
    )
    with pytest.raises(BrokenLabError, match="'minutes'"):
        Session().resolve_lab_and_step("find", None, "labs show")


def test_goto_brackets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets in a step's title are printed literally by `labs goto`."""
    lab = helpers.make_lab(tmp_path, LESSON.replace("## Find", "## Find [it] in [/tmp]"))
    goto._print_outcome(lab, lab.lesson.steps[1], ReplayPlan((), lab.lesson.steps[:1]))
    assert capsys.readouterr().out.startswith("Everything before 'Find [it] in [/tmp]' is done.\n")
