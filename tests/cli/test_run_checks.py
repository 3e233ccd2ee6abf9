"""Running a lab's checks: four separate outcomes, in lesson order, without output."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.errors import BrokenLabError, ExitCode, HostError
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lab
from tests.support import helpers, local_nodes

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
HEAD = """import pytest
from checks import Nodes, eventually, expect_equal, fail, step
from runner.errors import HostError
"""
# Not in the order of the lesson.
CHECKS = f"""{HEAD}
print("noise on import")

@step("find")
def test_second(nodes: Nodes) -> None:
    '''Something is found.

    More text, only for the author.
    '''
    print("noise in a check")
    expect_equal(nodes["node1"], 2, 3, of="the files", see="ls")

@step("look")
def test_first(nodes: Nodes) -> None:
    '''The node answers.'''
    assert "hello" in nodes["node1"].run_command("echo", "hello").stdout_text

@step("keep")
def test_third(nodes: Nodes) -> None:
    '''It is kept.'''

@step("find")
def test_other(nodes: Nodes) -> None:
    '''Something else is found.'''
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)
    # The pytest that runs this test rewrites asserts on import; `labs check` does not.
    finders = [finder for finder in sys.meta_path if type(finder).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", finders)


def write_lab(root: Path, *functions: str) -> Lab:
    """Write a lab with these check functions."""
    return helpers.make_lab(root, LESSON, checks=HEAD + "\n".join(functions))


def check(body: str, step: str = "look", name: str = "test_it", says: str = "'''It works.'''") -> str:
    """Return the source of a check whose body is one line."""
    return f"@step('{step}')\ndef {name}(nodes):\n    {says}\n    {body}\n"


def run_lab_checks(
    lab: Lab, root: Path, *steps: str, settle_timeout: float = 0, ignore_prerequisites: bool = False
) -> CheckReport:
    """Run a lab's checks on the local host."""
    request = CheckRequest(
        lab,
        local_nodes.make_local_cluster(root),
        frozenset(steps) or None,
        settle_timeout,
        ignore_prerequisites=ignore_prerequisites,
    )
    return run_checks.run_checks(request)


def test_learner_values(tmp_path: Path) -> None:
    """A check receives the learner's values, and its docstring has them filled in."""
    front = helpers.FRONT_MATTER.replace("images: []\n", "images: []\nvalues: {PORT: {from: 8000, to: 8999}}\n")
    says = "'''Port <PORT> answers, not <OTHER>.'''"
    look = f"@step('look')\ndef test_it(nodes, values):\n    {says}\n    assert values == {{}}"
    helpers.write_lab(tmp_path, f"{front}## Look {{#look}}\n", checks=HEAD + look)
    for learner, port in ((NO_LEARNER, 8000), (Learner("ada", "autumn"), 8561)):
        (result,) = run_lab_checks(catalog.load_lab("tiny", learner), tmp_path).results
        assert f"Port {port} answers, not <OTHER>" == result.says
        assert result.outcome is Outcome.FAILED


def test_snapshot_and_fixtures(tmp_path: Path) -> None:
    """A check that receives a snapshot also receives the other fixtures it names."""
    shared = """
from checks.shared_snapshot import SharedSnapshot, make_snapshot_test

@pytest.fixture
def shared_state():
    return SharedSnapshot(lambda: 'a state')

def with_state(check):
    return make_snapshot_test('shared_state', check)

@step('look')
@with_state
def test_it(state, nodes, values):
    '''It works.'''
    fail(nodes['node1'], f'{state} with {values}', '', '')
"""
    (result,) = run_lab_checks(helpers.make_lab(tmp_path, LESSON, checks=HEAD + shared), tmp_path).results
    assert (Outcome.FAILED, "a state with {}") == (result.outcome, result.observed)


def test_lesson_order(tmp_path: Path) -> None:
    """Checks run in the order of the lesson's steps, and within a step in the order of their file."""
    report = run_lab_checks(helpers.make_lab(tmp_path, LESSON, checks=CHECKS), tmp_path)
    assert ["test_first", "test_second", "test_other", "test_third"] == [result.check for result in report.results]


def test_outcomes(tmp_path: Path) -> None:
    """Checks of one step are independent; checks of later steps are skipped and name the step to finish first."""
    report = run_lab_checks(helpers.make_lab(tmp_path, LESSON, checks=CHECKS), tmp_path)
    assert ["passed", "failed", "passed", "skipped"] == [result.outcome.value for result in report.results]
    assert "first finish 'Find'" == report.results[3].reason
    assert ExitCode.INCOMPLETE is report.exit_code


def test_failure(tmp_path: Path) -> None:
    """A failure has the docstring, the node, what was observed and expected there, and the command that shows it."""
    result = run_lab_checks(helpers.make_lab(tmp_path, LESSON, checks=CHECKS), tmp_path).results[1]
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
        ("assert 1 == 2", "failed", "the assertion is false; expected: it is true"),
        ("assert 1 == 2, 'one is not two'", "failed", "one is not two; expected: it is true"),
        ("raise HostError('node1 is down.', 'Start it.')", "error", "node1 is down. Start it."),
        ("raise ValueError('no number')", "error", "ValueError: no number"),
        ("nodes['node9']", "error", "KeyError: 'node9'"),
        ("nodes['node1'].api", "error", "node1 has no engine. Use a real node."),
        ("raise SystemExit(3)", "error", "SystemExit: 3"),
        ("pytest.skip('not on this kernel')", "skipped", "not on this kernel"),
    ],
)
def test_every_outcome(body: str, outcome: str, text: str, tmp_path: Path) -> None:
    """A false expectation is a failure; anything that keeps a check from running is an error."""
    (result,) = run_lab_checks(write_lab(tmp_path, check(body)), tmp_path).results
    assert (outcome, text) == (result.outcome.value, result.message)


