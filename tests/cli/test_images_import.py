"""`labs images import` and the offer to download images, as processes that are interrupted and on a terminal."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import minisign
import pytest

from runner.drivers.uml import export
from runner.images import bundle
from runner.status import NullReporter
from tests.support import helpers
from tests.support.file_server import FileServer
from tests.support.pseudo_terminal import PseudoTerminal
from tests.unit.drivers.uml.test_artifacts import build_artifacts

KEY_PAIR = minisign.KeyPair.generate()
KEY = KEY_PAIR.public_key.to_base64().decode()
BREAK = 1 << 19


@pytest.fixture
def bundle_path() -> str:
    """Return the path of the bundle on the server, which has the name that downloads look for."""
    return f"/{bundle.format_bundle_name(export.describe_target())}"


@pytest.fixture
def server(bundle_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Serve a small signed bundle of the uml driver, which was exported on another host."""
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    helpers.isolate_environment(monkeypatch, tmp_path / "other-host")
    (build_artifacts([]).registry_folder / "large").write_bytes(os.urandom(2 * BREAK))
    file = tmp_path / "labs.tar.gz"
    export.export_artifacts(file, NullReporter())
    content = file.read_bytes()
    checksum = f"{hashlib.sha256(content).hexdigest()}  labs.tar.gz\n".encode()
    files = {bundle_path: content, f"{bundle_path}.sha256": checksum}
    files[f"{bundle_path}.minisig"] = bytes(KEY_PAIR.secret_key.sign(content))
    with FileServer(files) as running:
        yield running


def list_artifacts(folder: Path) -> list[Path]:
    """Return the folders of artifacts in the cache, complete or not."""
    return [path for path in (folder / "cache_home" / "labs" / "uml").glob("*") if path.is_dir()]


def test_import_from_folder_url(server: FileServer, tmp_path: Path) -> None:
    """With a folder's URL, the command downloads the bundle with the right name, and says what was verified."""
    result = helpers.run_labs(
        tmp_path, "images", "import", server.url("/"), "--driver", "uml", "--public-key", KEY, LABS_DRIVER="uml"
    )
    assert 0 == result.returncode, result.stderr
    assert "The images are ready (driver uml). 'labs start LAB --driver uml' uses them.\n" in result.stdout
    assert f"It is signed with the public key {KEY}.\n" in result.stdout
    assert 1 == len(list_artifacts(tmp_path))


def test_interrupted_import(server: FileServer, bundle_path: str, tmp_path: Path) -> None:
    """After Ctrl-C nothing is imported, and the same command resumes the download where it was interrupted."""
    server.breaks, server.is_stalling = [BREAK], True
    arguments = ["images", "import", server.url(bundle_path), "--public-key", KEY]
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *arguments],
        cwd=tmp_path,
        env=helpers.build_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stalled.wait(20)
    downloads = tmp_path / "cache_home" / "labs" / "downloads"
    helpers.wait_until(lambda: any(path.stat().st_size for path in downloads.rglob("*.part")))
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=20)
    assert 130 == process.returncode
    assert errors.endswith("Interrupted.\n")
    assert [] == list_artifacts(tmp_path)
    (part,) = downloads.rglob("*.part")
    size = part.stat().st_size
    assert BREAK // 2 < size <= BREAK
    result = helpers.run_labs(tmp_path, *arguments)
    assert 0 == result.returncode, result.stderr
    assert [None, f"bytes={size}-"] == server.list_ranges(bundle_path)
    assert 1 == len(list_artifacts(tmp_path))


