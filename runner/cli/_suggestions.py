"""Says what to type next."""

from __future__ import annotations

from rich.text import Text

from runner.cli import _console
from runner.lessons import catalog
from runner.lessons.model import Lab, Step


def suggest_step(lab: Lab, step: Step) -> None:
    """Print the step to go on with, how to read it and how to get help with it."""
    words = [(f"labs {verb} {lab.name} {step.id}", about) for verb, about in (("show", "read it"), ("hint", "a nudge"))]
    print_commands(words, f"Next: {step.title}")


def suggest_next_lab(lab: Lab) -> None:
    """Print where to go on once all of a lab is done: the labs that build on it."""
    following = [one for one in catalog.load_valid_labs() if lab.name in one.lesson.prerequisites]
    if following:
        print_commands([(f"labs start {one.name}", one.lesson.title) for one in following], "Next, another lab:")
    else:
        print_commands([("labs list", "the labs there are")], "Next, another lab:")


def print_commands(commands: list[tuple[str, str]], lead: str = "") -> None:
    """Print what to type, each with what it is for."""
    out = _console.get_stdout()
    if lead:
        out.print(Text(lead, style="bold"), soft_wrap=True)
    width = max(len(command) for command, _ in commands)
    for command, about in commands:
        out.print(Text.assemble("  ", (f"{command:<{width}}", "cyan"), f"  {about}"), soft_wrap=True)
