"""`labs grade`: one submission beside its commands typed by hand, and a class beside one submission."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runner.checking.parallel_verify import VerifyJob, choose_job_count
from runner.clusters import lookup
from runner.drivers.uml import diagnostics
from runner.lessons import catalog
from runner.lessons.player import LessonPlayer
from tests.bench import LAB, ROUNDS
from tests.bench.generated_submissions import commands, write
from tests.bench.timing import Row, labs, say, seconds
from tests.helpers import CHECKOUT

CLASS, SMALL = 20, "ladder"


def measure() -> tuple[list[Row], list[str]]:
    """Measure one submission on both drivers, and a class on the one that strangers are graded on."""
    labs("rm", "--all")
    rows = [_one(driver) for driver in ("docker", "uml")]
    os.environ["LABS_ROOT"] = str(CHECKOUT / "tests" / "tree")
    try:
        row, note = _class()
    finally:
        del os.environ["LABS_ROOT"]
    return [*rows, row], [note]


def _one(driver: str) -> Row:
    say(f"grade: one submission of {LAB}, on {driver} ...")
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), catalog.load_lab(LAB), 1) / "s0"
        # So that neither has anything to prepare that the other finds done.
        labs("start", LAB, "--driver", driver)
        labs("rm", LAB)
        theirs = seconds(lambda: _by_hand(driver))
        ours = seconds(lambda: labs("grade", str(folder), "--driver", driver, "--anew"))
    return Row(f"{driver}: labs grade, one of {LAB}", ours, "start, typing, check, rm", theirs, "<= 1.1x")


def _by_hand(driver: str) -> None:
    """Do what a grading does: with nothing between the commands, and no check before all are typed."""
    labs("start", LAB, "--driver", driver)
    player = LessonPlayer(lookup.survey_clusters().require_running_cluster(LAB))
    for typed in player.play_commands([command for _, command in commands(catalog.load_lab(LAB))]):
        if typed.mismatch:
            raise SystemExit(f"{typed.node}: {typed.script}\n{typed.mismatch}\n{typed.output}")
    labs("check", LAB, "--patience", "20")
    labs("rm", LAB)


def _class() -> tuple[Row, str]:
    lab = catalog.load_lab(SMALL)
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), lab, CLASS)
        jobs = choose_job_count([VerifyJob(lab, "uml")] * CLASS, diagnostics.measure_free_memory)
        say(f"grade: one submission of {SMALL}, {ROUNDS} rounds ...")
        alone = sorted(seconds(lambda: labs("grade", str(folder / "s0"), "--anew")) for _ in range(ROUNDS))[ROUNDS // 2]
        say(f"grade: a class of {CLASS}, {jobs} at a time ...")
        began = time.perf_counter()
        held = _memory_while([sys.executable, "-m", "runner", "grade", str(folder), "--anew"])
        taken = time.perf_counter() - began
    quarter, end = held[CLASS // 4 - 1], held[-1]
    what, beside = f"uml: a class of {CLASS} of {SMALL}, {jobs} at a time", f"one x {CLASS} / {jobs}"
    return Row(what, taken, beside, alone * CLASS / jobs, "<= 1.15x"), (
        f"grade, a class: labs grade itself held {quarter:.1f} MB after {CLASS // 4} submissions, and {end:.1f} MB "
        f"after all {CLASS} (resident, of its own process; goal: flat)."
    )


def _memory_while(argv: list[str]) -> list[float]:
    """Run a grading and return the MB that its process holds each time that a submission is done."""
    held = []
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("✓"):
                text = Path(f"/proc/{process.pid}/status").read_text("ascii")
                held.append(int(text.partition("VmRSS:")[2].split()[0]) / 1024)
    if process.returncode or len(held) != CLASS:
        raise SystemExit(f"labs grade ended with {process.returncode}, after {len(held)} of {CLASS} submissions.")
    return held
