"""The worker process that runs checks for `labs watch`, so that they are imported only once.

`check_client` starts it as `python -m runner.watch.check_worker LAB`. Each line of its standard input is a request for
one run, each line of its standard output is the response, both as JSON.
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

# Does not wait for the cluster to settle: the watch soon runs the checks again.
_SETTLE_TIMEOUT_SECONDS = 0.0


def handle_check_request(lab: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run the requested checks, and return their report, or the error that prevented them, as plain data."""
    steps = None if request["steps"] is None else frozenset(request["steps"])
    try:
        cluster = lookup.survey_clusters().require_running_cluster(lab)
        check_request = CheckRequest(
            _load_lab(lab), cluster, steps, settle_timeout=_SETTLE_TIMEOUT_SECONDS, keep_connections=True
        )
        return {"report": run_checks.run_checks(check_request).to_json_dict()}
    except LabsError as error:
        return {"message": error.message, "advice": error.advice}


def _load_lab(name: str) -> Lab:
    try:
        return store.load_lab_for_recorded_learner(name)
    except OSError:
        # Without readable progress the learner's values are unknown; like `labs check`, use the default values.
        return catalog.load_lab(name)


def main() -> None:
    """Answer requests until the input ends."""
    # Checks may print. Only the responses may go to standard output, so everything else goes to standard error.
    responses = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        responses.write(json.dumps(handle_check_request(sys.argv[1], json.loads(line))) + "\n")
        responses.flush()


if __name__ == "__main__":
    main()
