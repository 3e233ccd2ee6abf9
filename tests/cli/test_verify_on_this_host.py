"""Verifying that lesson, checks and near misses agree, on a cluster that is only the local host."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.verify import Assertion, verify_lab
from runner.errors import BrokenLabError
from tests.support import helpers, local_nodes

LESSON = f"""{helpers.FRONT_MATTER}
## Read on {{#read}}

## Make a file {{#make}}

```sh node1
echo hello >made
```

## Copy it {{#copy}}

```sh node1
cp made copy; echo copied
```
```output
copied
```
"""
CHECKS = """
from checks import expect_equal, step

def content(node, file):
    return node.run_command("sh", "-c", f"cat {file} 2>/dev/null || echo nothing").stdout_text.strip()

@step("make")
def test_made(nodes):
    '''The file holds a greeting.'''
    expect_equal(nodes["node1"], content(nodes["node1"], "made"), "hello", of="made", see="cat made")

@step("copy")
def test_copied(nodes):
    '''There is a copy.'''
    expect_equal(nodes["node1"], content(nodes["node1"], "copy"), "hello", of="copy", see="cat copy")
"""


def write_near_miss(step: str, says: str, *, wrong: str, cure: str, played: str = "before") -> str:
    """Return the text of a near miss."""
    front = f"---\nstep: {step}\nplayed: {played}\nsays: '{says}'\n---\n"
    return f"{front}## Wrong\n```sh node1\n{wrong}\n```\n## Cure\n```sh node1\n{cure}\n```\n"


MISSES = {
    "shout.md": write_near_miss("make", "made: HELLO", wrong="echo HELLO >made", cure="rm made"),
    "empty.md": write_near_miss(
        "copy", "copy: ; expected: copy: hello", wrong=">copy", cure="cp made copy", played="after"
    ),
}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.checking.verify._MISTAKE_SETTLE_SECONDS", 0.2)
    monkeypatch.setattr("runner.checking.verify._RETRY_PAUSE_SECONDS", 0.1)


def verify_tiny_lab(
    root: Path, lesson: str = LESSON, checks: str = CHECKS, wrong: dict[str, str] | None = None
) -> list[Assertion]:
    """Verify a lab; by default, one that is correct and has no near misses."""
    return list(
        verify_lab(helpers.make_lab(root, lesson, checks=checks, wrong=wrong), local_nodes.make_local_cluster(root))
    )


def list_failures(assertions: list[Assertion]) -> list[tuple[str, str, str]]:
    """Return the step, the claim and the first line of the failure of each failed assertion."""
    return [(failed.step, failed.claim, failed.failure.splitlines()[0]) for failed in assertions if failed.failure]


def test_correct_lab(tmp_path: Path) -> None:
    """A correct lab has no failures, and all assertions come in lesson order."""
    assert [
        Assertion("read", "commands do what the lesson says"),
        Assertion("make", "checks fail before the step"),
        Assertion("make", "near miss shout fails with 'made: HELLO'"),
        Assertion("make", "cure of shout runs"),
        Assertion("make", "its near misses do not complete the step"),
        Assertion("make", "commands do what the lesson says"),
        Assertion("make", "checks pass after the step"),
        Assertion("make", "checks pass again"),
        Assertion("copy", "checks fail before the step"),
        Assertion("copy", "commands do what the lesson says"),
        Assertion("copy", "checks pass after the step"),
        Assertion("copy", "checks pass again"),
        Assertion("copy", "near miss empty fails with 'copy: ; expected: copy: hello'"),
        Assertion("copy", "cure of empty runs"),
        Assertion("copy", "cure of empty makes the checks pass"),
        Assertion("the finished lab", "all checks pass together"),
    ] == verify_tiny_lab(tmp_path, wrong=MISSES)


def test_near_miss_without_checks(tmp_path: Path) -> None:
    """A near miss in a step without checks is a failure."""
    failures = list_failures(
        verify_tiny_lab(tmp_path, wrong={"idle.md": write_near_miss("read", "nothing", wrong="true", cure="true")})
    )
    assert [("read", "near miss idle fails", "'read' has no checks, so nothing can fail")] == failures


def test_passing_early(tmp_path: Path) -> None:
    """A check that already passes before its step, or before any earlier step, is reported as a failure."""
    early = CHECKS.replace('content(nodes["node1"], "copy"), "hello"', '"hello", "hello"')
    message = "test_copied of 'copy' already passes; name the steps it depends on in its after="
    assert [
        ("make", "checks fail before the step", message),
        ("copy", "checks fail before the step", "test_copied passed"),
    ] == list_failures(verify_tiny_lab(tmp_path, checks=early))


def test_passing_on_untouched_node(tmp_path: Path) -> None:
    """A check that would pass on an untouched node is accepted once it names the step it depends on."""
    gone = "cp made copy; echo copied", "rm made; echo copied"
    checks = CHECKS.replace('"copy"), "hello"', '"made"), "nothing"').replace(
        'step("copy"', 'step("copy", after=["make"]'
    )
    failures = list_failures(verify_tiny_lab(tmp_path, LESSON.replace(*gone), checks))
    # On this lab the check of 'make' no longer passes in the end.
    assert [("the finished lab", "all checks pass together")] == [failure[:2] for failure in failures]


def test_error_before(tmp_path: Path) -> None:
    """A check that raises an error before its step does not count as failed."""
    broken = CHECKS.replace('of="copy"', 'of=1 // (content(nodes["node1"], "copy") == "hello")')
    (failure,) = list_failures(verify_tiny_lab(tmp_path, checks=broken))
    assert ("copy", "checks fail before the step") == failure[:2]
    assert failure[2].startswith("test_copied error ZeroDivisionError")


def test_failing_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step after which its check fails is reported with the message of the check."""
    monkeypatch.setattr("runner.checking.verify._SETTLE_SECONDS", 0.1)
    failures = list_failures(verify_tiny_lab(tmp_path, LESSON.replace("cp made copy", "echo HELLO >copy")))
    message = "test_copied failed: copy: HELLO; expected: copy: hello"
    assert [("copy", "checks pass after the step", message), ("copy", "checks pass again", message)] == failures


