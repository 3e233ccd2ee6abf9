"""Proving that lesson, checks and near misses agree, on a lab whose cluster is this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.verify import Assertion, verify_lab
from runner.errors import BrokenLabError
from tests import helpers

LESSON = f"""{helpers.FRONT}
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
from checks import expect, step

def content(node, file):
    return node.run("sh", "-c", f"cat {file} 2>/dev/null || echo nothing").text.strip()

@step("make")
def test_made(nodes):
    '''The file holds a greeting.'''
    expect(nodes["node1"], content(nodes["node1"], "made"), "hello", of="made", see="cat made")

@step("copy")
def test_copied(nodes):
    '''There is a copy.'''
    expect(nodes["node1"], content(nodes["node1"], "copy"), "hello", of="copy", see="cat copy")
"""


def miss(step: str, says: str, *, wrong: str, cure: str, played: str = "before") -> str:
    """Return the text of a near miss."""
    front = f"---\nstep: {step}\nplayed: {played}\nsays: '{says}'\n---\n"
    return f"{front}## Wrong\n```sh node1\n{wrong}\n```\n## Cure\n```sh node1\n{cure}\n```\n"


MISSES = {
    "shout.md": miss("make", "made: HELLO", wrong="echo HELLO >made", cure="rm made"),
    "empty.md": miss("copy", "copy: ; expected: copy: hello", wrong=">copy", cure="cp made copy", played="after"),
}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.own_folders(monkeypatch, tmp_path)


def proofs(
    root: Path, lesson: str = LESSON, checks: str = CHECKS, wrong: dict[str, str] | None = None
) -> list[Assertion]:
    """Verify a lab, by default one without near misses where all is well."""
    return list(verify_lab(helpers.lab(root, lesson, checks=checks, wrong=wrong), helpers.cluster(root)))


def complaints(found: list[Assertion]) -> list[tuple[str, str, str]]:
    """Return step, claim and the first line of the complaint of what is not so."""
    return [(proof.step, proof.claim, proof.failure.splitlines()[0]) for proof in found if proof.failure]


def test_all_is_well(tmp_path: Path) -> None:
    """A lab whose parts agree gives no complaint, and everything was tried in its order."""
    assert [
        Assertion("read", "its commands do what the lesson says"),
        Assertion("make", "its checks fail before it"),
        Assertion("make", "shout: fails, saying 'made: HELLO'"),
        Assertion("make", "shout: can be cured"),
        Assertion("make", "its commands do what the lesson says"),
        Assertion("make", "its checks pass after it"),
        Assertion("make", "its checks pass again"),
        Assertion("copy", "its checks fail before it"),
        Assertion("copy", "its commands do what the lesson says"),
        Assertion("copy", "its checks pass after it"),
        Assertion("copy", "its checks pass again"),
        Assertion("copy", "empty: fails, saying 'copy: ; expected: copy: hello'"),
        Assertion("copy", "empty: can be cured"),
        Assertion("copy", "empty: its cure makes the checks pass"),
        Assertion("the finished lab", "all checks pass together"),
    ] == proofs(tmp_path, wrong=MISSES)


def test_near_miss_without_checks(tmp_path: Path) -> None:
    """A near miss of a step that nothing checks can prove nothing, and is complained of."""
    found = complaints(proofs(tmp_path, wrong={"idle.md": miss("read", "nothing", wrong="true", cure="true")}))
    assert [("read", "idle: fails", "'read' has no checks, so nothing can fail")] == found


def test_passing_early(tmp_path: Path) -> None:
    """A check that passes before its step is complained of, before every step from the first on."""
    early = CHECKS.replace('content(nodes["node1"], "copy"), "hello"', '"hello", "hello"')
    said = "test_copied of 'copy' passes already: name the steps it stands on in its after="
    assert [
        ("make", "its checks fail before it", said),
        ("copy", "its checks fail before it", "test_copied passed"),
    ] == complaints(proofs(tmp_path, checks=early))


def test_passing_on_nothing(tmp_path: Path) -> None:
    """A check that would pass where nothing was done yet is in order once it names the step that it stands on."""
    gone = "cp made copy; echo copied", "rm made; echo copied"
    checks = CHECKS.replace('"copy"), "hello"', '"made"), "nothing"').replace(
        'step("copy"', 'step("copy", after=["make"]'
    )
    found = complaints(proofs(tmp_path, LESSON.replace(*gone), checks))
    # On this lab the check of 'make' no longer passes in the end.
    assert [("the finished lab", "all checks pass together")] == [one[:2] for one in found]


def test_error_before(tmp_path: Path) -> None:
    """A check that breaks before its step has not failed, and is complained of."""
    broken = CHECKS.replace('of="copy"', 'of=1 // (content(nodes["node1"], "copy") == "hello")')
    (found,) = complaints(proofs(tmp_path, checks=broken))
    assert ("copy", "its checks fail before it") == found[:2]
    assert found[2].startswith("test_copied error ZeroDivisionError")


def test_failing_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that does not reach what its check wants is complained of, with what the check says."""
    monkeypatch.setattr("runner.checking.verify._SETTLING_SECONDS", 0.1)
    found = complaints(proofs(tmp_path, LESSON.replace("cp made copy", "echo HELLO >copy")))
    said = "test_copied failed: copy: HELLO; expected: copy: hello"
    assert [("copy", "its checks pass after it", said), ("copy", "its checks pass again", said)] == found


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("cp made copy", "cp gone copy", "line 20 on node1: it exited with 1, not with 0"),
        (
            "output\ncopied",
            "output\ndone",
            "line 20 on node1: its output has no line 'done' where the lesson shows one",
        ),
    ],
)
def test_step_that_breaks(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    """A command that does not do what the lesson says is complained of with its line, and nothing after it is tried."""
    found = proofs(tmp_path, LESSON.replace(old, new), wrong=MISSES)
    assert [("copy", "its commands do what the lesson says", complaint)] == complaints(found)
    assert found[-1].failure


def test_step_that_breaks_shows_why(tmp_path: Path) -> None:
    """The complaint of a command carries what was typed and what came back."""
    (found,) = [one for one in proofs(tmp_path, LESSON.replace("cp made copy", "cp gone copy")) if one.failure]
    assert "cp gone copy; echo copied" in found.failure
    assert "No such file" in found.failure


@pytest.mark.parametrize(
    ("wrong", "says", "complaint"),
    [
        ("echo HELLO >made", "made: Hello", "(test_made failed: made: HELLO; expected: made: hello)"),
        ("echo hello >made", "made: hello", "(test_made passed: )"),
    ],
)
def test_near_miss_unseen(
    wrong: str, says: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A near miss that no failed check names as promised is complained of, with what the checks did say."""
    monkeypatch.setattr("runner.checking.verify._SETTLING_SECONDS", 0.1)
    found = proofs(tmp_path, wrong={"shout.md": miss("make", says, wrong=wrong, cure="rm made")})
    assert [("make", f"shout: fails, saying '{says}'", f"no failed check says so {complaint}")] == complaints(found)


def test_near_miss_that_shows_late(tmp_path: Path) -> None:
    """A near miss may need a while until it shows, as where a service has only just been updated."""
    wrong = "echo Hello >made; { sleep 4; echo HELLO >made; } >/dev/null 2>&1 &"
    assert [] == complaints(
        proofs(tmp_path, wrong={"shout.md": miss("make", "made: HELLO", wrong=wrong, cure="rm made")})
    )


def test_near_miss_that_breaks(tmp_path: Path) -> None:
    """A near miss and a cure that cannot be typed are complained of, each by itself."""
    found = proofs(tmp_path, wrong={"shout.md": miss("make", "made: HELLO", wrong="exit 7", cure="rm made")})
    assert [
        ("make", "shout: fails, saying 'made: HELLO'", "line 7 on node1: it exited with 7, not with 0"),
        ("make", "shout: can be cured", "line 11 on node1: it exited with 1, not with 0"),
    ] == complaints(found)


def test_cure_that_does_not_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cure after which the step's checks still fail is complained of."""
    monkeypatch.setattr("runner.checking.verify._SETTLING_SECONDS", 0.1)
    empty = miss("copy", "expected: copy: hello", wrong=">copy", cure="true", played="after")
    assert [
        (
            "copy",
            "empty: its cure makes the checks pass",
            "test_copied failed: copy: ; expected: copy: hello",
        )
    ] == complaints(proofs(tmp_path, wrong={"empty.md": empty}))


def test_broken_near_miss(tmp_path: Path) -> None:
    """A near miss that cannot be read is told before anything is tried."""
    with pytest.raises(BrokenLabError, match=r"wrong/shout\.md:2: the lesson has no step 'mend'"):
        proofs(tmp_path, wrong={"shout.md": miss("mend", "anything", wrong="true", cure="true")})
    assert not (tmp_path / "disks").exists()
