"""What the watch knows and how that changes, as data: nothing here looks, waits or draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from runner.checking.results import Report, Result
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster, NodeState
from runner.progress import completion, hint_selection
from runner.progress.model import Progress
from runner.watch.cluster_snapshot import Picture

# Further than any text goes.
END = 1 << 16


class Presence(StrEnum):
    """What there is of the lab's cluster."""

    UNKNOWN = "not looked at yet"
    ABSENT = "not started"
    STARTING = "being started"
    HALTED = "halted"
    UP = "up"


class Key(StrEnum):
    """What a key asks for."""

    HINT = "hint"
    SOLUTION = "solution"
    UP = "up"
    DOWN = "down"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    HERE = "here"
    AGAIN = "again"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be looked at, and what to type."""

    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Watch:
    """All that is shown.

    Attributes:
        lab: The lab.
        presence: What there is of its cluster.
        picture: The nodes and what runs on them.
        report: What each check found when it last ran.
        progress: What is kept of the learner's way.
        checking: Whether checks have been running for so long that it is worth a word.
        unseen: Why the cluster could not be looked for.
        trouble: Why checks could not run, or their results not be kept.
        said: A word in passing, such as praise for a step that has just been passed.
        chosen: The id of the step that the learner looks at; None to follow the first that is not done.
        solution: Whether the learner has asked how to solve the step that is looked at.
        scroll: By how many lines its text is moved up.

    """

    lab: Lab
    presence: Presence = Presence.UNKNOWN
    picture: Picture = field(default_factory=Picture)
    report: Report = field(default_factory=lambda: Report("", ()))
    progress: Progress = field(default_factory=lambda: Progress(""))
    checking: bool = False
    unseen: Trouble | None = None
    trouble: Trouble | None = None
    said: str = ""
    chosen: str | None = None
    solution: bool = False
    scroll: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lesson's steps."""
        return self.lab.lesson.steps

    @property
    def done(self) -> frozenset[str]:
        """The ids of the steps that are done now."""
        if self.report.results:
            return frozenset(completion.passed(self.lab.lesson, self.report))
        # Until checks can run again, what was last known of this cluster is the best there is.
        return frozenset(self.progress.here) if self.presence in (Presence.UP, Presence.HALTED) else frozenset()

    @property
    def current(self) -> Step | None:
        """The first step with checks that do not all pass; None if all do, or nothing is known yet."""
        done = self.done
        return next((step for step in self.steps if step.id not in done and self.report.of_step(step.id)), None)

    @property
    def looked_at(self) -> Step | None:
        """The step whose checks are shown."""
        chosen = self.lab.lesson.step(self.chosen) if self.chosen else None
        return chosen or self.current or (self.steps[-1] if self.report.results and self.steps else None)

    def results(self, step: Step) -> tuple[Result, ...]:
        """What a step's checks found."""
        return self.report.of_step(step.id)

    def help(self, step: Step) -> hint_selection.Help:
        """Return the hints for a step, as far as what its checks found tells them."""
        return hint_selection.choose(step, self.results(step), self.progress.of(step.id).hints)


def presence(cluster: Cluster | None) -> Presence:
    """Return what there is of a cluster."""
    if cluster is None:
        return Presence.ABSENT
    if not cluster.is_complete:
        return Presence.STARTING
    up = any(node.state is NodeState.RUNNING for node in cluster.nodes)
    return Presence.UP if up else Presence.HALTED


def seen(watch: Watch, found: Cluster | None, picture: Picture, trouble: Trouble | None) -> Watch:
    """Take in a look at the cluster; of one that is not up nothing can be said.

    Args:
        watch: What was known.
        found: The cluster, if there is one.
        picture: The nodes and what runs on them.
        trouble: Why it could not be looked for.

    """
    if trouble:
        return replace(watch, unseen=trouble)
    after = replace(watch, presence=presence(found), picture=picture, unseen=None)
    if after.presence is not watch.presence:
        after = replace(after, trouble=None, said="", checking=False)
    return after if after.presence is Presence.UP else replace(after, report=Report(watch.lab.name, ()))


def states(watch: Watch) -> tuple[object, ...]:
    """Return what of the cluster decides whether its checks can run."""
    return (watch.presence, *(node.state == NodeState.STOPPED for node in watch.picture.nodes))


def checked(watch: Watch, report: Report, *, whole: bool) -> Watch:
    """Take in what checks found.

    Args:
        watch: What was known.
        report: What they found.
        whole: Whether all checks ran, and not only those of a step.

    """
    merged = report if whole else _merged(watch.report, report)
    after = replace(watch, report=merged, checking=False, trouble=None)
    return after if after.looked_at == watch.looked_at else replace(after, scroll=0, solution=False)


def _merged(before: Report, report: Report) -> Report:
    new = {result.check: result for result in report.results}
    return Report(before.lab, tuple(new.get(result.check, result) for result in before.results))


def pressed(watch: Watch, key: Key) -> Watch:
    """Take in a key that changes only what is looked at."""
    if key is Key.SOLUTION:
        return replace(watch, solution=True, scroll=END)
    if key is Key.HERE:
        return replace(watch, chosen=None, scroll=0, solution=False)
    if key in (Key.UP, Key.DOWN):
        return _moved(watch, -1 if key is Key.UP else 1)
    if key in (Key.PAGE_UP, Key.PAGE_DOWN):
        return replace(watch, scroll=max(0, watch.scroll + (-5 if key is Key.PAGE_UP else 5)))
    return watch


def _moved(watch: Watch, by: int) -> Watch:
    here = watch.looked_at
    if here is None:
        return watch
    at = min(max(0, watch.steps.index(here) + by), len(watch.steps) - 1)
    # Back on the step where the learner is, the watch follows again.
    chosen = None if watch.steps[at] == watch.current else watch.steps[at].id
    return replace(watch, chosen=chosen, scroll=0, solution=False)
