"""`labs site serve` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.support import helpers


def test_live_pages(tmp_path: Path) -> None:
    """`labs site serve` sends pages the progress, and rebuilds when a lesson or its learner changes."""
    front = helpers.FRONT_MATTER.replace("images: []\n", "images: []\nvalues: {PORT: {from: 8000, to: 8999}}\n")
    folder = helpers.write_lab(tmp_path, f"{front}## Look {{#look}}\nPort <PORT>.\n")
    argv = [sys.executable, "-u", "-m", "runner", "site", "serve", "--port", "0"]
    environment = helpers.build_environment(tmp_path)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(argv, cwd=tmp_path, env=environment, **pipes) as running:  # type: ignore[call-overload]
        try:
            address = running.stdout.readline().split()[4]
            with urllib.request.urlopen(f"{address}tiny/look.html", timeout=10) as answer:
                assert b"data-live" in answer.read()
            with urllib.request.urlopen(f"{address}.live", timeout=30) as stream:
                helpers.run_python(
                    tmp_path, "-c", "from runner.progress import store; store.record_steps_passed('tiny', ['look'])"
                )
                assert b'data: {"tiny": ["look"]}\n' in iter(stream.readline, b"")
            (folder / "lesson.md").write_text(f"{front}## Look {{#look}}\nMore: port <PORT>.\n", "utf-8")
            assert "Rebuilt: 3 files changed.\n" == running.stdout.readline()
            named = "from runner.progress import store; from runner.lessons.learner_values import Learner"
            helpers.run_python(tmp_path, "-c", f"{named}; store.record_learner('tiny', Learner('ada', 'autumn'))")
            assert "Rebuilt: 3 files changed.\n" == running.stdout.readline()
            with urllib.request.urlopen(f"{address}tiny/look.html", timeout=10) as answer:
                assert b"port 8561." in answer.read()
            (folder / "lesson.md").write_text(f"{helpers.FRONT_MATTER}## Look\n", "utf-8")
            assert "The site was not built because of 1 problem:\n" == running.stdout.readline()
            running.send_signal(signal.SIGINT)
            assert running.communicate(timeout=60)[0].endswith("Interrupted.\n")
        finally:
            running.kill()
    assert 130 == running.returncode
