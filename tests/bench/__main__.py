"""Measures everything and prints the table."""

from __future__ import annotations

import os
import sys
import tempfile

from tests.bench import course, docker_driver, grade, reports, site, uml_driver, watch
from tests.bench.timing import show


def main() -> None:
    """Measure all, or what is named; with `--from-nothing` all images of labs are removed and made anew first."""
    anew = "--from-nothing" in sys.argv
    parts = {
        "docker": lambda: docker_driver.measure(anew),
        "uml": lambda: uml_driver.measure(anew),
        "watch": watch.measure,
        "course": course.measure,
        "site": site.measure,
        "grade": grade.measure,
        "reports": reports.measure,
    }
    rows, notes = [], []
    for name in [name for name in parts if name in sys.argv] or parts:
        more, told = parts[name]()
        rows += more
        notes += told
    show(rows, notes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        # Locks and logs of a bench are nobody's state.
        os.environ["XDG_STATE_HOME"] = folder
        main()
