"""What a machine whose root has taken over its kernel cannot do: a hostile program run in the kernel's place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.drivers.uml.vm import cgroups, cluster_state, sandbox
from runner.nodes.driver_interface import ClusterId
from runner.nodes.topology import Role

pytestmark = [pytest.mark.uml, pytest.mark.skipif(os.geteuid() != 0, reason="whose jail it is makes a difference")]

MEMORY = 64
# Each line is what was tried, and what came of it.
TRIES = r"""
use Socket;
my ($process, $secret) = @ARGV;
sub came { my ($what, $done) = @_; print "$what: ", $done ? 'done' : "$!", "\n" }
sub call { my $what = shift; came($what, syscall(shift, @_) >= 0) }
came('signal a process of the host', kill 0, $process);
came('read a file of the host', open my $file, '<', $secret);
came('read it from above the root', open $file, '<', "/../../..$secret");
came('read it through another process', open $file, '<', "/proc/1/root$secret");
came('write to a program', open $file, '>>', '/usr/bin/perl');
came('write to the base disk', open $file, '>>', '/shared/disk.img');
came('make a file', open $file, '>', '/tmp/new');
came('become root', do { $! = 0; $> = 0; !$> });
came('change the root', chroot '/usr');
came('open a raw socket', socket my $raw, PF_INET, SOCK_RAW, 1);
came('open a packet socket', socket $raw, 17, SOCK_RAW, 0);
call('mount', 165, my $none = 'none', my $tmp = '/tmp', my $kind = 'tmpfs', 0, 0);
call('make a user namespace', 272, 0x10000000);
call('make a network namespace', 272, 0x40000000);
call('trace a process of the host', 101, 16, $process, 0, 0);
call('name the host', 170, $none, 4);
call('load a program into the kernel', 321, 5, my $attributes = "\0" x 128, 128);
socket my $peer, PF_INET, SOCK_STREAM, 0;
came('use the network', connect $peer, sockaddr_in(22, INADDR_LOOPBACK));
"""
EXPECTED = """\
signal a process of the host: No such process
read a file of the host: No such file or directory
read it from above the root: No such file or directory
read it through another process: No such file or directory
write to a program: Permission denied
write to the base disk: Permission denied
make a file: Read-only file system
become root: Operation not permitted
change the root: Operation not permitted
open a raw socket: Operation not permitted
open a packet socket: Operation not permitted
mount: Operation not permitted
make a user namespace: Operation not permitted
make a network namespace: Operation not permitted
trace a process of the host: No such process
name the host: Operation not permitted
load a program into the kernel: Operation not permitted
use the network: Network is unreachable
"""
Jailed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def jailed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jailed]:
    """Return a function that runs a script of this host's perl where a machine's kernel would run."""
    monkeypatch.setenv("LABS_STARTED_BY_ROOT", "yes")
    files, folder = tmp_path / "parts" / "jail", tmp_path / "cluster"
    files.mkdir(parents=True)
    folder.mkdir()
    (files / "usr").symlink_to("/usr")
    (files.parent / "disk.img").write_bytes(b"base")
    machine = cluster_state.Machine("node1", Role.MANAGER, "10.213.0.11", MEMORY)
    cluster = cluster_state.Plan("tiny", ClusterId("tiny").run, files.parent, (machine,))

    def run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
        argv = sandbox.kernel(machine, cluster, folder, 0, "")
        argv = [*argv[: argv.index("/usr/bin/env")], "/usr/bin/perl", "-e", script, *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, process_group=0)

    yield run
    cgroups.remove(folder)
    assert not (folder / "groups").exists()


def test_a_kernel_that_is_taken_over_gets_nowhere(jailed: Jailed, tmp_path: Path) -> None:
    """Whatever it tries against files, processes, networks and namespaces of the host is refused."""
    secret = tmp_path / "secret"
    secret.write_text("secret", "utf-8")
    secret.chmod(0o666)
    done = jailed(TRIES, str(os.getpid()), str(secret))
    assert EXPECTED == done.stdout, done.stderr


def test_the_session_of_a_kernel_has_no_keys(tmp_path: Path) -> None:
    """What a supervisor starts does not possess the keys of whoever has started it."""
    script = """import ctypes
from runner.drivers.uml.vm import supervisor
call = ctypes.CDLL(None, use_errno=True).syscall
number = call(248, b"user", b"labs-test", b"secret", 6, -3)
supervisor._keep_to_ourselves()
print(number > 0, call(250, 11, number, None, 0))"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if "False" in done.stdout:
        pytest.skip("no keys can be kept here")
    assert "True -1\n" == done.stdout, done.stderr


def test_memory_cannot_be_taken_beside_the_machines(jailed: Jailed, tmp_path: Path) -> None:
    """A taken-over kernel that fills memory of its own, and that of all its children, gets no more than its share."""
    most = (MEMORY + 64) * 5 // 4 + 256
    made = cgroups.make(tmp_path / "cluster", "node1", MEMORY + 64)
    usage = [group / name for group in made for name in ("memory.max_usage_in_bytes", "memory.peak")]
    found = next((file for file in usage if file.exists()), None)
    if found is None:
        pytest.skip("no control group for memory can be made here")
    script = """my $child = 0; for (1 .. 19) { last if $child = !fork } my $all = "x" x 50_000_000; sleep 10;
my $ended = 0; while (!$child and wait > 0) { $ended ||= $? } exit !!$ended"""
    done = jailed(script)
    assert int(found.read_text("ascii")) >> 20 <= most
    assert 0 != done.returncode, "nobody was ended for taking too much"


def test_files_cannot_be_made_without_end(jailed: Jailed) -> None:
    """A taken-over kernel can neither fill its memory's folder with files nor make its disk larger."""
    script = """my $made = 0; $made++ while open my $file, '>', "/dev/shm/$made"; print "$made $!\n";
$SIG{XFSZ} = 'IGNORE'; print truncate('/own', 1 << 40) ? 'grown' : "$!", "\n";"""
    said = jailed(script).stdout.splitlines()
    assert int(said[0].split()[0]) < 1000
    assert "No space left on device" in said[0]
    assert "File too large" == said[1]
