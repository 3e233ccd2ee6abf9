"""Lays the screen out: from what the watch knows to lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from runner.checking.results import Outcome
from runner.lessons.model import Step
from runner.nodes.driver_interface import NodeState
from runner.progress import messages
from runner.watch import step_view, topology_view
from runner.watch.model import Presence, Trouble, Watch
from runner.watch.text_layout import ends, fitted, line, wrapped

_KEYS = (("h", "hint"), ("s", "solution"), ("↑↓", "steps"), ("r", "check now"), ("q", "quit"))
_MIN_BODY = 7


def lines(watch: Watch, width: int, height: int) -> list[Text]:
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
    return [fitted(one, width) for one in [*whole[: height - 1], _keys(width)]]


def furthest(watch: Watch, width: int, height: int) -> int:
    """Return by how many lines the text of the step that is looked at can be moved up at most, arguments as above."""
    above, picture = _around_the_steps(watch, width, height)
    here = watch.looked_at
    room = height - len(above) - len(picture) - 2
    return max(0, len(step_view.lines(watch, here, width, brief=True)) - room) if here else 0


def _around_the_steps(watch: Watch, width: int, height: int) -> tuple[list[Text], list[Text]]:
    above = [*_head(watch, width), *_notices(watch, width)]
    return above, _picture(watch, width, height, height - len(above) - 1)


def _picture(watch: Watch, width: int, height: int, spare: int) -> list[Text]:
    """Return the picture under a line, as large as it can be beside what is told of the step."""
    here = watch.looked_at
    needed = 1 + len(step_view.lines(watch, here, width, brief=True)) if here else len(watch.steps)
    most = min(height // 3, spare - 1 - max(needed, _MIN_BODY))
    if most < 1 and spare > _MIN_BODY + 1:
        most = 1
    picture = topology_view.lines(watch.picture, width, most)
    return [line(("─" * width, "dim")), *picture] if picture else []


def _head(watch: Watch, width: int) -> list[Text]:
    done, total = len(watch.done), len(watch.steps)
    state = "checking ..." if watch.checking else f"{done} of {total} steps"
    title = line((f" ✓ {watch.said}", "green")) if watch.said else line(" ", (watch.lab.lesson.title, "bold"))
    filled = width * done // total if total else 0
    bar = line(("━" * filled, "green"), ("━" * (width - filled), "dim"))
    return [ends(title, line((state, "dim"), " "), width), bar]


def _notices(watch: Watch, width: int) -> list[Text]:
    found: list[Text] = []
    trouble = watch.unseen or watch.trouble or _absence(watch)
    if trouble:
        found += wrapped(line((" ! ", "yellow")), trouble.message, width - 1, "yellow")
        found += wrapped(line("   "), trouble.advice, width - 1) if trouble.advice else []
    if watch.steps and len(watch.done) == len(watch.steps):
        found += wrapped(line((" ✓ ", "green")), messages.after_all(watch.lab.lesson), width - 1, "green")
    if watch.progress.lost:
        found += wrapped(
            line((" ! ", "yellow")), f"What was kept of this lab is unreadable: {watch.progress.lost}", width
        )
    return found


def _absence(watch: Watch) -> Trouble | None:
    name = watch.lab.name
    if watch.presence is Presence.ABSENT:
        return Trouble(f"'{name}' is not started.", f"Type 'labs start {name}' in another terminal.")
    if watch.presence is Presence.STARTING:
        return Trouble(f"'{name}' is being started.", "")
    if watch.presence is Presence.HALTED:
        return Trouble(f"The nodes of '{name}' are halted.", f"'labs start {name}' goes on where they were.")
    stopped = [node.name for node in watch.picture.nodes if node.state == NodeState.STOPPED]
    if stopped:
        verb = "is" if len(stopped) == 1 else "are"
        return Trouble(f"{' and '.join(stopped)} {verb} down.", f"'labs start {name}' brings what is down up again.")
    return None


def _keys(width: int) -> Text:
    shown = list(_KEYS)
    while shown:
        text = line(" ", *(piece for key, what in shown for piece in ((key, "bold"), (f" {what}   ", "dim"))))
        text.rstrip()
        if text.cell_len <= width:
            return text
        # What leads out stays longest.
        shown.pop(-2 if len(shown) > 1 else -1)
    return Text("", end="")


def _body(watch: Watch, width: int, room: int) -> list[Text]:
    here = watch.looked_at
    titles = [_title(watch, step, width) for step in watch.steps]
    if here is None:
        return _first(titles, room)
    at = watch.steps.index(here)
    for brief in (False, True):
        below = step_view.lines(watch, here, width, brief=brief)
        if len(below) + 1 <= room:
            return _around(titles, at, below, room)
    return [titles[at], *_scrolled(below, watch.scroll, room - 1)]


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
    return [line((f" ⋮ {hidden + 1} steps before", "dim")), *titles[hidden + 1 :]]


def _first(titles: Sequence[Text], room: int) -> list[Text]:
    hidden = len(titles) - room
    if hidden <= 0 or room < 1:
        return list(titles) if room else []
    return [*titles[: room - 1], line((f" ⋮ {hidden + 1} steps more", "dim"))]


def _scrolled(below: Sequence[Text], scroll: int, room: int) -> list[Text]:
    if len(below) <= room:
        return list(below)
    start = min(scroll, len(below) - room)
    shown = list(below[start : start + room])
    rest = len(below) - start - room
    if rest > 0 and shown:
        shown[-1] = line((f"     ↓ {rest + 1} lines more: Page Down", "dim"))
    return shown


def _title(watch: Watch, step: Step, width: int) -> Text:
    results = watch.results(step)
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    here = step == watch.looked_at
    style = "bold" if here else ""
    if step.id in watch.done:
        mark, shown = ("✓", "green"), (step.title, style)
    elif any(result.outcome is Outcome.ERROR for result in results):
        mark, shown = ("!", "yellow"), (step.title, style)
    elif step == watch.current:
        mark, shown = ("▸", "cyan"), (step.title, style)
    else:
        mark, shown = ("·", "dim"), (step.title, style or "dim")
    count = line((f"{passed} of {len(results)} ", "dim")) if here and results else Text("", end="")
    return ends(line(" ", mark, " ", shown), count, width)
