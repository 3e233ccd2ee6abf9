"""`labs start`."""

from __future__ import annotations

import time

import click

from runner.cli import _console, _image_offer, _options, _progress
from runner.clusters import lifecycle, selection
from runner.clusters.lifecycle import StartResult
from runner.errors import HostError, UsageError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId
from runner.progress.model import Progress
from runner.session import Session


@click.command("start")
@_options.optional_lab_argument
@_options.driver_option
@_options.learner_options
@click.option("--keep", is_flag=True, help="If the start fails, keep the nodes for inspection.")
def command(lab: str | None, driver: str | None, learner: str | None, seed: str | None, keep: bool) -> int:
    """Start a lab's nodes, or resume stopped ones.

    The nodes are containers on your Docker Engine if it can run the lab, and user-mode Linux VMs otherwise; a line of
    output says which, and why. Builds or pulls missing images first, or offers to download them if LABS_BUNDLES_URL is
    set and none are there yet. If a start fails or is interrupted, it removes everything it created.

    In some labs, names, ports or numbers differ for each learner. With --learner, the lesson and its checks use that
    learner's values, in all commands, until you name another learner. --learner '' restores the default values.

    \b
    Examples:
      labs start swarm-basics
      labs start                                   after 'labs stop', if only one lab is started
      labs start swarm-basics --keep               inspect what a failed start left
      labs start swarm-basics --learner ada --seed autumn
      labs start swarm-basics --driver uml         VMs, without Docker
      DOCKER_HOST=ssh://me@server labs start swarm-basics
    """
    start_time = time.monotonic()
    session = _progress.create_session()
    name = lab or _require_started_lab(session)
    named_learner = _options.parse_learner(learner, seed)
    before = session.load_progress(name)
    loaded_lab = session.load_lab(name, before.learner if named_learner is None else named_learner)
    outcome, progress = start_lab(session, loaded_lab, driver, keep=keep)
    if named_learner is not None:
        progress = _progress.record_learner(name, named_learner)
    _print_outcome(loaded_lab, outcome, time.monotonic() - start_time)
    _print_values(loaded_lab, outcome, before)
    _suggest_commands(loaded_lab, outcome, progress)
    return 0


def start_lab(
    session: Session, lab: Lab, driver: str | None = None, *, keep: bool = False
) -> tuple[StartResult, Progress]:
    """Start or resume a lab's nodes, print which driver is used and why, and record the start.

    Args:
        session: The session, whose survey shows whether the lab is started already.
        lab: The lab.
        driver: The name of the requested driver, if any.
        keep: Keep what a failed start created.

    Returns:
        How the nodes were started, and the learner's progress after that.

    Raises:
        UsageError: There is no such driver.
        HostError: The host cannot run the lab, or a node did not become ready.
        BrokenLabError: The lab's setup failed.

    """
    cluster = session.cluster_survey.find_cluster(ClusterId(lab.name))
    choice = selection.choose_driver(lab, driver, cluster)
    if not (cluster and cluster.is_fully_running):
        line = f"Driver {choice.driver.name}: {choice.reason}."
        _console.get_stderr().print(line, style="dim", soft_wrap=True, markup=False)
    reporter = _console.create_status_reporter()
    if not cluster:
        _image_offer.offer_bundle(choice.driver, reporter)
    outcome = lifecycle.start(choice.driver, lab, ClusterId(lab.name), reporter, keep=keep, known_cluster=cluster)
    record = _progress.record_fresh_cluster if outcome is StartResult.FRESH else _progress.record_lab_used
    return outcome, record(lab.name)


def _require_started_lab(session: Session) -> str:
    try:
        return session.require_started_lab_name("labs start")
    except HostError:
        # The user must name a lab first, even if an engine does not answer.
        raise UsageError("Which lab?", "Run 'labs start LAB'. 'labs list' shows the labs.") from None


def _print_outcome(lab: Lab, outcome: StartResult, seconds: float) -> None:
    nodes = ", ".join(lab.lesson.topology.node_names)
    lines = {
        StartResult.FRESH: f"Started {lab.name} in {seconds:.1f} s: {nodes}.",
        StartResult.RESUMED: f"Resumed {lab.name} in {seconds:.1f} s: {nodes}.",
        StartResult.ALREADY_RUNNING: f"{lab.name} is already running: {nodes}.",
    }
    console = _console.get_stdout()
    console.print(f"[bold green]{lines[outcome]}[/]")
    if outcome is StartResult.RESUMED:
        console.print("  Services take a few seconds to come back. Standalone containers may need 'docker start'.")


def _print_values(lab: Lab, outcome: StartResult, before: Progress) -> None:
    console = _console.get_stdout()
    is_changed = lab.learner != before.learner
    if lab.learner:
        _progress.print_learner_values(lab)
    elif is_changed:
        console.print("  No learner: using the default values.")
    if is_changed and outcome is not StartResult.FRESH:
        console.print(f"  Earlier work on the nodes is kept. 'labs check {lab.name}' shows what still counts.")


def _suggest_commands(lab: Lab, outcome: StartResult, progress: Progress) -> None:
    name, first_node = lab.name, lab.lesson.topology.node_names[0]
    commands = [
        (f"labs show {name}", "read the lesson"),
        (f"labs shell {first_node}", f"open a terminal on {first_node}"),
        (f"labs check {name}", "check your progress"),
        (f"labs watch {name}", "check it live, in another terminal"),
    ]
    step = progress.find_first_step_never_passed(lab.lesson)
    if outcome is StartResult.FRESH and progress.count_passed_steps(lab.lesson) and step:
        commands.append((f"labs goto {name} {step.id}", "skip to where you were before"))
    _console.print_suggested_commands(commands, "Next:")
