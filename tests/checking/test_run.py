"""Running a lab's checks: four outcomes kept apart, in lesson order, in silence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.checking import run
from runner.checking.outcomes import Outcome, Report
from runner.checking.request import Request
from runner.errors import BrokenLabError, ExitCode
from runner.lessons.model import Lab
from tests import kit

LESSON = f"{kit.FRONT}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
HEAD = "import pytest\nfrom checks import Nodes, eventually, expect, fail, step\nfrom runner.errors import UnfitError\n"
# In an order that is not the lesson's.
CHECKS = f"""{HEAD}
print("noise on import")

@step("find")
def test_second(nodes: Nodes) -> None:
    '''Something is found.

    More, for the author alone.
    '''
    print("noise in a check")
    expect(nodes["node1"], 2, 3, of="the files", see="ls")

@step("look")
def test_first(nodes: Nodes) -> None:
    '''The node answers.'''
    assert "hello" in nodes["node1"].run("echo", "hello").text

@step("keep")
def test_third(nodes: Nodes) -> None:
    '''It is kept.'''

@step("find")
def test_other(nodes: Nodes) -> None:
    '''Something else is found.'''
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.own_folders(monkeypatch, tmp_path)
    # The pytest that runs this rewrites every assert it can get hold of; under `labs check` nobody does.
    plain = [finder for finder in sys.meta_path if type(finder).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", plain)


def lab_with(root: Path, *functions: str) -> Lab:
    """Write a lab whose checks are these functions after the imports."""
    return kit.lab(root, LESSON, checks=HEAD + "\n".join(functions))


def check(body: str, step: str = "look", name: str = "test_it", says: str = "'''It is so.'''") -> str:
    """Return the source of a check whose body is one line."""
    return f"@step('{step}')\ndef {name}(nodes):\n    {says}\n    {body}\n"


def ran(lab: Lab, root: Path, *steps: str, patience: float = 0) -> Report:
    """Run a lab's checks on this machine."""
    return run.run(Request(lab, kit.cluster(root), frozenset(steps) or None, patience))


def test_lesson_order(tmp_path: Path) -> None:
    """Checks run in the order of the lesson's steps, and within a step in that of their file."""
    report = ran(kit.lab(tmp_path, LESSON, checks=CHECKS), tmp_path)
    assert ["test_first", "test_second", "test_other", "test_third"] == [result.check for result in report.results]


def test_outcomes(tmp_path: Path) -> None:
    """Checks pass and fail by themselves within a step; later steps are skipped, naming the step to finish first."""
    report = ran(kit.lab(tmp_path, LESSON, checks=CHECKS), tmp_path)
    assert ["passed", "failed", "passed", "skipped"] == [result.outcome.value for result in report.results]
    assert "first finish 'Find'" == report.results[3].reason
    assert ExitCode.NOT_YET is report.exit_code


def test_failure(tmp_path: Path) -> None:
    """A failure tells the node, what was seen and expected there, and what shows it; its name is the docstring."""
    result = ran(kit.lab(tmp_path, LESSON, checks=CHECKS), tmp_path).results[1]
    assert ("Something is found", "find", "node1", "the files: 2", "the files: 3", "ls", "") == (
        result.says,
        result.step,
        result.node,
        result.observed,
        result.expected,
        result.see,
        result.reason,
    )


@pytest.mark.parametrize(
    ("body", "outcome", "text"),
    [
        ("pass", "passed", ""),
        ("fail(nodes['node1'], 'it is off', 'it is on', see='ls')", "failed", "it is off; expected: it is on"),
        ("assert 1 == 2", "failed", "it is not so; expected: it is so"),
        ("assert 1 == 2, 'one is not two'", "failed", "one is not two; expected: it is so"),
        ("raise UnfitError('node1 is down.', 'Start it.')", "error", "node1 is down. Start it."),
        ("raise ValueError('no number')", "error", "ValueError: no number"),
        ("nodes['node9']", "error", "KeyError: 'node9'"),
        ("nodes['node1'].api", "error", "node1 has no engine. Use a real node."),
        ("raise SystemExit(3)", "error", "SystemExit: 3"),
        ("pytest.skip('not on this kernel')", "skipped", "not on this kernel"),
    ],
)
def test_every_outcome(body: str, outcome: str, text: str, tmp_path: Path) -> None:
    """Not yet is a failure; whatever keeps a check from looking is an error, and never a failure."""
    (result,) = ran(lab_with(tmp_path, check(body)), tmp_path).results
    assert (outcome, text) == (result.outcome.value, result.text)


def test_error_in_fixture(tmp_path: Path) -> None:
    """A fixture that breaks leaves its check unchecked, and not failed."""
    broken = "@pytest.fixture\ndef web():\n    assert False, 'no web'\n"
    uses = "@step('look')\ndef test_it(web):\n    '''It is so.'''\n"
    (result,) = ran(lab_with(tmp_path, broken, uses), tmp_path).results
    assert (Outcome.ERROR, "AssertionError: no web") == (result.outcome, result.reason)


def test_error_skips_later_steps(tmp_path: Path) -> None:
    """What could not be checked keeps later steps from being checked too."""
    lab = lab_with(tmp_path, check("raise ValueError"), check("pass", "find", "test_then"))
    assert ["error", "skipped"] == [result.outcome.value for result in ran(lab, tmp_path).results]


@pytest.mark.parametrize(
    ("steps", "checks"),
    [
        (["keep"], ["test_third"]),
        (["find"], ["test_second", "test_other"]),
        (["keep", "look"], ["test_first", "test_third"]),
    ],
)
def test_some_steps(steps: list[str], checks: list[str], tmp_path: Path) -> None:
    """With steps named, only their checks run, and those of other steps hold nothing up."""
    report = ran(kit.lab(tmp_path, LESSON, checks=CHECKS), tmp_path, *steps)
    assert checks == [result.check for result in report.results]
    assert 0 == report.count(Outcome.SKIPPED)


def test_step_without_checks(tmp_path: Path) -> None:
    """A step of mere reading has no results, which is no fault of the lab."""
    assert () == ran(lab_with(tmp_path, check("pass")), tmp_path, "keep").results


def test_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither pytest nor a check writes anything to the learner's terminal."""
    ran(kit.lab(tmp_path, LESSON, checks=CHECKS), tmp_path)
    assert ("", "") == capfd.readouterr()


def test_patience(tmp_path: Path) -> None:
    """What is still settling is waited for as long as the patience lasts."""
    counts = "def tick(nodes):\n    nodes['node1'].run('sh', '-c', 'echo >>ticks')\n"
    counts += "    expect(nodes['node1'], int(nodes['node1'].run('sh', '-c', 'wc -l <ticks').text), 3, see='ls')\n"
    lab = lab_with(tmp_path, counts, check("eventually(lambda: tick(nodes))"))
    assert ["failed", "passed"] == [ran(lab, tmp_path, patience=one).results[0].outcome.value for one in (0, 5)]


def test_own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user has configured for pytest, by file or variable, changes nothing."""
    (tmp_path / "conftest.py").write_text("raise RuntimeError('conftest was read')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\npython_functions = nothing\n")
    monkeypatch.chdir(tmp_path)
    (result,) = ran(lab_with(tmp_path, check("pass")), tmp_path).results
    assert Outcome.PASSED is result.outcome


def test_user_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options from `PYTEST_ADDOPTS` change nothing."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --no-such-option")
    (result,) = ran(lab_with(tmp_path, check("pass")), tmp_path).results
    assert Outcome.PASSED is result.outcome


@pytest.mark.parametrize(
    ("source", "log"),
    [
        (check("pass", step="fnd"), "the lesson has no step 'fnd'"),
        (check("pass", says="pass"), "test_it: a check needs a docstring, the line that the learner reads"),
        ("def test_it(nodes):\n    '''It is so.'''\n", "test_it: a check names its step: @step('ID')"),
        ("def test_it(:\n", "SyntaxError"),
        ("from checks import nothing\n", "cannot import name 'nothing'"),
        ("", "there is no check in it"),
        ("@step()\ndef test_it(nodes):\n    '''It is so.'''\n", "TypeError"),
    ],
)
def test_broken_checks(source: str, log: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Checks that cannot be what they should are the lab's fault, told with the reason and without pytest's noise."""
    lab = lab_with(tmp_path, source)
    with pytest.raises(BrokenLabError) as caught:
        ran(lab, tmp_path)
    assert "The checks of 'tiny' cannot run." == caught.value.message
    assert f"Mend {tmp_path}/checks/test_tiny.py." == caught.value.advice
    assert log in caught.value.log
    assert ("", "") == capfd.readouterr()


def test_no_file(tmp_path: Path) -> None:
    """A lab without a file of checks is told which one to write."""
    with pytest.raises(BrokenLabError) as caught:
        ran(kit.lab(tmp_path, LESSON, name="tiny-lab"), tmp_path)
    assert ("The lab 'tiny-lab' has no checks.", f"Write {tmp_path}/checks/test_tiny_lab.py.") == (
        caught.value.message,
        caught.value.advice,
    )


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C in a check ends the run as Ctrl-C, and is no result."""
    lab = lab_with(tmp_path, check("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        ran(lab, tmp_path)
