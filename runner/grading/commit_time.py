"""The time of the last commit of an untrusted git repository."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

# A submitted repository must not run programs here: not by its configuration, and not to fetch what it lacks.
_SAFE_SETTINGS = ("-c", "log.showSignature=false", "-c", "core.fsmonitor=false")
_SAFE_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
_SECONDS = 30


def read_commit_time(folder: Path) -> datetime | None:
    """Return the time of the last commit of a repository, as the learner's clock gave it; None if there is none."""
    argv = ["git", "--no-pager", *_SAFE_SETTINGS, "-C", str(folder), "log", "-1", "--format=%ct"]
    try:
        result = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **_SAFE_ENVIRONMENT},
        )
        return datetime.fromtimestamp(int(result.stdout), UTC)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
