"""The screen, to the letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.progress import hint_selection
from runner.progress.model import Progress, StepRecord
from runner.watch import model, screen_view
from runner.watch.model import KeyAction, WatchState
from tests import helpers
from tests.watch import scenarios

_SHOWN = frozenset(hint_selection.compute_hint_id(hint) for hint in scenarios.STEPS[1].hints)
MOMENTS = {
    "nothing was seen yet": scenarios.UNSEEN,
    "nothing is started": scenarios.ABSENT,
    "a fresh cluster": scenarios.FRESH,
    "a step is half done": scenarios.HALF,
    "a narrow terminal": scenarios.HALF,
    "a short terminal": scenarios.HALF,
    "hardly any terminal": scenarios.HALF,
    "hints were asked for": replace(scenarios.HALF, progress=Progress("tiny", {"join": StepRecord(shown_hints=_SHOWN)})),
    "the solution was asked for": model.apply_key_action(scenarios.HALF, KeyAction.SHOW_SOLUTION),
    "the solution of what is done": model.apply_key_action(model.apply_key_action(scenarios.HALF, KeyAction.PREVIOUS_STEP), KeyAction.SHOW_SOLUTION),
    "a step was just passed": replace(scenarios.HALF, success_message="Well done: 'Create the swarm'."),
    "checks take long": replace(scenarios.HALF, is_checking=True),
    "a check could not look": scenarios.WITHOUT_ANSWER,
    "a node is down": scenarios.STOPPED,
    "no engine answers": scenarios.LOST,
    "all is done": scenarios.FINISHED,
    "more than fits": scenarios.LONG,
    "more than fits, scrolled": model.apply_key_action(scenarios.LONG, KeyAction.SCROLL_DOWN),
}
CASES = helpers.read_golden_cases(Path(__file__).parent / "screens.txt")


def shown(watch: WatchState, width: int, height: int) -> list[str]:
    """Return the screen's lines without the white space at their ends."""
    return [line.plain.rstrip() for line in screen_view.render_screen(watch, width, height)]


@pytest.mark.parametrize(("title", "size", "expected"), CASES, ids=[case[0] for case in CASES])
def test_screen(title: str, size: str, expected: str) -> None:
    """At this moment, on a terminal of this size, the screen shows exactly this."""
    width, height = map(int, size.split("x"))
    assert expected.splitlines() == shown(MOMENTS[title], width, height)


def test_every_moment_is_shown() -> None:
    """Each moment has its screen."""
    assert [*MOMENTS] == [title for title, _, _ in CASES]


@pytest.mark.parametrize("title", [*MOMENTS])
def test_every_size(title: str) -> None:
    """Whatever the size, the screen has as many lines as the terminal, and none is wider."""
    for width in (1, 13, 40, 60, 80, 200):
        for height in (1, 2, 5, 13, 20, 50):
            lines = screen_view.render_screen(MOMENTS[title], width, height)
            assert (height, True) == (len(lines), all(line.cell_len <= width for line in lines)), (width, height)


def test_the_current_step_is_seen() -> None:
    """From six lines on, the title of the step that is looked at is on the screen, however long what is told of it."""
    for height in range(6, 40):
        assert any("Join the workers" in line for line in shown(scenarios.LONG, 60, height)), height


def test_brackets() -> None:
    """What looks like markup is shown as it stands."""
    odd = replace(scenarios.NOT_WORKERS, observed="[bold]node3[/] is [a] manager")
    assert "       on node1  [bold]node3[/] is [a] manager" in shown(scenarios.watch(scenarios.INIT, odd), 80, 24)