def test_failing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that passes only once, because it changes what it reads, is reported."""
    monkeypatch.setattr("runner.checking.verify._SETTLE_SECONDS", 0.1)
    monkeypatch.setattr("runner.checking.verify._REPEAT_SETTLE_SECONDS", 0.1)
    destructive = CHECKS.replace("cat {file} 2>/dev/null ||", "cat {file} 2>/dev/null && rm -f copy ||")
    message = "test_copied failed: copy: nothing; expected: copy: hello"
    assert [("copy", "checks pass again", message)] == list_failures(verify_tiny_lab(tmp_path, checks=destructive))


@pytest.mark.parametrize(
    ("old", "new", "failure"),
    [
        ("cp made copy", "cp gone copy", "line 20 on node1: it exited with 1, not with 0"),
        (
            "output\ncopied",
            "output\ndone",
            "line 20 on node1: its output has no line 'done' where the lesson shows one",
        ),
    ],
)
def test_failing_command(old: str, new: str, failure: str, tmp_path: Path) -> None:
    """A command that does not do what the lesson says is reported with its line, and verification stops there."""
    assertions = verify_tiny_lab(tmp_path, LESSON.replace(old, new), wrong=MISSES)
    assert [("copy", "commands do what the lesson says", failure)] == list_failures(assertions)
    assert assertions[-1].failure


def test_failing_command_shows_output(tmp_path: Path) -> None:
    """The failure of a command contains the command and its output."""
    (assertion,) = [
        assertion
        for assertion in verify_tiny_lab(tmp_path, LESSON.replace("cp made copy", "cp gone copy"))
        if assertion.failure
    ]
    assert "cp gone copy; echo copied" in assertion.failure
    assert "No such file" in assertion.failure


@pytest.mark.parametrize(
    ("wrong", "says", "failure"),
    [
        ("echo HELLO >made", "made: Hello", "(test_made failed: made: HELLO; expected: made: hello)"),
        ("echo hello >made", "made: hello", "(test_made passed: )"),
    ],
)
def test_near_miss_without_message(
    wrong: str, says: str, failure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A near miss that no check rejects with the promised message is reported with the actual messages."""
    monkeypatch.setattr("runner.checking.verify._SETTLE_SECONDS", 0.1)
    assertions = verify_tiny_lab(
        tmp_path, wrong={"shout.md": write_near_miss("make", says, wrong=wrong, cure="rm made")}
    )
    assert [
        ("make", f"near miss shout fails with '{says}'", f"no failed check has this message {failure}")
    ] == list_failures(assertions)


