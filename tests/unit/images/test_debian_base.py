"""The Debian base image: package mirrors, certificates, and mmdebstrap if no registry answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner import paths
from runner.errors import HostError
from runner.images import debian_base, recipe
from tests.support import helpers


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search path contain only the programs that a test writes, `cat` and `sleep`."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("cat", "sleep"):
        (tmp_path / "bin" / name).symlink_to(Path("/bin") / name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(debian_base, "_EXTRA_CERTIFICATES", tmp_path / "certificates")


def apt_get(root: Path, *lines: str) -> None:
    """Write an apt-get that lists these sources."""
    listed = "\n".join(lines)
    helpers.write_script(root / "bin", "apt-get", f"cat <<'END'\n{listed}\nEND\n")


def mmdebstrap(root: Path, text: str) -> None:
    """Write an mmdebstrap script that runs `text` with the archive's path in $target."""
    helpers.write_script(
        root / "bin",
        "mmdebstrap",
        f"for path; do case $path in /*.tar) target=$path;; esac; done\n{text}\n",
    )


@pytest.mark.parametrize(
    ("lines", "sources"),
    [
        ([], ""),
        (
            ["Debian|http://mirror/debian/", "Debian-Security|http://mirror/security/"],
            "deb http://mirror/debian/ trixie main\ndeb http://mirror/debian/ trixie-updates main\n"
            "deb http://mirror/security/ trixie-security main\n",
        ),
        (
            ["Docker|https://download.docker.com/", "Debian|http://first/", "Debian|http://second/"],
            "deb http://first/ trixie main\ndeb http://first/ trixie-updates main\n",
        ),
        (["Ubuntu|http://archive.ubuntu.com/ubuntu/"], ""),
        (["Debian-Security|http://mirror/security/"], ""),
    ],
    ids=["none", "debian", "mixed", "ubuntu", "security alone"],
)
def test_sources(lines: list[str], sources: str, tmp_path: Path) -> None:
    """The base image uses only this host's Debian mirrors, with the release that labs uses."""
    apt_get(tmp_path, *lines)
    assert sources == debian_base.render_apt_sources()


def test_host_without_apt() -> None:
    """A host without apt-get provides no mirrors."""
    assert debian_base.render_apt_sources() == ""


def test_apt_get_arguments(tmp_path: Path) -> None:
    """apt-get is asked for the addresses of package lists, one per line with its label."""
    helpers.write_script(tmp_path / "bin", "apt-get", f'for argument; do echo "$argument"; done >{tmp_path}/args\n')
    debian_base.render_apt_sources()
    arguments = (tmp_path / "args").read_text().splitlines()
    assert ["indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"] == arguments


def test_certificates(tmp_path: Path) -> None:
    """The host's additional certificates are collected, also from subfolders."""
    assert {} == debian_base.read_extra_certificates()
    for name in ("b.crt", "company/a.crt", "notes.txt"):
        path = tmp_path / "certificates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert {"b.crt": b"b.crt", "a.crt": b"company/a.crt"} == debian_base.read_extra_certificates()


def test_hash_of_host_inputs(tmp_path: Path) -> None:
    """Other mirrors or other certificates change the hash."""
    hashes = {debian_base.hash_host_inputs()}
    apt_get(tmp_path, "Debian|http://mirror/")
    hashes.add(debian_base.hash_host_inputs())
    (tmp_path / "certificates").mkdir()
    for content in ("one", "two"):
        (tmp_path / "certificates" / "a.crt").write_text(content)
        hashes.add(debian_base.hash_host_inputs())
    assert 4 == len(hashes)


def test_proxy_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds use this host's proxy, if it has one."""
    for name in debian_base._PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert {} == debian_base.read_proxy_build_args()
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    assert {"https_proxy": "http://proxy:3128"} == debian_base.read_proxy_build_args()


