"""Render the complete screen of `labs watch` from its state: header, notices, steps, topology and keys."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from runner.checking.results import Outcome
from runner.lessons.model import Step
from runner.nodes.driver_interface import NodeState
from runner.progress import praise
from runner.watch import step_view, topology_view
from runner.watch.model import ClusterPhase, ErrorNotice, WatchState
from runner.watch.text_layout import align_both_ends, join_styled_spans, truncate_line, wrap_with_prefix

_KEYS = (("h", "hint"), ("s", "solution"), ("↑↓", "steps"), ("r", "check now"), ("q", "quit"))
_MIN_BODY_HEIGHT = 7


def render_screen(state: WatchState, width: int, height: int) -> list[Text]:
    """Return the lines of the screen: exactly `height` lines, none wider than `width`.

    Args:
        state: The state of the watch.
        width: The terminal's width.
        height: The terminal's height.

    """
    top, topology = _render_surroundings(state, width, height)
    body_height = max(0, height - len(top) - len(topology) - 1)
    body = _render_body(state, width, body_height)
    empty_lines = [Text("", end="")] * (body_height - len(body))
    lines = [*top, *body, *empty_lines, *topology]
    return [truncate_line(line, width) for line in [*lines[: height - 1], _render_keys(width)]]


def compute_max_scroll_lines(state: WatchState, width: int, height: int) -> int:
    """Return how many lines the text of the shown step can be scrolled down on a terminal of this size."""
    step = state.shown_step
    if step is None:
        return 0
    top, topology = _render_surroundings(state, width, height)
    text_height = height - len(top) - len(topology) - 2
    return max(0, len(step_view.render_step(state, step, width, brief=True)) - text_height)


def _render_surroundings(state: WatchState, width: int, height: int) -> tuple[list[Text], list[Text]]:
    """Return the lines above and below the body with the steps."""
    top = [*_render_header(state, width), *_render_notices(state, width)]
    return top, _render_topology(state, width, height, height - len(top) - 1)


def _render_topology(state: WatchState, width: int, height: int, free_height: int) -> list[Text]:
    """Return the topology below a separator, as large as the text of the shown step permits."""
    step = state.shown_step
    text_height = 1 + len(step_view.render_step(state, step, width, brief=True)) if step else len(state.steps)
    topology_height = min(height // 3, free_height - 1 - max(text_height, _MIN_BODY_HEIGHT))
    if topology_height < 1 and free_height > _MIN_BODY_HEIGHT + 1:
        topology_height = 1
    lines = topology_view.render_topology(state.snapshot, width, topology_height)
    return [join_styled_spans(("─" * width, "dim")), *lines] if lines else []


def _render_header(state: WatchState, width: int) -> list[Text]:
    passed, total = len(state.passed_step_ids), len(state.steps)
    count = "checking ..." if state.is_checking else f"{passed} of {total} steps"
    if state.success_message:
        title = join_styled_spans((f" ✓ {state.success_message}", "green"))
    else:
        title = join_styled_spans(" ", (state.lab.lesson.title, "bold"))
    filled = width * passed // total if total else 0
    bar = join_styled_spans(("━" * filled, "green"), ("━" * (width - filled), "dim"))
    return [align_both_ends(title, join_styled_spans((count, "dim"), " "), width), bar]


def _render_notices(state: WatchState, width: int) -> list[Text]:
    lines: list[Text] = []
    warning = join_styled_spans((" ! ", "yellow"))
    error = state.cluster_error or state.check_error or _describe_missing_nodes(state)
    if error:
        lines += wrap_with_prefix(warning, error.message, width - 1, "yellow")
        lines += wrap_with_prefix(join_styled_spans("   "), error.advice, width - 1) if error.advice else []
    if state.steps and len(state.passed_step_ids) == len(state.steps):
        message = praise.format_lab_praise(state.lab.lesson)
        lines += wrap_with_prefix(join_styled_spans((" ✓ ", "green")), message, width - 1, "green")
    if state.progress.unreadable_file:
        message = f"The progress file of this lab could not be read. It is kept as {state.progress.unreadable_file}"
        lines += wrap_with_prefix(warning, message, width)
    return lines


def _describe_missing_nodes(state: WatchState) -> ErrorNotice | None:
    """Return why checks do not run if the cluster is not running, or which nodes are stopped."""
    name = state.lab.name
    if state.cluster_phase is ClusterPhase.ABSENT:
        return ErrorNotice(f"'{name}' is not started.", f"Run 'labs start {name}' in another terminal.")
    if state.cluster_phase is ClusterPhase.STARTING:
        return ErrorNotice(f"'{name}' is starting.", "")
    if state.cluster_phase is ClusterPhase.STOPPED:
        return ErrorNotice(f"'{name}' is stopped.", f"Run 'labs start {name}' in another terminal to resume it.")
    stopped = [node.name for node in state.snapshot.nodes if node.state == NodeState.STOPPED]
    if stopped:
        verb, pronoun = ("is", "it") if len(stopped) == 1 else ("are", "them")
        advice = f"Run 'labs start {name}' in another terminal to bring {pronoun} up again."
        return ErrorNotice(f"{' and '.join(stopped)} {verb} down.", advice)
    return None


def _render_keys(width: int) -> Text:
    keys = list(_KEYS)
    while keys:
        spans = [span for key, action in keys for span in ((key, "bold"), (f" {action}   ", "dim"))]
        line = join_styled_spans(" ", *spans)
        line.rstrip()
        if line.cell_len <= width:
            return line
        # 'quit', the last key, is dropped last.
        keys.pop(-2 if len(keys) > 1 else -1)
    return Text("", end="")


def _render_body(state: WatchState, width: int, height: int) -> list[Text]:
    """Return the titles of the steps, with the text of the shown step below its title."""
    shown = state.shown_step
    titles = [_render_title(state, step, width) for step in state.steps]
    if shown is None:
        return _keep_first(titles, height)
    index = state.steps.index(shown)
    for brief in (False, True):
        text = step_view.render_step(state, shown, width, brief=brief)
        if len(text) + 1 <= height:
            return _surround_with_titles(titles, index, text, height)
    return [titles[index], *_scroll_text(text, state.scroll_lines, height - 1)]


def _surround_with_titles(titles: Sequence[Text], index: int, text: Sequence[Text], height: int) -> list[Text]:
    free_height = height - len(text) - 1
    titles_before, titles_after = index, len(titles) - index - 1
    # At most a third of the free lines goes above the shown step, unless the titles below it need fewer.
    above = min(titles_before, free_height // 3)
    below = min(titles_after, free_height - above)
    above = min(titles_before, free_height - below)
    return [*_keep_last(titles[:index], above), titles[index], *text, *_keep_first(titles[index + 1 :], below)]


def _keep_last(titles: Sequence[Text], height: int) -> list[Text]:
    omitted = len(titles) - height
    if omitted <= 0 or height < 1:
        return list(titles) if height else []
    return [join_styled_spans((f" ⋮ {omitted + 1} earlier steps", "dim")), *titles[omitted + 1 :]]


def _keep_first(titles: Sequence[Text], height: int) -> list[Text]:
    omitted = len(titles) - height
    if omitted <= 0 or height < 1:
        return list(titles) if height else []
    return [*titles[: height - 1], join_styled_spans((f" ⋮ {omitted + 1} more steps", "dim"))]


def _scroll_text(text: Sequence[Text], scroll_lines: int, height: int) -> list[Text]:
    if len(text) <= height:
        return list(text)
    start = min(scroll_lines, len(text) - height)
    visible = list(text[start : start + height])
    remaining = len(text) - start - height
    if remaining > 0 and visible:
        visible[-1] = join_styled_spans((f"     ↓ {remaining + 1} more lines: Page Down", "dim"))
    return visible


def _render_title(state: WatchState, step: Step, width: int) -> Text:
    results = state.list_step_results(step)
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    is_shown = step == state.shown_step
    style = "bold" if is_shown else ""
    if step.id in state.passed_step_ids:
        symbol = ("✓", "green")
    elif any(result.outcome is Outcome.ERROR for result in results):
        symbol = ("!", "yellow")
    elif step == state.current_step:
        symbol = ("▸", "cyan")
    else:
        symbol, style = ("·", "dim"), style or "dim"
    count = join_styled_spans((f"{passed} of {len(results)} ", "dim")) if is_shown and results else Text("", end="")
    return align_both_ends(join_styled_spans(" ", symbol, " ", (step.title, style)), count, width)