def test_slow_near_miss(tmp_path: Path) -> None:
    """A near miss may take a while to show, for example while a service is being updated."""
    # Longer than a single run of the checks waits.
    wrong = "echo Hello >made; { sleep 0.6; echo HELLO >made; } >/dev/null 2>&1 &"
    assert [] == list_failures(
        verify_tiny_lab(
            tmp_path, wrong={"shout.md": write_near_miss("make", "made: HELLO", wrong=wrong, cure="rm made")}
        )
    )


def test_near_miss_that_passes_a_moment_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake that is only a state on the way to success is reported, although a check fails at first."""
    monkeypatch.setattr("runner.checking.verify._SETTLE_SECONDS", 0.1)
    monkeypatch.setattr("runner.checking.verify._MISTAKE_SETTLE_SECONDS", 2.0)
    waiting = CHECKS.replace("import expect_equal", "import eventually, expect_equal").replace(
        """    expect_equal(nodes["node1"], content(nodes["node1"], "made"), "hello", of="made", see="cat made")""",
        """    eventually(
        lambda: expect_equal(nodes["node1"], content(nodes["node1"], "made"), "hello", of="made", see="cat made")
    )""",
    )
    assert waiting != CHECKS
    wrong = "echo HELLO >made; { sleep 0.5; echo hello >made; } >/dev/null 2>&1 &"
    near_miss = write_near_miss("make", "made: HELLO", wrong=wrong, cure="rm made")
    assert [
        ("make", "near miss shout fails with 'made: HELLO'", "no failed check has this message (test_made passed: )")
    ] == list_failures(verify_tiny_lab(tmp_path, checks=waiting, wrong={"shout.md": near_miss}))


def test_near_miss_that_cannot_run(tmp_path: Path) -> None:
    """A near miss and a cure whose commands fail are reported separately."""
    assertions = verify_tiny_lab(
        tmp_path, wrong={"shout.md": write_near_miss("make", "made: HELLO", wrong="exit 7", cure="rm made")}
    )
    assert [
        ("make", "near miss shout fails with 'made: HELLO'", "line 7 on node1: it exited with 7, not with 0"),
        ("make", "cure of shout runs", "line 11 on node1: it exited with 1, not with 0"),
    ] == list_failures(assertions)


def test_near_miss_that_disturbs_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cure that leaves something behind which hides the next mistake is noticed at that near miss."""
    monkeypatch.setattr("runner.checking.verify._SETTLE_SECONDS", 0.1)
    wrong = {
        "a-shout.md": write_near_miss("make", "made: HELLO", wrong="echo HELLO >made", cure="echo hello >made"),
        "b-nothing.md": write_near_miss("make", "made: nothing", wrong="touch note", cure="rm note"),
    }
    assert [
        (
            "make",
            "near miss b-nothing fails with 'made: nothing'",
            "no failed check has this message (test_made passed: )",
        ),
        (
            "make",
            "its near misses do not complete the step",
            "all checks of the step pass before its commands have run",
        ),
    ] == list_failures(verify_tiny_lab(tmp_path, wrong=wrong))


def test_near_miss_that_disturbs_its_step(tmp_path: Path) -> None:
    """A cure that does the work of the step is noticed: the step's commands would prove nothing after it."""
    near_miss = write_near_miss("make", "made: HELLO", wrong="echo HELLO >made", cure="echo hello >made")
    assert [
        (
            "make",
            "its near misses do not complete the step",
            "all checks of the step pass before its commands have run",
        )
    ] == list_failures(verify_tiny_lab(tmp_path, wrong={"shout.md": near_miss}))


def test_cure_that_does_not_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cure after which the checks of the step still fail is reported."""
    monkeypatch.setattr("runner.checking.verify._SETTLE_SECONDS", 0.1)
    empty = write_near_miss("copy", "expected: copy: hello", wrong=">copy", cure="true", played="after")
    assert [
        (
            "copy",
            "cure of empty makes the checks pass",
            "test_copied failed: copy: ; expected: copy: hello",
        )
    ] == list_failures(verify_tiny_lab(tmp_path, wrong={"empty.md": empty}))


def test_broken_near_miss(tmp_path: Path) -> None:
    """A near miss that cannot be read is reported before any command runs."""
    with pytest.raises(BrokenLabError, match=r"wrong/shout\.md:2: the lesson has no step 'repair'"):
        verify_tiny_lab(tmp_path, wrong={"shout.md": write_near_miss("repair", "anything", wrong="true", cure="true")})
    assert not (tmp_path / "disks").exists()