def test_without_mmdebstrap() -> None:
    """If mmdebstrap is missing, the error says how to install it."""
    with pytest.raises(HostError, match=r"mmdebstrap.* is not installed") as caught:
        debian_base.bootstrap_base_archive(print)
    assert "debian-archive-keyring" in caught.value.advice
    assert "Then retry." in caught.value.advice
    assert caught.value.advice.endswith("from another host with 'labs images import FILE'.")


def test_bootstrap(tmp_path: Path) -> None:
    """Mmdebstrap reads the mirrors from its input, its progress is reported, and the archive is returned."""
    apt_get(tmp_path, "Debian|http://mirror/")
    mmdebstrap(tmp_path, 'echo "I: running apt-get update..." >&2; echo "noise" >&2; cat >"$target"')
    details: list[str] = []
    archive = debian_base.bootstrap_base_archive(details.append)
    assert "deb http://mirror/ trixie main\ndeb http://mirror/ trixie-updates main\n" == archive.read_text()
    assert ["running apt-get update..."] == details
    assert paths.cache_folder() == archive.parent


def test_without_mirrors(tmp_path: Path) -> None:
    """If this host has no mirrors, mmdebstrap uses its default ones and reads none from its input."""
    mmdebstrap(tmp_path, 'echo "$@" >"$target"')
    words = debian_base.bootstrap_base_archive(lambda _detail: None).read_text().split()
    assert "trixie" in words
    assert "-" not in words


def test_additions(tmp_path: Path) -> None:
    """Mmdebstrap installs ca-certificates, and copies labs-install and this host's additional certificates."""
    certificate = tmp_path / "certificates" / "my ca.crt"
    certificate.parent.mkdir()
    certificate.write_text("certificate")
    mmdebstrap(tmp_path, 'printf "%s\\n" "$@" >"$target"')
    options = debian_base.bootstrap_base_archive(lambda _detail: None).read_text().splitlines()
    assert "--include=ca-certificates" in options
    script = recipe.load_recipes()[recipe.BASE].folder / "labs-install"
    assert f"--customize-hook=copy-in {script} /usr/local/sbin" in options
    assert f"--customize-hook=copy-in '{certificate}' /usr/local/share/ca-certificates" in options


FAILING = """
i=0
while [ $i -lt 30 ]; do i=$((i+1)); echo "I: line $i" >&2; done
echo "E: no room" >&2
echo partial >"$target"
exit 25
"""


def test_failing_bootstrap(tmp_path: Path) -> None:
    """If mmdebstrap fails, the error has its exit status and last lines, and no archive is left."""
    mmdebstrap(tmp_path, FAILING)
    with pytest.raises(HostError) as caught:
        debian_base.bootstrap_base_archive(lambda _detail: None)
    assert "mmdebstrap could not build the Debian base (exit status 25)." == caught.value.message
    assert [f"I: line {number}" for number in range(12, 31)] + ["E: no room"] == caught.value.log.splitlines()
    assert [] == list(paths.cache_folder().iterdir())


def test_early_end_of_bootstrap(tmp_path: Path) -> None:
    """An mmdebstrap that ends before it has read the mirrors is reported with its own error."""
    apt_get(tmp_path, f"Debian|http://{'mirror' * 20_000}/")
    mmdebstrap(tmp_path, 'echo "E: no rights" >&2; exit 1')
    with pytest.raises(HostError, match="exit status 1") as caught:
        debian_base.bootstrap_base_archive(lambda _detail: None)
    assert "E: no rights\n" == caught.value.log


def test_interrupted_bootstrap(tmp_path: Path) -> None:
    """Ctrl-C ends mmdebstrap, and no archive is left."""
    mmdebstrap(tmp_path, f'echo $$ >{tmp_path}/pid; echo "I: working" >&2; exec sleep 60')

    def interrupt(_detail: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        debian_base.bootstrap_base_archive(interrupt)
    assert [] == list(paths.cache_folder().iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
