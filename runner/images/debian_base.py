"""The Debian base image: its package mirrors, the certificates it trusts, and how to build it without a registry."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from runner import debian_packages, paths
from runner.errors import HostError
from runner.images import recipe
from runner.status import DetailCallback

RELEASE = "trixie"
SOURCES_FILE = "sources/sources.list"
ARCHIVE_PREFIX = "base-"
_EXTRA_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_ERROR_LINES = 20


def render_apt_sources() -> str:
    """Return a `sources.list` for the base image, with the package mirrors that this host uses.

    Returns:
        Empty if this host is not a Debian system: the base image then keeps its default mirrors.

    """
    if not shutil.which("apt-get"):
        return ""
    argv = ["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    result = subprocess.run(argv, capture_output=True, encoding="utf-8", errors="replace", check=False)
    uris: dict[str, str] = {}
    for line in result.stdout.splitlines():
        label, _, uri = line.partition("|")
        # A mirror list, a disc or a local file would not work inside an image.
        if uri.startswith(("http://", "https://")):
            uris.setdefault(label, uri)
    entries = []
    if "Debian" in uris:
        entries += [f"deb {uris['Debian']} {suite} main" for suite in (RELEASE, f"{RELEASE}-updates")]
    if "Debian-Security" in uris and entries:
        entries.append(f"deb {uris['Debian-Security']} {RELEASE}-security main")
    return "".join(f"{entry}\n" for entry in entries)


def read_extra_certificates() -> dict[str, bytes]:
    """Return the certificates that this host trusts in addition to Debian's, by file name."""
    return {path.name: path.read_bytes() for path in _list_extra_certificates()}


def _list_extra_certificates() -> list[Path]:
    return sorted(_EXTRA_CERTIFICATES.rglob("*.crt"))


def hash_host_inputs() -> str:
    """Return a hash of everything that this host adds to the base image."""
    content = hashlib.sha256(render_apt_sources().encode())
    for name, data in read_extra_certificates().items():
        content.update(name.encode() + b"\0" + data)
    return content.hexdigest()


def collect_extra_files() -> dict[str, bytes]:
    """Return the files that this host adds to the base recipe's folder, by path; a folder's path ends with a slash."""
    files = {"certificates/": b"", "sources/": b""}
    files |= {f"certificates/{name}": data for name, data in read_extra_certificates().items()}
    sources = render_apt_sources()
    if sources:
        files[SOURCES_FILE] = sources.encode()
    return files


def read_proxy_build_args() -> dict[str, str]:
    """Return the build arguments for this host's HTTP proxy, from the environment."""
    return {name: os.environ[name] for name in _PROXY_VARIABLES if name in os.environ}


def bootstrap_base_archive(report_detail: DetailCallback) -> Path:
    """Create the file system of the base image with mmdebstrap, as the base recipe's Dockerfile does on a Debian image.

    Args:
        report_detail: Called with each of mmdebstrap's progress messages.

    Returns:
        A tar archive, which the caller deletes.

    Raises:
        HostError: mmdebstrap is missing or failed.

    """
    missing = debian_packages.find_missing_packages(["mmdebstrap"])
    if missing:
        raise HostError(
            "No image registry answers, and mmdebstrap, which builds images without one, is not installed.",
            f"{debian_packages.advise_installation(missing)} Then retry. Or import the images from another host with "
            "'labs images import FILE'.",
        )
    paths.cache_folder().mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".tar", prefix=ARCHIVE_PREFIX, dir=paths.cache_folder())
    os.close(handle)
    archive = Path(name)
    try:
        _run_mmdebstrap(archive, report_detail)
    except BaseException:
        archive.unlink(missing_ok=True)
        raise
    return archive


def _isolation_prefix() -> list[str]:
    """Return the command prefix that ends mmdebstrap when this process ends, and removes its mounts.

    As root, mmdebstrap mounts the host's own `/dev/shm` and more below `/tmp`. If it were killed, these mounts would
    remain, and clearing `/tmp` would delete their content. For an ordinary user mmdebstrap uses its own namespaces.
    """
    if not shutil.which("setpriv") or not shutil.which("unshare"):
        return []
    return ["setpriv", "--pdeathsig", "TERM", *(["unshare", "--mount"] if os.geteuid() == 0 else [])]


def _mmdebstrap_command(archive: Path, sources: str) -> list[str]:
    options = ["--variant=minbase", "--format=tar", '--aptopt=Acquire::Languages "none"']
    options.append('--aptopt=Acquire::Check-Valid-Until "false"')
    options += [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info")]
    options.append("--include=ca-certificates")
    options += [f"--customize-hook={hook}" for hook in _list_hooks()]
    return [*_isolation_prefix(), "mmdebstrap", *options, RELEASE, str(archive), *(["-"] if sources else [])]


def _list_hooks() -> list[str]:
    """Return the commands that complete the file system, whose path is their first argument."""
    labs_install = recipe.load_recipes()[recipe.BASE].folder / "labs-install"
    copies = {"/usr/local/sbin": [labs_install], "/usr/local/share/ca-certificates": _list_extra_certificates()}
    hooks = [f"copy-in {shlex.join(map(str, files))} {folder}" for folder, files in copies.items() if files]
    hooks.append('chmod 755 "$1"/usr/local/sbin/labs-install')
    hooks.append('chroot "$1" update-ca-certificates')
    hooks.append('rm -rf "$1"/var/lib/apt/lists/*')
    return hooks


def _run_mmdebstrap(archive: Path, report_detail: DetailCallback) -> None:
    sources = render_apt_sources()
    process = subprocess.Popen(
        _mmdebstrap_command(archive, sources),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdin is not None
    assert process.stderr is not None
    lines = []
    try:
        with contextlib.suppress(BrokenPipeError):
            # If it has ended already, its exit status and last lines say why.
            process.stdin.write(sources)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        for line in process.stderr:
            lines.append(line)
            if line.startswith("I: "):
                report_detail(line[3:].strip())
        exit_status = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if exit_status:
        raise HostError(
            f"mmdebstrap could not build the Debian base (exit status {exit_status}).",
            "See its messages above. Run 'sudo apt-get update', then retry.",
            "".join(lines[-_ERROR_LINES:]),
        )
