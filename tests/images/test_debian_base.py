"""The Debian base: mirrors, certificates, and mmdebstrap where no registry answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner import paths
from runner.errors import HostError
from runner.images import debian_base
from tests import helpers


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have only the programs that a test writes, and a shell."""
    helpers.own_folders(monkeypatch, tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("cat", "sleep"):
        (tmp_path / "bin" / name).symlink_to(Path("/bin") / name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(debian_base, "_EXTRA_CERTIFICATES", tmp_path / "certificates")


def apt_get(root: Path, *lines: str) -> None:
    """Write an apt-get that lists these sources."""
    listed = "\n".join(lines)
    helpers.script(root / "bin", "apt-get", f"cat <<'END'\n{listed}\nEND\n")


def mmdebstrap(root: Path, text: str) -> None:
    """Write an mmdebstrap whose last-but-one argument is the suite, and the one after it the archive."""
    helpers.script(
        root / "bin", "mmdebstrap", f"for word; do case $word in /*.tar) target=$word;; esac; done\n{text}\n"
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
    """The base takes its packages from this machine's own Debian mirrors, in our release, and from no others."""
    apt_get(tmp_path, *lines)
    assert sources == debian_base.sources()


def test_no_debian() -> None:
    """A machine without apt-get gives no mirrors."""
    assert debian_base.sources() == ""


def test_question(tmp_path: Path) -> None:
    """apt-get is asked for the addresses of package lists, one a line with its label."""
    helpers.script(tmp_path / "bin", "apt-get", f'for word; do echo "$word"; done >{tmp_path}/asked\n')
    debian_base.sources()
    asked = (tmp_path / "asked").read_text().splitlines()
    assert ["indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"] == asked


def test_certificates(tmp_path: Path) -> None:
    """The certificates that this machine trusts beyond Debian's are taken along, in folders too."""
    assert {} == debian_base.certificates()
    for name in ("b.crt", "company/a.crt", "notes.txt"):
        path = tmp_path / "certificates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert {"b.crt": b"b.crt", "a.crt": b"company/a.crt"} == debian_base.certificates()


def test_ingredients(tmp_path: Path) -> None:
    """Other mirrors or other certificates make another base."""
    seen = {debian_base.ingredients()}
    apt_get(tmp_path, "Debian|http://mirror/")
    seen.add(debian_base.ingredients())
    (tmp_path / "certificates").mkdir()
    for content in ("one", "two"):
        (tmp_path / "certificates" / "a.crt").write_text(content)
        seen.add(debian_base.ingredients())
    assert 4 == len(seen)


def test_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds go through this machine's proxy, if it has one."""
    for name in debian_base._PROXIES:
        monkeypatch.delenv(name, raising=False)
    assert {} == debian_base.proxies()
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    assert {"https_proxy": "http://proxy:3128"} == debian_base.proxies()


def test_without_mmdebstrap() -> None:
    """Where mmdebstrap is missing, the user is told the line that installs it."""
    with pytest.raises(HostError, match=r"mmdebstrap.* is not installed") as caught:
        debian_base.bootstrap(print)
    assert "Type 'sudo apt-get install mmdebstrap', then the same command again." == caught.value.advice


def test_bootstrap(tmp_path: Path) -> None:
    """Mmdebstrap gets our mirrors on its input, tells how far it is, and leaves an archive."""
    apt_get(tmp_path, "Debian|http://mirror/")
    mmdebstrap(tmp_path, 'echo "I: running apt-get update..." >&2; echo "noise" >&2; cat >"$target"')
    told: list[str] = []
    archive = debian_base.bootstrap(told.append)
    assert "deb http://mirror/ trixie main\ndeb http://mirror/ trixie-updates main\n" == archive.read_text()
    assert ["running apt-get update..."] == told
    assert paths.cache_folder() == archive.parent


def test_without_mirrors(tmp_path: Path) -> None:
    """Without mirrors of this machine's own, mmdebstrap is left to its own, and not told to read any."""
    mmdebstrap(tmp_path, 'echo "$@" >"$target"')
    words = debian_base.bootstrap(lambda _detail: None).read_text().split()
    assert "trixie" in words
    assert "-" not in words


FAILING = """
i=0
while [ $i -lt 30 ]; do i=$((i+1)); echo "I: line $i" >&2; done
echo "E: no room" >&2
echo partial >"$target"
exit 25
"""


def test_failing_bootstrap(tmp_path: Path) -> None:
    """A failing mmdebstrap is told with its status and last lines, and leaves no archive."""
    mmdebstrap(tmp_path, FAILING)
    with pytest.raises(HostError) as caught:
        debian_base.bootstrap(lambda _detail: None)
    assert "mmdebstrap could not make the Debian base (exit status 25)." == caught.value.message
    assert [f"I: line {number}" for number in range(12, 31)] + ["E: no room"] == caught.value.log.splitlines()
    assert [] == list(paths.cache_folder().iterdir())


def test_bootstrap_that_does_not_listen(tmp_path: Path) -> None:
    """An mmdebstrap that ends before it has read its mirrors is told as the failure it is."""
    apt_get(tmp_path, f"Debian|http://{'mirror' * 20_000}/")
    mmdebstrap(tmp_path, 'echo "E: no rights" >&2; exit 1')
    with pytest.raises(HostError, match="exit status 1") as caught:
        debian_base.bootstrap(lambda _detail: None)
    assert "E: no rights\n" == caught.value.log


def test_interrupted_bootstrap(tmp_path: Path) -> None:
    """Ctrl-C ends mmdebstrap and leaves no archive."""
    mmdebstrap(tmp_path, f'echo $$ >{tmp_path}/pid; echo "I: working" >&2; exec sleep 60')

    def interrupt(_detail: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        debian_base.bootstrap(interrupt)
    assert [] == list(paths.cache_folder().iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