def test_prune(tmp_path: Path) -> None:
    """`labs images prune` removes what an interrupted download has left."""
    downloads = tmp_path / "cache_home" / "labs" / "downloads"
    (downloads / "0123456789abcdef").mkdir(parents=True)
    (downloads / "0123456789abcdef" / "labs.tar.gz.part").write_text("part")
    result = helpers.run_labs(tmp_path, "images", "prune", LABS_DRIVER="uml")
    assert 0 == result.returncode, result.stderr
    assert not downloads.exists()


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["gone.tar.gz"], "gone.tar.gz cannot be read: No such file or directory.", "'labs images export' wrote"),
        (["gone.tar.gz", "--sha256", "0" * 64], "gone.tar.gz cannot be read: No such file", "export' wrote"),
        (["."], ". cannot be read: Is a directory.", "'labs images export' wrote"),
        (["http://example.org/x"], "http://example.org/x is not encrypted", "begins with https://"),
        (["https://example.org/x"], "No public key is known", "'--sha256 HEX'"),
        (["https://example.org/x", "--sha256", "12"], "'12' is not a SHA-256 checksum.", "64 hexadecimal digits"),
        (["https://example.org/x", "--public-key", "RW"], "'RW' is not a minisign public key", "begins with RW"),
        (["--driver", "uml"], "Which image bundle?", "LABS_BUNDLES_URL"),
    ],
)
def test_usage_errors(arguments: list[str], message: str, advice: str, tmp_path: Path) -> None:
    """A missing file, an unencrypted URL, and a missing key or location are usage errors that say what to type."""
    result = helpers.run_labs(tmp_path, "images", "import", *arguments)
    assert (2, "") == (result.returncode, result.stdout)
    assert message in result.stderr
    assert advice in result.stderr


def test_export_to_missing_folder(tmp_path: Path) -> None:
    """A folder that does not exist is not taken for a file."""
    result = helpers.run_labs(tmp_path, "images", "export", "stick/", "--driver", "uml")
    assert 2 == result.returncode
    assert "stick/ is not a directory." in result.stderr
    assert not (tmp_path / "stick").exists()


def build_images_on_terminal(server: FileServer, tmp_path: Path) -> PseudoTerminal:
    """Start `labs images build` on a terminal, with the server as the configured location."""
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    # Without programs, the images cannot be built: the command ends as soon as it starts to.
    variables = {"LABS_BUNDLES_URL": server.url("/"), "LABS_BUNDLES_KEY": KEY, "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "runner", "images", "build", "tiny", "--driver", "uml"]
    return PseudoTerminal(command, helpers.build_environment(tmp_path, **variables), columns=120)


def test_offer_on_terminal(server: FileServer, tmp_path: Path) -> None:
    """On a terminal, the command asks first; Enter downloads and imports the images."""
    terminal = build_images_on_terminal(server, tmp_path)
    terminal.read_until("from 127.0.0.1? Building them takes minutes [Y/n]: ")
    assert {"HEAD"} == {request.method for request in server.requests}
    terminal.type_text("\n")
    terminal.read_until(f"It is signed with the public key {KEY}.")
    terminal.close()
    assert 1 == len(list_artifacts(tmp_path))


def test_declined_offer(server: FileServer, bundle_path: str, tmp_path: Path) -> None:
    """After a no, nothing is downloaded."""
    terminal = build_images_on_terminal(server, tmp_path)
    terminal.read_until("[Y/n]: ")
    terminal.type_text("n\n")
    assert 4 == terminal.process.wait(20)
    terminal.close()
    assert [] == server.list_ranges(bundle_path)


def test_server_without_bundle(server: FileServer, tmp_path: Path) -> None:
    """If the server does not have the bundle for this version, a note says so, and the images are built."""
    server.files.clear()
    terminal = build_images_on_terminal(server, tmp_path)
    terminal.read_until("No prebuilt images can be downloaded: There is no file at")
    assert 4 == terminal.process.wait(20)
    terminal.close()


@pytest.mark.parametrize("command", [["images", "build"], ["start"]])
def test_offer_without_terminal(command: list[str], server: FileServer, tmp_path: Path) -> None:
    """Without a terminal, a line says which command downloads the images, and nothing is sent to the server."""
    variables = {"LABS_BUNDLES_URL": server.url("/"), "LABS_BUNDLES_KEY": KEY, "PATH": str(tmp_path)}
    result = helpers.run_labs(tmp_path, *command, "tiny", "--driver", "uml", LABS_DRIVER="uml", **variables)
    assert 4 == result.returncode
    assert "run 'labs images import --driver uml'" in result.stderr
    assert [] == server.requests


@pytest.mark.parametrize("command", [["images", "build"], ["start"]])
def test_no_offer(command: list[str], tmp_path: Path) -> None:
    """Where no server is configured, nothing is offered."""
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    result = helpers.run_labs(tmp_path, *command, "tiny", "--driver", "uml", LABS_DRIVER="uml", PATH=str(tmp_path))
    assert 4 == result.returncode
    assert "prebuilt" not in result.stderr
