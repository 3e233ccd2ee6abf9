"""The pytest plugin for checks: it provides fixtures, sorts checks in lesson order, and reports the four results."""

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
# The type of the fixture `values`.
Values = Mapping[str, str]
# The nodes of the previous run, if its connections were kept; at most one element.
_reusable_nodes: list[Nodes] = []
_UNFINISHED_STEPS_KEY = pytest.StashKey[dict[tuple[Path, str], str]]()


def step(step_id: str, *, points: float = 1, bonus: bool = False, after: Sequence[str] = ()) -> Callable[[F], F]:
    """Mark a function as a check of a lesson step.

    Args:
        step_id: The id of the step.
        points: The points for passing it in a grade.
        bonus: Whether the points are added on top of the maximum.
        after: The ids of earlier steps without which passing proves nothing. Example: a check that a service was
            removed also passes on nodes that never had it. Only a grade uses this: it runs all other checks even if
            earlier steps are not done.

    """
    return pytest.mark.step(step_id, points=points, bonus=bonus, after=tuple(after))


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker `step`."""
    config.addinivalue_line("markers", "step(id): the lesson's step that a check belongs to")
    config.stash[_UNFINISHED_STEPS_KEY] = {}


@pytest.fixture(scope="module")
def check_request(request: pytest.FixtureRequest) -> CheckRequest:
    """Return the request of this run; under plain pytest, one for the running cluster of the lab."""
    return request.config.stash.get(REQUEST_KEY, None) or _create_request(_find_lab_name(request.path))


@pytest.fixture(scope="module")
def nodes(check_request: CheckRequest) -> Iterator[Nodes]:
    """Yield the cluster's nodes by name."""
    set_wait_budget(check_request.settle_timeout)
    if check_request.keep_connections:
        yield _reuse_nodes(check_request.cluster)
    else:
        nodes = Nodes(check_request.cluster)
        yield nodes
        nodes.close()


@pytest.fixture(scope="module")
def values(check_request: CheckRequest) -> Values:
    """Return the lab's values by name, as drawn for the learner."""
    return check_request.lab.values


@pytest.fixture(scope="module")
def swarm(nodes: Nodes) -> SharedSwarmSnapshot:
    """Return the snapshot of the cluster's swarm that all checks share."""
    # Imported here because not every lab has a swarm, and importing docker-py slows down `labs check`.
    from checks.swarm import SharedSwarmSnapshot

    return SharedSwarmSnapshot(nodes)


