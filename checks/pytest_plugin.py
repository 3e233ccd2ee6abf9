"""The pytest plugin: gives checks their cluster, puts them in lesson order, and keeps the four outcomes apart."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from checks.expect import NotYet, set_wait_budget
from checks.lab_nodes import Nodes
from runner import paths
from runner.checking.check_request import REQUEST_KEY, CheckRequest
from runner.checking.timeout import TimeLimit
from runner.errors import LabsError, LimitExceededError
from runner.lessons.learner_values import fill_placeholders

if TYPE_CHECKING:
    from checks.swarm import SharedSwarmSnapshot
    from runner.lessons.model import Lab
    from runner.nodes.driver_interface import Cluster

F = TypeVar("F", bound=Callable[..., None])
# What the fixture `values` gives.
Values = Mapping[str, str]
_KEPT: list[Nodes] = []
_UNFINISHED = pytest.StashKey[dict[tuple[Path, str], str]]()


def step(step_id: str, *, points: float = 1, bonus: bool = False, after: Sequence[str] = ()) -> Callable[[F], F]:
    """Mark a function as a check of a step.

    Args:
        step_id: The step.
        points: What it is worth in a grade.
        bonus: Whether these points come on top of what can be reached.
        after: Steps that must be done, or its passing would prove nothing: that a service is gone, say, on nodes that
            never had one. Learners go step by step; in a grade every check that names no such step stands by itself.

    """
    return pytest.mark.step(step_id, points=points, bonus=bonus, after=tuple(after))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", "step(id): the lesson's step that a check belongs to")
    config.stash[_UNFINISHED] = {}


@pytest.fixture(scope="module")
def labs_request(request: pytest.FixtureRequest) -> CheckRequest:
    """Return what is asked of these checks; under plain pytest, of the lab's cluster that runs."""
    given = request.config.stash.get(REQUEST_KEY, None)
    return given or _request_for(_lab_of(request.path))


@pytest.fixture(scope="module")
def nodes(labs_request: CheckRequest) -> Iterator[Nodes]:
    """Yield the cluster's nodes by name."""
    set_wait_budget(labs_request.settle_timeout)
    found = _kept_nodes(labs_request.cluster) if labs_request.keep_connections else Nodes(labs_request.cluster)
    yield found
    if not labs_request.keep_connections:
        found.close()


@pytest.fixture(scope="module")
def values(labs_request: CheckRequest) -> Values:
    """Return the lab's values, by their names, as the learner has drawn them."""
    return labs_request.lab.values


@pytest.fixture(scope="module")
def swarm(nodes: Nodes) -> SharedSwarmSnapshot:
    """Return the cluster's swarm, which all checks look at together."""
    # Not every lab has a swarm, and `labs check` is quick because it loads what it needs.
    from checks.swarm import SharedSwarmSnapshot

    return SharedSwarmSnapshot(nodes)


