"""A process that runs checks whenever it is asked to, and need not import them each time.

Run as `python -m runner.watch.check_worker LAB`, which `checker` does. Each line of its input asks for a run, each line of
its output is an answer, both as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.clusters import lookup
from runner.errors import LabsError
from runner.lessons import catalog
from runner.lessons.model import Lab
from runner.progress import store

# What is still settling is looked at again soon enough.
_PATIENCE = 0.0


def answer_request(lab: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run the checks that are asked for, and return what they found as plain data."""
    steps = request["steps"]
    try:
        cluster = lookup.survey_clusters().require_running_cluster(lab)
        request = CheckRequest(_lab(lab), cluster, None if steps is None else frozenset(steps), _PATIENCE, keep_connections=True)
        return {"report": run_checks.run_checks(request).to_json()}
    except LabsError as error:
        return {"message": error.message, "advice": error.advice}


def _lab(name: str) -> Lab:
    try:
        return store.load_learner_lab(name)
    except OSError:
        # Whose values these are is not known where nothing can be kept; `labs check` goes on as well.
        return catalog.load_lab(name)


def main() -> None:
    """Answer until the input ends."""
    # What checks print is no answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        answers.write(json.dumps(answer_request(sys.argv[1], json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
