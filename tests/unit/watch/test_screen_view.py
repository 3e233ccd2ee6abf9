"""The complete screen, compared with golden files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.progress import hint_selection
from runner.progress.model import Progress, StepRecord
from runner.watch import model, screen_view
from runner.watch.model import KeyAction, WatchState
from tests.support import helpers, watch_states

_SHOWN_HINTS = frozenset(hint_selection.compute_hint_id(hint) for hint in watch_states.STEPS[1].hints)
STATES = {
    "before the first poll": watch_states.UNKNOWN_CLUSTER,
    "the lab is not started": watch_states.NOT_STARTED,
    "a fresh cluster": watch_states.FRESH,
    "a step is half done": watch_states.HALF_DONE,
    "a narrow terminal": watch_states.HALF_DONE,
    "a short terminal": watch_states.HALF_DONE,
    "a tiny terminal": watch_states.HALF_DONE,
    "hints were requested": replace(
        watch_states.HALF_DONE, progress=Progress("tiny", {"join": StepRecord(shown_hints=_SHOWN_HINTS)})
    ),
    "the solution was requested": model.apply_key_action(watch_states.HALF_DONE, KeyAction.SHOW_SOLUTION),
    "the solution of a completed step": model.apply_key_action(
        model.apply_key_action(watch_states.HALF_DONE, KeyAction.PREVIOUS_STEP), KeyAction.SHOW_SOLUTION
    ),
    "a step has just passed": replace(watch_states.HALF_DONE, success_message="Well done: 'Create the swarm'."),
    "a slow check run": replace(watch_states.HALF_DONE, is_checking=True),
    "a check could not run": watch_states.WITH_ERROR,
    "a node is stopped": watch_states.NODE_STOPPED,
    "no engine answers": watch_states.ENGINE_UNREACHABLE,
    "all steps are done": watch_states.FINISHED,
    "more text than fits": watch_states.MANY_FAILURES,
    "more text than fits, scrolled": model.apply_key_action(watch_states.MANY_FAILURES, KeyAction.SCROLL_DOWN),
}
CASES = helpers.read_golden_cases(Path(__file__).parent / "screens.txt")


def render_lines(state: WatchState, width: int, height: int) -> list[str]:
    """Return the lines of the screen without trailing spaces."""
    return [line.plain.rstrip() for line in screen_view.render_screen(state, width, height)]


@pytest.mark.parametrize(("state", "size", "expected"), CASES, ids=[case[0] for case in CASES])
def test_screen(state: str, size: str, expected: str) -> None:
    """The screen of a state, on a terminal of a size, equals the golden screen."""
    width, height = map(int, size.split("x"))
    assert expected.splitlines() == render_lines(STATES[state], width, height)


def test_every_state_has_a_screen() -> None:
    """Every state has a golden screen."""
    assert [*STATES] == [state for state, _, _ in CASES]


@pytest.mark.parametrize("state", [*STATES])
def test_every_size(state: str) -> None:
    """On every terminal size the screen has exactly its number of lines, and none is wider."""
    for width in (1, 13, 40, 60, 80, 200):
        for height in (1, 2, 5, 13, 20, 50):
            lines = screen_view.render_screen(STATES[state], width, height)
            assert (height, True) == (len(lines), all(line.cell_len <= width for line in lines)), (width, height)


def test_shown_step_is_visible() -> None:
    """From six lines on, the title of the shown step is visible, however long its text is."""
    for height in range(6, 40):
        assert any("Join the workers" in line for line in render_lines(watch_states.MANY_FAILURES, 60, height)), height


def test_markup() -> None:
    """Text that looks like markup is shown unchanged."""
    result = replace(watch_states.NOT_WORKERS, observed="[bold]node3[/] is [a] manager")
    assert "       on node1  [bold]node3[/] is [a] manager" in render_lines(
        watch_states.make_watch_state(watch_states.INIT, result), 80, 24
    )
