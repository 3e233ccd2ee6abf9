"""Measures everything and prints the table."""

from __future__ import annotations

import os
import sys
import tempfile

from tests.bench import docker_driver, uml_driver
from tests.bench.tools import show


def main() -> None:
    """Measure; with `--from-nothing` all images of labs are removed and made anew first."""
    anew = "--from-nothing" in sys.argv
    wanted = [name for name in ("docker", "uml") if name in sys.argv] or ["docker", "uml"]
    rows, notes = [], []
    for name, measure in (("docker", docker_driver.measure), ("uml", uml_driver.measure)):
        if name in wanted:
            more, told = measure(anew)
            rows += more
            notes += told
    show(rows, notes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        # Locks and logs of a bench are nobody's state.
        os.environ["XDG_STATE_HOME"] = folder
        main()