def test_error_in_fixture(tmp_path: Path) -> None:
    """An error in a fixture is an error of the check, not a failure."""
    broken = "@pytest.fixture\ndef web():\n    assert False, 'no web'\n"
    uses = "@step('look')\ndef test_it(web):\n    '''It works.'''\n"
    (result,) = run_lab_checks(write_lab(tmp_path, broken, uses), tmp_path).results
    assert (Outcome.ERROR, "AssertionError: no web") == (result.outcome, result.reason)


def test_error_skips_later_steps(tmp_path: Path) -> None:
    """After an error, checks of later steps are skipped."""
    lab = write_lab(tmp_path, check("raise ValueError"), check("pass", "find", "test_then"))
    assert ["error", "skipped"] == [result.outcome.value for result in run_lab_checks(lab, tmp_path).results]


def test_ignored_prerequisites(tmp_path: Path) -> None:
    """For a grade, an unfinished step only skips the checks that name it in after=."""
    lab = write_lab(
        tmp_path,
        check("pass"),
        check("assert False", "find", "test_then"),
        check("pass", "keep", "test_kept"),
        "@step('keep', after=['find'])\ndef test_gone(nodes):\n    '''It is gone.'''\n",
        "@step('keep', after=['look'])\ndef test_still(nodes):\n    '''It is still there.'''\n",
    )
    report = run_lab_checks(lab, tmp_path, ignore_prerequisites=True)
    assert ["passed", "failed", "passed", "skipped", "passed"] == [result.outcome.value for result in report.results]
    assert "first finish 'Find'" == report.results[3].reason


def test_skipped_dependency(tmp_path: Path) -> None:
    """A check is skipped if a step it depends on was skipped; a failed bonus check skips nothing."""
    lab = write_lab(
        tmp_path,
        check("assert False"),
        "@step('look', bonus=True)\ndef test_more(nodes):\n    '''There is more.'''\n    assert False\n",
        "@step('find', after=['look'])\ndef test_then(nodes):\n    '''It works.'''\n",
        "@step('keep', after=['find'])\ndef test_last(nodes):\n    '''It works.'''\n",
    )
    report = run_lab_checks(lab, tmp_path, ignore_prerequisites=True)
    assert ["failed", "failed", "skipped", "skipped"] == [result.outcome.value for result in report.results]