def _kept_nodes(cluster: Cluster) -> Nodes:
    """Return the nodes as the last run had them, unless one of them is another or in another state since then."""
    last = _KEPT.pop() if _KEPT else None
    if last and last.cluster != cluster:
        last.close()
        last = None
    _KEPT.append(last or Nodes(cluster))
    return _KEPT[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put checks in lesson order, leave out those of other steps, and refuse what is no proper check."""
    given = config.stash.get(REQUEST_KEY, None)
    checks = [item for item in items if given or _is_check(item)]
    items[:] = [item for item in items if item not in checks]
    for path in dict.fromkeys(item.path for item in checks):
        lab = given.lab if given else _load(_lab_of(path))
        order = {one.id: number for number, one in enumerate(lab.lesson.steps)}
        own = [item for item in checks if item.path == path]
        for item in own:
            _refuse_unfit(item, order)
        wanted = [item for item in own if not given or given.steps is None or _step_of(item) in given.steps]
        items += sorted(wanted, key=lambda item: order[_step_of(item)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check whose earlier steps are not done, for whatever it found would mislead."""
    if not _is_check(item):
        return
    given = item.config.stash.get(REQUEST_KEY, None)
    unfinished = {step: title for (path, step), title in item.config.stash[_UNFINISHED].items() if path == item.path}
    if given and given.ignore_prerequisites:
        stands_on = _option(item, "after", ())
        titles = [title for step, title in {**given.unfinished_steps, **unfinished}.items() if step in stands_on]
    else:
        titles = [title for step, title in unfinished.items() if step != _step_of(item)]
    if titles:
        pytest.skip(f"first finish '{titles[0]}'")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Give a check no more time than it may take."""
    given = item.config.stash.get(REQUEST_KEY, None)
    seconds = given.remaining_seconds() if given else None
    if seconds == 0:
        raise LimitExceededError("There was no time left for it.", "Look what took the others so long.")
    with nullcontext() if seconds is None else TimeLimit(seconds, "It"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the outcome in our own terms to the report."""
    report = yield
    if not _is_check(item) or (report.when != "call" and report.passed):
        return report
    found = _found(report, call)
    if _leaves_unfinished(item, found["outcome"]):
        item.config.stash[_UNFINISHED].setdefault((item.path, _step_of(item)), _title(item))
    own = {"check": item.name, "step": _step_of(item), "says": _says(item), "seconds": round(call.duration, 3)}
    own |= {"points": float(_option(item, "points", 1)), "bonus": bool(_option(item, "bonus", False))}
    report.user_properties.append(("labs", own | found))
    return report


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Show 'could not check' as an error, and not as a failure, under plain pytest too."""
    # What is said of files that could not be loaded comes by here too, and has none of ours.
    said = report.user_properties if isinstance(report, pytest.TestReport) else ()
    found = [value for name, value in said if name == "labs" and isinstance(value, dict)]
    outcome = found[0]["outcome"] if found else None
    return ("error", "E", "COULD NOT CHECK") if outcome == "error" else None


def _found(report: pytest.TestReport, call: pytest.CallInfo[None]) -> dict[str, Any]:
    error = call.excinfo.value if call.excinfo else None
    if report.passed:
        return {"outcome": "passed"}
    if report.skipped:
        return {"outcome": "skipped", "reason": str(getattr(error, "msg", error))}
    if isinstance(error, NotYet):
        seen = {"node": error.node, "observed": error.observed, "expected": error.expected, "see": error.see}
        return {"outcome": "failed", **seen}
    if isinstance(error, AssertionError) and report.when == "call":
        return {"outcome": "failed", "observed": str(error) or "it is not so", "expected": "it is so"}
    if isinstance(error, LabsError):
        return {"outcome": "error", "reason": f"{error.message} {error.advice}"}
    return {"outcome": "error", "reason": f"{type(error).__name__}: {error}"}


def _leaves_unfinished(item: pytest.Item, outcome: str) -> bool:
    """Whether a step is not done by what its check has come to."""
    given = item.config.stash.get(REQUEST_KEY, None)
    if given and given.ignore_prerequisites:
        # One that was skipped proves nothing either; and a step is done without its bonus.
        return outcome != "passed" and not _option(item, "bonus", False)
    return outcome not in ("passed", "skipped")


def _is_check(item: pytest.Item) -> bool:
    """Whether it is ours: other projects may have a marker of the same name."""
    ours = REQUEST_KEY in item.config.stash or item.path.is_relative_to(paths.checks_folder())
    return ours and item.get_closest_marker("step") is not None


def _step_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("step")
    return str(marker.args[0]) if marker else ""


def _option(item: pytest.Item, name: str, default: Any) -> Any:
    marker = item.get_closest_marker("step")
    return marker.kwargs.get(name, default) if marker else default


def _says(item: pytest.Item) -> str:
    text = inspect.getdoc(getattr(item, "function", None)) or ""
    first = text.splitlines()[0].rstrip(".") if text else ""
    return fill_placeholders(first, _lab(item).values) if "<" in first else first


def _title(item: pytest.Item) -> str:
    found = _lab(item).lesson.find_step(_step_of(item))
    return found.title if found else _step_of(item)


def _lab(item: pytest.Item) -> Lab:
    given = item.config.stash.get(REQUEST_KEY, None)
    return given.lab if given else _load(_lab_of(item.path))


def _refuse_unfit(item: pytest.Item, order: dict[str, int]) -> None:
    if item.get_closest_marker("step") is None:
        raise pytest.UsageError(f"{item.nodeid}: a check names its step: @step('ID')")
    if _step_of(item) not in order:
        raise pytest.UsageError(f"{item.nodeid}: the lesson has no step '{_step_of(item)}'")
    if not _says(item):
        raise pytest.UsageError(f"{item.nodeid}: a check needs a docstring, the line that the learner reads")
    if not 0 <= float(_option(item, "points", 1)) < math.inf:
        raise pytest.UsageError(f"{item.nodeid}: points are a number from 0 on")
    for other in _option(item, "after", ()):
        if order.get(other, len(order)) >= order[_step_of(item)]:
            raise pytest.UsageError(f"{item.nodeid}: no step '{other}' comes before '{_step_of(item)}'")


def _lab_of(path: Path) -> str:
    return path.stem.removeprefix("test_").replace("_", "-")


def _load(name: str) -> Lab:
    from runner.progress import store

    return store.load_learner_lab(name)


def _request_for(name: str) -> CheckRequest:
    from runner.clusters import lookup

    return CheckRequest(_load(name), lookup.survey_clusters().require_running_cluster(name))
