"""Lays the screen out: from what the watch knows to lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from runner.checking.results import Outcome
from runner.lessons.model import Step
from runner.nodes.driver_interface import NodeState
from runner.progress import messages
from runner.watch import step_view, topology_view
from runner.watch.model import ClusterPhase, ErrorNotice, WatchState
from runner.watch.text_layout import align_both_ends, truncate_line, styled_line, wrap_with_prefix

_KEYS = (("h", "hint"), ("s", "solution"), ("↑↓", "steps"), ("r", "check now"), ("q", "quit"))
_MIN_BODY = 7


def render_screen(watch: WatchState, width: int, height: int) -> list[Text]:
    """Lay the screen out.

    Args:
        watch: What is known.
        width: The terminal's columns.
        height: The terminal's lines.

    Returns:
        As many lines as the terminal has, none wider than it.

    """
    above, picture = _around_the_steps(watch, width, height)
    room = max(0, height - len(above) - len(picture) - 1)
    body = _body(watch, width, room)
    empty = [Text("", end="")] * (room - len(body))
    whole = [*above, *body, *empty, *picture]
    return [truncate_line(one, width) for one in [*whole[: height - 1], _keys(width)]]


def max_scroll_lines(watch: WatchState, width: int, height: int) -> int:
    """Return by how many lines the text of the step that is looked at can be moved up at most, arguments as above."""
    above, picture = _around_the_steps(watch, width, height)
    here = watch.shown_step
    room = height - len(above) - len(picture) - 2
    return max(0, len(step_view.render_step(watch, here, width, brief=True)) - room) if here else 0


def _around_the_steps(watch: WatchState, width: int, height: int) -> tuple[list[Text], list[Text]]:
    above = [*_head(watch, width), *_notices(watch, width)]
    return above, _picture(watch, width, height, height - len(above) - 1)


def _picture(watch: WatchState, width: int, height: int, spare: int) -> list[Text]:
    """Return the picture under a line, as large as it can be beside what is told of the step."""
    here = watch.shown_step
    needed = 1 + len(step_view.render_step(watch, here, width, brief=True)) if here else len(watch.steps)
    most = min(height // 3, spare - 1 - max(needed, _MIN_BODY))
    if most < 1 and spare > _MIN_BODY + 1:
        most = 1
    picture = topology_view.render_topology(watch.snapshot, width, most)
    return [styled_line(("─" * width, "dim")), *picture] if picture else []


def _head(watch: WatchState, width: int) -> list[Text]:
    done, total = len(watch.passed_step_ids), len(watch.steps)
    state = "checking ..." if watch.is_checking else f"{done} of {total} steps"
    title = styled_line((f" ✓ {watch.success_message}", "green")) if watch.success_message else styled_line(" ", (watch.lab.lesson.title, "bold"))
    filled = width * done // total if total else 0
    bar = styled_line(("━" * filled, "green"), ("━" * (width - filled), "dim"))
    return [align_both_ends(title, styled_line((state, "dim"), " "), width), bar]


def _notices(watch: WatchState, width: int) -> list[Text]:
    found: list[Text] = []
    trouble = watch.cluster_error or watch.check_error or _absence(watch)
    if trouble:
        found += wrap_with_prefix(styled_line((" ! ", "yellow")), trouble.message, width - 1, "yellow")
        found += wrap_with_prefix(styled_line("   "), trouble.advice, width - 1) if trouble.advice else []
    if watch.steps and len(watch.passed_step_ids) == len(watch.steps):
        found += wrap_with_prefix(styled_line((" ✓ ", "green")), messages.format_lab_completed(watch.lab.lesson), width - 1, "green")
    if watch.progress.unreadable_file:
        found += wrap_with_prefix(
            styled_line((" ! ", "yellow")), f"What was kept of this lab is unreadable: {watch.progress.unreadable_file}", width
        )
    return found


def _absence(watch: WatchState) -> ErrorNotice | None:
    name = watch.lab.name
    if watch.cluster_phase is ClusterPhase.ABSENT:
        return ErrorNotice(f"'{name}' is not started.", f"Type 'labs start {name}' in another terminal.")
    if watch.cluster_phase is ClusterPhase.STARTING:
        return ErrorNotice(f"'{name}' is being started.", "")
    if watch.cluster_phase is ClusterPhase.STOPPED:
        return ErrorNotice(f"The nodes of '{name}' are stopped.", f"'labs start {name}' goes on where they were.")
    stopped = [node.name for node in watch.snapshot.nodes if node.status == NodeState.STOPPED]
    if stopped:
        verb = "is" if len(stopped) == 1 else "are"
        return ErrorNotice(f"{' and '.join(stopped)} {verb} down.", f"'labs start {name}' brings what is down up again.")
    return None


def _keys(width: int) -> Text:
    shown = list(_KEYS)
    while shown:
        text = styled_line(" ", *(piece for key, what in shown for piece in ((key, "bold"), (f" {what}   ", "dim"))))
        text.rstrip()
        if text.cell_len <= width:
            return text
        # What leads out stays longest.
        shown.pop(-2 if len(shown) > 1 else -1)
    return Text("", end="")


def _body(watch: WatchState, width: int, room: int) -> list[Text]:
    here = watch.shown_step
    titles = [_title(watch, step, width) for step in watch.steps]
    if here is None:
        return _first(titles, room)
    at = watch.steps.index(here)
    for brief in (False, True):
        below = step_view.render_step(watch, here, width, brief=brief)
        if len(below) + 1 <= room:
            return _around(titles, at, below, room)
    return [titles[at], *_scrolled(below, watch.scroll_lines, room - 1)]


def _around(titles: Sequence[Text], at: int, below: Sequence[Text], room: int) -> list[Text]:
    left = room - len(below) - 1
    before, after = at, len(titles) - at - 1
    above = min(before, left // 3)
    under = min(after, left - above)
    above = min(before, left - under)
    return [*_last(titles[:at], above), titles[at], *below, *_first(titles[at + 1 :], under)]


def _last(titles: Sequence[Text], room: int) -> list[Text]:
    hidden = len(titles) - room
    if hidden <= 0 or room < 1:
        return list(titles) if room else []
    return [styled_line((f" ⋮ {hidden + 1} steps before", "dim")), *titles[hidden + 1 :]]


def _first(titles: Sequence[Text], room: int) -> list[Text]:
    hidden = len(titles) - room
    if hidden <= 0 or room < 1:
        return list(titles) if room else []
    return [*titles[: room - 1], styled_line((f" ⋮ {hidden + 1} steps more", "dim"))]


def _scrolled(below: Sequence[Text], scroll: int, room: int) -> list[Text]:
    if len(below) <= room:
        return list(below)
    start = min(scroll, len(below) - room)
    shown = list(below[start : start + room])
    rest = len(below) - start - room
    if rest > 0 and shown:
        shown[-1] = styled_line((f"     ↓ {rest + 1} lines more: Page Down", "dim"))
    return shown


def _title(watch: WatchState, step: Step, width: int) -> Text:
    results = watch.step_results(step)
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    here = step == watch.shown_step
    style = "bold" if here else ""
    if step.id in watch.passed_step_ids:
        mark, shown = ("✓", "green"), (step.title, style)
    elif any(result.outcome is Outcome.ERROR for result in results):
        mark, shown = ("!", "yellow"), (step.title, style)
    elif step == watch.current_step:
        mark, shown = ("▸", "cyan"), (step.title, style)
    else:
        mark, shown = ("·", "dim"), (step.title, style or "dim")
    count = styled_line((f"{passed} of {len(results)} ", "dim")) if here and results else Text("", end="")
    return align_both_ends(styled_line(" ", mark, " ", shown), count, width)