def test_unfinished_step(tmp_path: Path) -> None:
    """A check that depends on a step that another run found unfinished is skipped."""
    lab = write_lab(tmp_path, "@step('find', after=['look'])\ndef test_it(nodes):\n    '''It works.'''\n")
    request = CheckRequest(
        lab, local_nodes.make_local_cluster(tmp_path), ignore_prerequisites=True, unfinished_steps={"look": "Look"}
    )
    (result,) = run_checks.run_checks(request).results
    assert ("skipped", "first finish 'Look'") == (result.outcome.value, result.reason)


def test_points(tmp_path: Path) -> None:
    """A check is worth one point by default, and may be a bonus."""
    bonus = "@step('look', points=2.5, bonus=True)\ndef test_bonus(nodes):\n    '''It is a bonus.'''\n"
    report = run_lab_checks(write_lab(tmp_path, check("pass"), bonus), tmp_path)
    assert [(1.0, False), (2.5, True)] == [(result.points, result.bonus) for result in report.results]


@pytest.mark.parametrize(
    ("steps", "checks"),
    [
        (["keep"], ["test_third"]),
        (["find"], ["test_second", "test_other"]),
        (["keep", "look"], ["test_first", "test_third"]),
    ],
)
def test_some_steps(steps: list[str], checks: list[str], tmp_path: Path) -> None:
    """With steps named, only their checks run, and other steps skip nothing."""
    report = run_lab_checks(helpers.make_lab(tmp_path, LESSON, checks=CHECKS), tmp_path, *steps)
    assert checks == [result.check for result in report.results]
    assert 0 == report.count_outcome(Outcome.SKIPPED)


def test_same_file_name(tmp_path: Path) -> None:
    """The requested file runs even if another file of the same name was loaded before."""
    lab = write_lab(tmp_path, check("pass"))
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "test_tiny.py"
    other.write_text(HEAD + check("assert False", name="test_other"), "utf-8")
    files = (None, other, None)
    reports = [
        run_checks.run_checks(
            CheckRequest(lab, local_nodes.make_local_cluster(tmp_path), settle_timeout=0, checks_file=file)
        )
        for file in files
    ]
    assert ["test_it", "test_other", "test_it"] == [report.results[0].check for report in reports]


def test_check_timeout(tmp_path: Path) -> None:
    """A check that exceeds its timeout is an error, and the next check still runs."""
    lab = write_lab(tmp_path, check("nodes['node1'].run_command('sleep', '30')"), check("pass", name="test_then"))
    report = run_checks.run_checks(CheckRequest(lab, local_nodes.make_local_cluster(tmp_path), check_timeout=0.3))
    assert ["error", "passed"] == [result.outcome.value for result in report.results]
    assert "did not finish within 0.3 s" in report.results[0].reason


def test_deadline(tmp_path: Path) -> None:
    """At the deadline for all checks, the running one and the remaining ones are errors."""
    slow = check("nodes['node1'].run_command('sleep', '30')", name="test_slow")
    lab = write_lab(tmp_path, check("pass"), slow, check("pass", name="test_then"))
    report = run_checks.run_checks(
        CheckRequest(lab, local_nodes.make_local_cluster(tmp_path), check_timeout=40, deadline=time.monotonic() + 2)
    )
    assert ["passed", "error", "error"] == [result.outcome.value for result in report.results]


def test_step_without_checks(tmp_path: Path) -> None:
    """A reading step without checks has no results, and the lab is not broken."""
    assert () == run_lab_checks(write_lab(tmp_path, check("pass")), tmp_path, "keep").results


def test_no_terminal_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither pytest nor a check writes anything to the learner's terminal."""
    run_lab_checks(helpers.make_lab(tmp_path, LESSON, checks=CHECKS), tmp_path)
    assert ("", "") == capfd.readouterr()


def test_settle_timeout(tmp_path: Path) -> None:
    """A check waits for convergence as long as the settle timeout lasts."""
    counts = "def tick(nodes):\n    nodes['node1'].run_command('sh', '-c', 'echo >>ticks')\n"
    counts += (
        "    ticks = nodes['node1'].run_command('sh', '-c', 'wc -l <ticks').stdout_text\n"
        "    expect_equal(nodes['node1'], int(ticks), 3, see='ls')\n"
    )
    lab = write_lab(tmp_path, counts, check("eventually(lambda: tick(nodes))"))
    assert ["failed", "passed"] == [
        run_lab_checks(lab, tmp_path, settle_timeout=seconds).results[0].outcome.value for seconds in (0, 5)
    ]


