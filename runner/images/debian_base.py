"""The Debian base: where its packages come from, whom it trusts, and how it is made without a registry."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from runner import paths
from runner.errors import HostError
from runner.status import DetailCallback

RELEASE = "trixie"
SOURCES_FILE = "sources/sources.list"
_EXTRA_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def sources() -> str:
    """Return the apt sources for the base, on the mirrors that this machine itself is set up with.

    Empty where the machine is no Debian: the base then keeps the mirrors it came with.
    """
    if not shutil.which("apt-get"):
        return ""
    argv = ["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()
    uris: dict[str, str] = {}
    for line in listed:
        label, _, uri = line.partition("|")
        # A mirror list, a disc or a local file means nothing inside an image.
        if uri.startswith(("http://", "https://")):
            uris.setdefault(label, uri)
    lines = []
    if "Debian" in uris:
        lines += [f"deb {uris['Debian']} {suite} main" for suite in (RELEASE, f"{RELEASE}-updates")]
    if "Debian-Security" in uris and lines:
        lines.append(f"deb {uris['Debian-Security']} {RELEASE}-security main")
    return "".join(f"{line}\n" for line in lines)


def certificates() -> dict[str, bytes]:
    """Return the certificates this machine trusts beyond Debian's own, by file name."""
    return {path.name: path.read_bytes() for path in sorted(_EXTRA_CERTIFICATES.rglob("*.crt"))}


def ingredients() -> str:
    """Return a hash of all that this machine adds to the base."""
    content = hashlib.sha256(sources().encode())
    for name, data in certificates().items():
        content.update(name.encode() + b"\0" + data)
    return content.hexdigest()


def extra_files() -> dict[str, bytes]:
    """Return what this machine adds to the base recipe's folder, by name; a folder's name ends in a slash."""
    extra = {"certificates/": b"", "sources/": b""}
    extra |= {f"certificates/{name}": data for name, data in certificates().items()}
    given = sources()
    if given:
        extra[SOURCES_FILE] = given.encode()
    return extra


def proxies() -> dict[str, str]:
    """Return the build arguments that lead through this machine's proxy."""
    return {name: os.environ[name] for name in _PROXIES if name in os.environ}


def bootstrap(tell: DetailCallback) -> Path:
    """Make a Debian root file system with mmdebstrap.

    Args:
        tell: Told what mmdebstrap does.

    Returns:
        A tar archive, which the caller deletes.

    Raises:
        HostError: mmdebstrap is missing or failed.

    """
    if not shutil.which("mmdebstrap"):
        raise HostError(
            "No image registry answers, and mmdebstrap, which makes the images without one, is not installed.",
            "Type 'sudo apt-get install mmdebstrap', then the same command again.",
        )
    paths.cache_folder().mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".tar", prefix="root-", dir=paths.cache_folder())
    os.close(handle)
    target = Path(name)
    try:
        _mmdebstrap(target, tell)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _walled() -> list[str]:
    """Return what lets mmdebstrap end when we do, and take its mounts along.

    Root's mmdebstrap mounts this machine's own `/dev/shm` and more below `/tmp`. Killed, it would leave them there, and
    whoever then clears `/tmp` would delete what is in them. An ordinary user's has namespaces of its own in any case.
    """
    if not shutil.which("setpriv") or not shutil.which("unshare"):
        return []
    return ["setpriv", "--pdeathsig", "TERM", *(["unshare", "--mount"] if os.geteuid() == 0 else [])]


def _mmdebstrap(target: Path, tell: DetailCallback) -> None:
    options = ["--variant=minbase", "--format=tar", '--aptopt=Acquire::Languages "none"']
    options.append('--aptopt=Acquire::Check-Valid-Until "false"')
    options += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]
    options.append('--customize-hook=rm -rf "$1"/var/lib/apt/lists/*')
    given = sources()
    argv = [*_walled(), "mmdebstrap", *options, RELEASE, str(target), *(["-"] if given else [])]
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    assert process.stdin is not None
    assert process.stderr is not None
    said = []
    try:
        with contextlib.suppress(BrokenPipeError):
            # It has ended already; its status and last lines say why.
            process.stdin.write(given)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        for line in process.stderr:
            said.append(line)
            if line.startswith("I: "):
                tell(line[3:].strip())
        status = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if status:
        raise HostError(
            f"mmdebstrap could not make the Debian base (exit status {status}).",
            "Type 'sudo apt-get update' and the same command again; the lines above say what stopped it.",
            "".join(said[-20:]),
        )
