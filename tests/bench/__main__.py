"""Run the benchmarks and print the table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile

from tests.bench import check_and_verify, docker_driver, grade, reports, site, uml_driver, watch
from tests.bench.timing import print_table


def main() -> None:
    """Run all benchmarks, or those named as arguments."""
    arguments = _parse_arguments()
    benchmarks = {
        "docker": lambda: docker_driver.measure_docker_driver(arguments.from_scratch),
        "uml": lambda: uml_driver.measure_uml_driver(arguments.from_scratch),
        "watch": watch.measure_watch,
        "labs": check_and_verify.measure_check_and_verify,
        "site": site.measure_site,
        "grade": grade.measure_grading,
        "reports": reports.measure_reports,
    }
    if unknown := {*arguments.benchmarks} - {*benchmarks}:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}. Choose from: {', '.join(benchmarks)}.")
    rows, notes = [], []
    for name in arguments.benchmarks or benchmarks:
        more_rows, more_notes = benchmarks[name]()
        rows += more_rows
        notes += more_notes
    print_table(rows, notes)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help="run only these, such as 'docker' or 'uml'")
    parser.add_argument("--from-scratch", action="store_true", help="rebuild all images of labs first")
    return parser.parse_args()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        # Locks and logs of the benchmark are not part of the user's state.
        os.environ["XDG_STATE_HOME"] = folder
        main()