def _reuse_nodes(cluster: Cluster) -> Nodes:
    """Return the nodes of the previous run with their open connections, or new ones if the cluster has changed."""
    previous = _reusable_nodes.pop() if _reusable_nodes else None
    if previous and previous.cluster != cluster:
        previous.close()
        previous = None
    _reusable_nodes.append(previous or Nodes(cluster))
    return _reusable_nodes[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort checks in lesson order, deselect those of other steps, and reject checks that are not declared correctly."""
    request = config.stash.get(REQUEST_KEY, None)
    checks = [item for item in items if request or _is_check(item)]
    items[:] = [item for item in items if item not in checks]
    for path in dict.fromkeys(item.path for item in checks):
        lab = request.lab if request else _load_lab(_find_lab_name(path))
        step_order = {step.id: number for number, step in enumerate(lab.lesson.steps)}
        lab_checks = [item for item in checks if item.path == path]
        for item in lab_checks:
            _validate_check(item, step_order)
        steps = request.steps if request else None
        selected = [item for item in lab_checks if steps is None or _read_step_id(item) in steps]
        items += sorted(selected, key=lambda item: step_order[_read_step_id(item)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check if the steps that it depends on are not done: its result would be misleading."""
    if not _is_check(item):
        return
    request = item.config.stash.get(REQUEST_KEY, None)
    recorded = item.config.stash[_UNFINISHED_STEPS_KEY]
    unfinished = {step_id: title for (path, step_id), title in recorded.items() if path == item.path}
    if request and request.ignore_prerequisites:
        required = _read_option(item, "after", ())
        titles = [title for step_id, title in {**request.unfinished_steps, **unfinished}.items() if step_id in required]
    else:
        titles = [title for step_id, title in unfinished.items() if step_id != _read_step_id(item)]
    if titles:
        pytest.skip(f"first finish '{titles[0]}'")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Announce a check to the run's observer, and stop the check if it exceeds its time limit."""
    request = item.config.stash.get(REQUEST_KEY, None)
    if request and request.observer:
        request.observer.on_check_started(_read_step_id(item), _read_summary(item))
    seconds = request.calculate_check_time_limit() if request else None
    if seconds == 0:
        raise LimitExceededError(
            "The time limit was used up before this check ran.", "Find out which earlier check took so long."
        )
    with nullcontext() if seconds is None else TimeLimit(seconds, "The check"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the check's result to pytest's report."""
    report = yield
    if not _is_check(item) or (report.when != "call" and report.passed):
        return report
    result = {
        "check": item.name,
        "step": _read_step_id(item),
        "says": _read_summary(item),
        "seconds": round(call.duration, 3),
        "points": float(_read_option(item, "points", 1)),
        "bonus": bool(_read_option(item, "bonus", False)),
        **_build_outcome(report, call),
    }
    if _leaves_step_unfinished(item, result["outcome"]):
        item.config.stash[_UNFINISHED_STEPS_KEY].setdefault((item.path, _read_step_id(item)), _find_step_title(item))
    report.user_properties.append(("labs", result))
    return report


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Show 'could not check' as an error instead of a failure, under plain pytest too."""
    # pytest also calls this hook for files that could not be collected; their reports have no properties.
    properties = report.user_properties if isinstance(report, pytest.TestReport) else ()
    results = [value for name, value in properties if name == "labs" and isinstance(value, dict)]
    outcome = results[0]["outcome"] if results else None
    return ("error", "E", "COULD NOT CHECK") if outcome == "error" else None


def _build_outcome(report: pytest.TestReport, call: pytest.CallInfo[None]) -> dict[str, Any]:
    error = call.excinfo.value if call.excinfo else None
    if report.passed:
        return {"outcome": "passed"}
    if report.skipped:
        return {"outcome": "skipped", "reason": str(getattr(error, "msg", error))}
    if isinstance(error, NotYet):
        details = {"node": error.node, "observed": error.observed, "expected": error.expected, "see": error.see}
        return {"outcome": "failed", **details}
    if isinstance(error, AssertionError) and report.when == "call":
        return {"outcome": "failed", "observed": str(error) or "the assertion is false", "expected": "it is true"}
    if isinstance(error, LabsError):
        return {"outcome": "error", "reason": f"{error.message} {error.advice}"}
    return {"outcome": "error", "reason": f"{type(error).__name__}: {error}"}


def _leaves_step_unfinished(item: pytest.Item, outcome: str) -> bool:
    """Return whether a check's outcome means that its step is not done."""
    request = item.config.stash.get(REQUEST_KEY, None)
    if request and request.ignore_prerequisites:
        # A skipped check does not prove that the step is done. Bonus checks do not count.
        return outcome != "passed" and not _read_option(item, "bonus", False)
    return outcome not in ("passed", "skipped")


def _is_check(item: pytest.Item) -> bool:
    """Return whether a test is a check of a lab: other projects may use a marker with the same name."""
    is_in_labs = REQUEST_KEY in item.config.stash or item.path.is_relative_to(paths.checks_folder())
    return is_in_labs and item.get_closest_marker("step") is not None


def _read_step_id(item: pytest.Item) -> str:
    marker = item.get_closest_marker("step")
    return str(marker.args[0]) if marker else ""


def _read_option(item: pytest.Item, name: str, default: Any) -> Any:
    marker = item.get_closest_marker("step")
    return marker.kwargs.get(name, default) if marker else default


def _read_summary(item: pytest.Item) -> str:
    text = inspect.getdoc(getattr(item, "function", None)) or ""
    summary = text.splitlines()[0].rstrip(".") if text else ""
    return fill_placeholders(summary, _find_lab(item).values) if "<" in summary else summary


def _find_step_title(item: pytest.Item) -> str:
    step = _find_lab(item).lesson.find_step(_read_step_id(item))
    return step.title if step else _read_step_id(item)


def _find_lab(item: pytest.Item) -> Lab:
    request = item.config.stash.get(REQUEST_KEY, None)
    return request.lab if request else _load_lab(_find_lab_name(item.path))


def _validate_check(item: pytest.Item, step_order: dict[str, int]) -> None:
    if item.get_closest_marker("step") is None:
        raise pytest.UsageError(f"{item.nodeid}: the check has no step; add @step('ID')")
    step_id = _read_step_id(item)
    if step_id not in step_order:
        raise pytest.UsageError(f"{item.nodeid}: the lesson has no step '{step_id}'")
    if not _read_summary(item):
        raise pytest.UsageError(f"{item.nodeid}: the check has no docstring; learners read its first line")
    if not 0 <= float(_read_option(item, "points", 1)) < math.inf:
        raise pytest.UsageError(f"{item.nodeid}: points must be a number that is not negative")
    for required in _read_option(item, "after", ()):
        if step_order.get(required, len(step_order)) >= step_order[step_id]:
            raise pytest.UsageError(f"{item.nodeid}: no step '{required}' comes before '{step_id}'")


def _find_lab_name(path: Path) -> str:
    return path.stem.removeprefix("test_").replace("_", "-")


def _load_lab(name: str) -> Lab:
    from runner.progress import store

    return store.load_lab_for_recorded_learner(name)


def _create_request(name: str) -> CheckRequest:
    from runner.clusters import lookup

    return CheckRequest(_load_lab(name), lookup.survey_clusters().require_running_cluster(name))
