"""`labs site`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import _console, _reference
from runner.errors import BrokenLabError


@click.group("site")
def command() -> None:
    """Build a web site from the lessons, or serve it on this computer.

    \b
    Examples:
      labs site serve            read the lessons in a browser, with your progress
      labs site build            write the pages to a folder, for any web server
    """


@command.command("build", short_help="Write the lessons as a static web site.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("_site"),
    show_default=True,
    metavar="DIR",
    help="The folder to write to: empty, missing, or an earlier build.",
)
@click.option(
    "--url", default="", metavar="URL", help="The address of the published site; adds a sitemap and link previews."
)
def build_static_site(out: Path, url: str) -> int:
    """Write the lessons as a static web site; only pages that changed are written.

    The site of the built-in labs also contains the documentation; that of other labs (--labs) only their lessons.

    \b
    Examples:
      labs site build
      labs site build --out public --url https://example.org/labs
    """
    from runner.site_builder import build as builder

    result = builder.build_site(out, url=url, generated_docs=_reference.render_generated_docs())
    changes = f"{result.changed_count} written, {result.removed_count} removed"
    line = f"Built {result.file_count} files in {out}: {changes}. Open {out / 'index.html'}."
    _console.get_stdout().print(line, markup=False)
    return 0


@command.command("serve", short_help="Serve the lessons on this computer.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4321,
    show_default=True,
    metavar="N",
    help="The port on the loopback address; 0 for any free port.",
)
def serve_lessons(port: int) -> int:
    """Serve the lessons on this computer until Ctrl-C, and rebuild pages when a lesson changes.

    The pages mark steps as passed when 'labs check' sees them pass, and show the values that 'labs start' drew.

    \b
    Examples:
      labs site serve
      labs site serve --port 0
    """
    import tempfile
    import threading

    from runner import paths
    from runner.site_builder import build as builder
    from runner.site_builder import progress_reader
    from runner.site_builder.live_server import LiveUpdates, serve_site_in_background, watch_folders

    updates, learners = LiveUpdates(), progress_reader.load_learners_by_lab()
    with (
        tempfile.TemporaryDirectory(prefix="labs-site-") as folder,
        serve_site_in_background(Path(folder), port, updates) as address,
    ):
        generated_docs = _reference.render_generated_docs()
        builder.build_site(Path(folder), live=True, generated_docs=generated_docs)
        _console.get_stdout().print(f"Serving the lessons at {address}  (Ctrl-C to stop)")

        def rebuild() -> None:
            try:
                result = builder.build_site(Path(folder), live=True, generated_docs=generated_docs)
            except BrokenLabError as error:
                _console.get_stderr().print(error.message, style="red", markup=False, soft_wrap=True)
                return
            _console.get_stderr().print(f"Rebuilt: {result.changed_count} files changed.")
            updates.announce_rebuild()

        def poll() -> None:
            nonlocal learners
            if (current_learners := progress_reader.load_learners_by_lab()) != learners:
                learners = current_learners
                rebuild()
            updates.announce_progress(progress_reader.load_passed_step_ids_by_lab())

        folders = [paths.labs_folder(), paths.checks_folder(), paths.site_folder(), paths.docs_folder()]
        watch_folders(folders, rebuild, poll, threading.Event())
    return 0