def test_user_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's pytest configuration files have no effect."""
    (tmp_path / "conftest.py").write_text("raise RuntimeError('conftest was read')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\npython_functions = nothing\n")
    monkeypatch.chdir(tmp_path)
    (result,) = run_lab_checks(write_lab(tmp_path, check("pass")), tmp_path).results
    assert Outcome.PASSED is result.outcome


def test_user_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options from `PYTEST_ADDOPTS` have no effect."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --no-such-option")
    (result,) = run_lab_checks(write_lab(tmp_path, check("pass")), tmp_path).results
    assert Outcome.PASSED is result.outcome


@pytest.mark.parametrize(
    ("source", "log"),
    [
        (check("pass", step="fnd"), "the lesson has no step 'fnd'"),
        (check("pass", says="pass"), "test_it: the check has no docstring; learners read its first line"),
        ("def test_it(nodes):\n    '''It works.'''\n", "test_it: the check has no step; add @step('ID')"),
        ("def test_it(:\n", "SyntaxError"),
        ("from checks import nothing\n", "cannot import name 'nothing'"),
        ("", "the file contains no checks"),
        (check("pass").replace("'look'", "'look', points=-1"), "test_it: points must be a number that is not negative"),
        (check("pass").replace("'look'", "'look', after=['find']"), "no step 'find' comes before 'look'"),
        (check("pass").replace("'look'", "'look', after=['fnd']"), "no step 'fnd' comes before 'look'"),
        ("@step()\ndef test_it(nodes):\n    '''It works.'''\n", "TypeError"),
    ],
)
def test_broken_checks(source: str, log: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Invalid checks are an error of the lab, with the reason and without pytest's own output."""
    lab = write_lab(tmp_path, source)
    with pytest.raises(BrokenLabError) as caught:
        run_lab_checks(lab, tmp_path)
    assert "The checks of 'tiny' cannot run." == caught.value.message
    assert f"Fix {tmp_path}/checks/test_tiny.py." == caught.value.advice
    assert log in caught.value.log
    assert ("", "") == capfd.readouterr()


def test_crash(tmp_path: Path) -> None:
    """If checks crash pytest itself, the host is reported and not the lab."""
    forged = "request.node.user_properties.append(('labs', {'outcome': 'unknown'}))"
    with pytest.raises(HostError, match="The checks of 'tiny' crashed") as caught:
        run_lab_checks(write_lab(tmp_path, check(forged).replace("nodes", "nodes, request")), tmp_path)
    assert "'unknown' is not a valid Outcome" in caught.value.log


def test_missing_checks_file(tmp_path: Path) -> None:
    """The error for a lab without checks names the file to write."""
    with pytest.raises(BrokenLabError) as caught:
        run_lab_checks(helpers.make_lab(tmp_path, LESSON, name="tiny-lab"), tmp_path)
    assert caught.value.message.endswith(f"has no checks: {tmp_path}/checks/test_tiny_lab.py does not exist.")


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C in a check interrupts the run and is not a result."""
    lab = write_lab(tmp_path, check("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        run_lab_checks(lab, tmp_path)


def test_observer(tmp_path: Path) -> None:
    """An observer sees each check start and finish in turn, with its step, and a skipped check only finish."""
    calls: list[tuple[str, str]] = []

    class Observer:
        def on_check_started(self, step_id: str, says: str) -> None:
            calls.append((step_id, says))

        def on_check_finished(self, result: CheckResult) -> None:
            calls.append((result.step, result.outcome.value))

    lab = write_lab(
        tmp_path,
        check("pass", "look", "test_1", "'''It is seen.'''"),
        check("assert False", "find", "test_2", "'''It is found.'''"),
        check("pass", "keep", "test_3"),
    )
    run_checks.run_checks(CheckRequest(lab, local_nodes.make_local_cluster(tmp_path), observer=Observer()))
    expected = [("look", "It is seen"), ("look", "passed"), ("find", "It is found"), ("find", "failed")]
    assert [*expected, ("keep", "skipped")] == calls
