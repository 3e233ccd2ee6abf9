"""What a VM cannot do if its root user takes over the kernel: a hostile program runs in place of the kernel."""

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

pytestmark = [pytest.mark.uml, pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox of an ordinary user differs")]

MEMORY = 64
# Prints what it tries and the result, one per line.
ATTEMPTS = r"""
use Socket;
my ($process, $secret) = @ARGV;
sub report { my ($action, $has_worked) = @_; print "$action: ", $has_worked ? 'done' : "$!", "\n" }
sub call { my $action = shift; report($action, syscall(shift, @_) >= 0) }
report('signal a process of the host', kill 0, $process);
report('read a file of the host', open my $file, '<', $secret);
report('read it from above the root', open $file, '<', "/../../..$secret");
report('read it through another process', open $file, '<', "/proc/1/root$secret");
report('write to a program', open $file, '>>', '/usr/bin/perl');
report('write to the base disk', open $file, '>>', '/shared/disk.img');
report('create a file', open $file, '>', '/tmp/new');
report('become root', do { $! = 0; $> = 0; !$> });
report('change the root', chroot '/usr');
report('open a raw socket', socket my $raw, PF_INET, SOCK_RAW, 1);
report('open a packet socket', socket $raw, 17, SOCK_RAW, 0);
call('mount', 165, my $none = 'none', my $tmp = '/tmp', my $kind = 'tmpfs', 0, 0);
call('create a user namespace', 272, 0x10000000);
call('create a network namespace', 272, 0x40000000);
call('trace a process of the host', 101, 16, $process, 0, 0);
call('change the host name', 170, $none, 4);
call('load a program into the kernel', 321, 5, my $attributes = "\0" x 128, 128);
socket my $peer, PF_INET, SOCK_STREAM, 0;
report('use the network', connect $peer, sockaddr_in(22, INADDR_LOOPBACK));
"""
EXPECTED = """\
signal a process of the host: No such process
read a file of the host: No such file or directory
read it from above the root: No such file or directory
read it through another process: No such file or directory
write to a program: Permission denied
write to the base disk: Permission denied
create a file: Read-only file system
become root: Operation not permitted
change the root: Operation not permitted
open a raw socket: Operation not permitted
open a packet socket: Operation not permitted
mount: Operation not permitted
create a user namespace: Operation not permitted
create a network namespace: Operation not permitted
trace a process of the host: No such process
change the host name: Operation not permitted
load a program into the kernel: Operation not permitted
use the network: Network is unreachable
"""
RunSandboxed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_sandboxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunSandboxed]:
    """Return a function that runs a script with this host's perl in place of a VM's kernel."""
    monkeypatch.setenv("LABS_STARTED_BY_ROOT", "yes")
    files, folder = tmp_path / "artifacts" / "sandbox", tmp_path / "cluster"
    files.mkdir(parents=True)
    folder.mkdir()
    (files / "usr").symlink_to("/usr")
    (files.parent / "disk.img").write_bytes(b"base")
    vm = cluster_state.VmSpec("node1", Role.MANAGER, "10.213.0.11", MEMORY)
    cluster = cluster_state.ClusterState("tiny", ClusterId("tiny").run, files.parent, (vm,))

    def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = sandbox.build_vm_command(vm, cluster, folder, 0, "")
        command = [*command[: command.index("/usr/bin/env")], "/usr/bin/perl", "-e", script, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, process_group=0)

    yield run
    cgroups.remove_cluster_cgroups(folder)
    assert not (folder / "groups").exists()


def test_hostile_kernel_cannot_reach_the_host(run_sandboxed: RunSandboxed, tmp_path: Path) -> None:
    """All attempts to use the host's files, processes, networks and namespaces are refused."""
    secret = tmp_path / "secret"
    secret.write_text("secret", "utf-8")
    secret.chmod(0o666)
    result = run_sandboxed(ATTEMPTS, str(os.getpid()), str(secret))
    assert EXPECTED == result.stdout, result.stderr


def test_kernel_has_no_keys_of_the_user(tmp_path: Path) -> None:
    """Processes that a supervisor starts do not have the keys in the session keyring of the user who started it."""
    script = """import ctypes
from runner.drivers.uml.vm import supervisor
call = ctypes.CDLL(None, use_errno=True).syscall
key = call(248, b"user", b"labs-test", b"secret", 6, -3)
supervisor._restrict_process()
print(key > 0, call(250, 11, key, None, 0))"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if "False" in result.stdout:
        pytest.skip("this host does not support kernel keys")
    assert "True -1\n" == result.stdout, result.stderr


def test_hostile_kernel_cannot_exceed_its_memory(run_sandboxed: RunSandboxed, tmp_path: Path) -> None:
    """A hostile kernel that fills its own memory and that of its children gets no more than its limit."""
    limit = (MEMORY + 64) * 5 // 4 + 256
    groups = cgroups.create_sandbox_cgroups(tmp_path / "cluster", "node1", MEMORY + 64)
    files = [group / name for group in groups for name in ("memory.max_usage_in_bytes", "memory.peak")]
    usage = next((file for file in files if file.exists()), None)
    if usage is None:
        pytest.skip("no control group for memory can be created here")
    script = """my $child = 0; for (1 .. 19) { last if $child = !fork } my $all = "x" x 50_000_000; sleep 10;
my $ended = 0; while (!$child and wait > 0) { $ended ||= $? } exit !!$ended"""
    result = run_sandboxed(script)
    assert int(usage.read_text("ascii")) >> 20 <= limit
    assert 0 != result.returncode, "no process was killed for using too much memory"


def test_hostile_kernel_cannot_fill_the_disk(run_sandboxed: RunSandboxed) -> None:
    """A hostile kernel can neither create an unlimited number of files in memory nor enlarge its disk."""
    script = """my $count = 0; $count++ while open my $file, '>', "/dev/shm/$count"; print "$count $!\n";
$SIG{XFSZ} = 'IGNORE'; print truncate('/writable', 1 << 40) ? 'grown' : "$!", "\n";"""
    lines = run_sandboxed(script).stdout.splitlines()
    assert int(lines[0].split()[0]) < 1000
    assert "No space left on device" in lines[0]
    assert "File too large" == lines[1]
