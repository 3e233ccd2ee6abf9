"""Run the benchmarks and print the table."""

from __future__ import annotations

import os
import sys
import tempfile

from tests.bench import check_and_verify, docker_driver, grade, reports, site, uml_driver, watch
from tests.bench.timing import print_table


def main() -> None:
    """Run all benchmarks, or those named as arguments; `--from-scratch` rebuilds all images of labs first."""
    from_scratch = "--from-scratch" in sys.argv
    benchmarks = {
        "docker": lambda: docker_driver.measure_docker_driver(from_scratch),
        "uml": lambda: uml_driver.measure_uml_driver(from_scratch),
        "watch": watch.measure_watch,
        "labs": check_and_verify.measure_check_and_verify,
        "site": site.measure_site,
        "grade": grade.measure_grading,
        "reports": reports.measure_reports,
    }
    rows, notes = [], []
    for name in [name for name in benchmarks if name in sys.argv] or benchmarks:
        more_rows, more_notes = benchmarks[name]()
        rows += more_rows
        notes += more_notes
    print_table(rows, notes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        # Locks and logs of the benchmark are not part of the user's state.
        os.environ["XDG_STATE_HOME"] = folder
        main()
