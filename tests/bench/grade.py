"""Benchmark `labs grade`: one submission against the same commands by hand, and a class against one submission."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runner.checking.parallel_verify import LabOnDriver, choose_max_parallel
from runner.clusters import lookup
from runner.drivers.uml import diagnostics
from runner.lessons import catalog
from runner.lessons.player import LessonPlayer
from tests.bench import BENCH_LAB, ROUNDS
from tests.bench.generated_submissions import list_commands, write_submissions
from tests.bench.timing import Row, measure_seconds, print_status, run_labs
from tests.support.helpers import CHECKOUT

CLASS_SIZE, SMALL_LAB = 20, "ladder"


def measure_grading() -> tuple[list[Row], list[str]]:
    """Measure one submission on both drivers, and a class on the driver that isolates submissions."""
    run_labs("rm", "--all")
    rows = [_measure_one_submission(driver) for driver in ("docker", "uml")]
    os.environ["LABS_ROOT"] = str(CHECKOUT / "tests" / "tree")
    try:
        row, note = _measure_class()
    finally:
        del os.environ["LABS_ROOT"]
    return [*rows, row], [note]


def _measure_one_submission(driver: str) -> Row:
    print_status(f"grade: one submission of {BENCH_LAB}, on {driver} ...")
    with tempfile.TemporaryDirectory() as name:
        folder = write_submissions(Path(name), catalog.load_lab(BENCH_LAB), 1) / "s0"
        # Prepare images and caches first, so that neither of the two measurements includes that.
        run_labs("start", BENCH_LAB, "--driver", driver)
        run_labs("rm", BENCH_LAB)
        manual_seconds = measure_seconds(lambda: _grade_by_hand(driver))
        labs_seconds = measure_seconds(lambda: run_labs("grade", str(folder), "--driver", driver, "--force"))
    return Row(
        f"{driver}: labs grade, one of {BENCH_LAB}", labs_seconds, "start, typing, check, rm", manual_seconds, "<= 1.1x"
    )


def _grade_by_hand(driver: str) -> None:
    """Do the work of a grading: run all commands without pauses, then check once."""
    run_labs("start", BENCH_LAB, "--driver", driver)
    player = LessonPlayer(lookup.survey_clusters().require_running_cluster(BENCH_LAB))
    for result in player.play_commands([command for _, command in list_commands(catalog.load_lab(BENCH_LAB))]):
        if result.mismatch:
            raise SystemExit(f"{result.node}: {result.script}\n{result.mismatch}\n{result.output}")
    run_labs("check", BENCH_LAB, "--patience", "20")
    run_labs("rm", BENCH_LAB)


def _measure_class() -> tuple[Row, str]:
    lab = catalog.load_lab(SMALL_LAB)
    with tempfile.TemporaryDirectory() as name:
        folder = write_submissions(Path(name), lab, CLASS_SIZE)
        jobs = choose_max_parallel([LabOnDriver(lab, "uml")] * CLASS_SIZE, diagnostics.measure_free_memory)
        print_status(f"grade: one submission of {SMALL_LAB}, {ROUNDS} rounds ...")
        single = sorted(
            measure_seconds(lambda: run_labs("grade", str(folder / "s0"), "--force")) for _ in range(ROUNDS)
        )[ROUNDS // 2]
        print_status(f"grade: a class of {CLASS_SIZE}, {jobs} at a time ...")
        began = time.perf_counter()
        memory = _measure_memory_per_submission([sys.executable, "-m", "runner", "grade", str(folder), "--force"])
        duration = time.perf_counter() - began
    quarter, end = memory[CLASS_SIZE // 4 - 1], memory[-1]
    label, baseline = f"uml: a class of {CLASS_SIZE} of {SMALL_LAB}, {jobs} at a time", f"one x {CLASS_SIZE} / {jobs}"
    return Row(label, duration, baseline, single * CLASS_SIZE / jobs, "<= 1.15x"), (
        f"grade, a class: the process labs grade used {quarter:.1f} MB after {CLASS_SIZE // 4} submissions, "
        f"and {end:.1f} MB after all {CLASS_SIZE} (resident; goal: no growth)."
    )


def _measure_memory_per_submission(argv: list[str]) -> list[float]:
    """Run a grading and return the resident MB of its process after each submission."""
    memory = []
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("✓"):
                text = Path(f"/proc/{process.pid}/status").read_text("ascii")
                memory.append(int(text.partition("VmRSS:")[2].split()[0]) / 1024)
    if process.returncode or len(memory) != CLASS_SIZE:
        raise SystemExit(
            f"labs grade exited with {process.returncode} after {len(memory)} of {CLASS_SIZE} submissions."
        )
    return memory
