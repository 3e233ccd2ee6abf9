"""`labs site`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import _console
from runner.errors import BrokenLabError


@click.group("site")
def command() -> None:
    """Make web pages of the lessons, or show them in a browser.

    \b
    Examples:
      labs site serve            read the lessons in a browser, your progress beside them
      labs site build            write the pages to a folder, to be published anywhere
    """


@command.command("build")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("_site"),
    show_default=True,
    metavar="DIR",
    help="The folder to write to; empty, missing, or an earlier build.",
)
@click.option("--url", default="", metavar="URL", help="Where it will be published; gives a site map and cards.")
def build(out: Path, url: str) -> int:
    """Write the lessons as a web site that needs no server: only what has changed is written.

    \b
    Examples:
      labs site build
      labs site build --out public --url https://example.org/labs
    """
    from runner.site_builder import build as builder

    written = builder.build_site(out, url=url)
    told = f"{written.changed} written, {written.removed} removed"
    said = f"The site of {written.files} files is in {out}: {told}. Open {out / 'index.html'}."
    _console.out().print(said, markup=False)
    return 0


@command.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4321,
    show_default=True,
    metavar="N",
    help="The port on loopback; 0 for any that is free.",
)
def serve(port: int) -> int:
    """Show the lessons in a browser on this machine, until Ctrl-C; pages follow when a lesson is changed.

    Steps that 'labs check' has seen pass are marked as it sees them, and values are those that 'labs start' has drawn.

    \b
    Examples:
      labs site serve
      labs site serve --port 0
    """
    import tempfile
    import threading

    from runner import paths
    from runner.site_builder import build as builder
    from runner.site_builder import live_progress
    from runner.site_builder.live_server import LiveUpdates, serve_site, watch_folders

    news, whose = LiveUpdates(), live_progress.load_learners()
    with tempfile.TemporaryDirectory(prefix="labs-site-") as folder, serve_site(Path(folder), port, news) as address:
        builder.build_site(Path(folder), live=True)
        _console.out().print(f"The lessons are at {address}  (Ctrl-C ends it)")

        def rebuild() -> None:
            try:
                written = builder.build_site(Path(folder), live=True)
            except BrokenLabError as error:
                _console.err().print(error.message, style="red", markup=False, soft_wrap=True)
                return
            _console.err().print(f"Built again: {written.changed} files are new.")
            news.announce_rebuild()

        def look_again() -> None:
            nonlocal whose
            if (now := live_progress.load_learners()) != whose:
                whose = now
                rebuild()
            news.announce_progress(live_progress.load_passed_steps())

        sources = [paths.labs_folder(), paths.checks_folder(), paths.site_folder()]
        watch_folders(sources, rebuild, look_again, threading.Event())
    return 0
