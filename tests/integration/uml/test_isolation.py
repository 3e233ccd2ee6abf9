"""Isolation of VMs: what root on a node cannot do to the host, to other clusters, and to the client.

Root on a node can load code into its kernel, so `test_hostile_kernel` runs hostile code in place of the kernel.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.drivers.uml.driver import UmlDriver
from runner.drivers.uml.vm import cluster_state
from runner.errors import HostError
from tests.support import helpers
from tests.support.connection_recorder import record_connections

pytestmark = pytest.mark.uml
survives = pytest.mark.usefixtures("_others_survive")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="looks into namespaces as root")

FRONT = """\
---
title: {lab}
summary: A lab for the tests.
level: beginner
minutes: 5
topology: {{nodes: [{nodes}]}}
images: ["busybox:latest"]
---

## Look {{#look}}

```sh node1
true
```
"""
CHECKS = """\
from checks import Nodes, expect_equal, step


@step("look")
def test_node1_has_an_engine(nodes: Nodes) -> None:
    \"\"\"node1 has an engine.\"\"\"
    expect_equal(nodes["node1"], nodes["node1"].api.info()["Name"], "node1", of="the engine's name", see="docker info")
"""
MEMORY = 600
DOWN = r"node1 .*stopped|node1 down"
SPIN = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
end = time.monotonic() + 2.5
while time.monotonic() < end:
    pass
print(time.process_time())
"""
LISTENER = """
use Socket;
socket S, PF_INET, SOCK_STREAM, 0;
bind S, sockaddr_in(7000, INADDR_ANY);
listen S, 5;
alarm 30;
accept P, S;
open F, '>/root/connected';
"""
FLOOD = """
socket S, PF_INET, SOCK_RAW, 1;
setsockopt S, SOL_SOCKET, SO_BROADCAST, 1;
my $end = time + 4;
send S, 'x' x 1400, 0, sockaddr_in(0, inet_aton('10.213.0.255')) while time < $end;
"""
# Answers the first connections to a port, each with another false answer, and then stops redirecting the port.
LIAR = r"""
use Socket;
my ($port, @lies) = @ARGV;
socket my $listener, PF_INET, SOCK_STREAM, 0;
setsockopt $listener, SOL_SOCKET, SO_REUSEADDR, 1;
bind $listener, sockaddr_in(7777, INADDR_ANY) or die;
listen $listener, 5;
my @rule = ('PREROUTING', '-t', 'nat', '-p', 'tcp', '--dport', $port, '-j', 'REDIRECT', '--to-port', 7777);
system 'iptables', '-I', @rule;
$SIG{PIPE} = 'IGNORE';
print "listening\n";
close STDOUT;
close STDERR;
alarm 60;
my %lies = (
    huge => sub { pack('CN', 1, 0xffffffff) . 'x' x 100 },
    kind => sub { pack('CNa*', 99, 3, 'abc') },
    status => sub { pack('CNa*', 3, 7, 'nothing') },
    long => sub { pack('CNa*', 3, 60000, '9' x 60000) },
    garbage => sub { "\xff\xfe\x1b[2J" x 1000 },
    silence => sub { '' },
    json => sub { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"Name\":\x1b" },
    http => sub { "HTTP/9 \x00 hello\r\n" x 50 },
    endless => sub { pack('CNa*', 1, 65536, 'x' x 65536) },
    body => sub { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" },
);
for my $lie (@lies) {
    accept my $peer, $listener or next;
    my $more = $lies{$lie}->();
    1 while syswrite($peer, $more) && ($lie eq 'endless' || $lie eq 'body' && ($more = ' ' x 65536));
    shutdown $peer, 1;
    1 while sysread $peer, my $request, 65536;
}
system 'iptables', '-D', @rule;
"""


@dataclass
class TwoClusters:
    """A project with two clusters that use the same addresses: `hostile` and `bystander`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run_labs(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the `labs` command."""
        return subprocess.run(
            [sys.executable, "-m", "runner", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def run_on(self, node: str, *arguments: str, lab: str = "hostile", seconds: float = 60) -> str:
        """Run a command on a node, and return its standard output and standard error."""
        result = self.run_labs("exec", "--lab", lab, node, "--", *arguments, seconds=seconds)
        return result.stdout + result.stderr

    def run_script(self, node: str, script: str, lab: str = "hostile", seconds: float = 60) -> str:
        """Run a shell script on a node, and return its standard output and standard error."""
        return self.run_on(node, "sh", "-c", script, lab=lab, seconds=seconds)

    def cluster_folder(self, lab: str = "hostile") -> Path:
        """Return a cluster's folder."""
        return self.folder / "state" / "labs" / self.environment["LABS_PROJECT"] / "machines" / lab

    def list_processes(self, name: str, lab: str = "hostile") -> list[int]:
        """Return the processes that run as the user of a sandbox, the kernel itself first."""
        user = (self.cluster_folder(lab) / f"{name}.writable").stat().st_uid
        processes = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if process.stat().st_uid == user:
                    # Sorted by start time, because process ids start again from 1 after they have reached their limit.
                    started = int((process / "stat").read_text("ascii").rpartition(")")[2].split()[19])
                    processes.append((started, int(process.name)))
        return [number for _, number in sorted(processes)]

    def find_supervisor(self, lab: str = "hostile") -> int:
        """Return the process id of a cluster's supervisor."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                arguments = process.joinpath("cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if arguments[1:3] == ["-m", "runner.drivers.uml.vm.supervisor"] and arguments[3] == str(
                    self.cluster_folder(lab)
                ):
                    return int(process.name)
        raise AssertionError(f"{lab} has no supervisor")

    def find_cgroup_setting(self, setting: str, name: str) -> Path | None:
        """Return a setting of the control group of a sandbox, if it exists."""
        groups = (self.cluster_folder() / "groups").read_text("utf-8").splitlines()
        return next(
            (Path(group, setting) for group in groups if group.endswith(name) and Path(group, setting).exists()), None
        )


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoClusters]:
    """Start both clusters for the tests of this file."""
    folder = tmp_path_factory.mktemp("isolation")
    for lab, names in (("hostile", ("node1", "node2")), ("bystander", ("node1",))):
        nodes = ", ".join(f"{{name: {name}, role: manager, memory: {MEMORY}}}" for name in names)
        helpers.write_lab(folder, FRONT.format(lab=lab, nodes=nodes), name=lab, checks=CHECKS)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LABS_", "XDG_RUNTIME"))}
    variables = {
        "LABS_PROJECT": f"isolation-{os.getpid()}",
        "LABS_ROOT": str(folder),
        "LABS_DRIVER": "uml",
        "DOCKER_HOST": helpers.NO_ENGINE,
        "PYTHONPATH": str(helpers.CHECKOUT),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": "200",
    }
    clusters = TwoClusters(folder, {**inherited, **variables})
    for lab in ("hostile", "bystander"):
        started = clusters.run_labs("start", lab, "--driver", "uml", seconds=300)
        assert started.returncode == 0, started.stderr
    yield clusters
    clusters.run_labs("rm", "--all")


@pytest.fixture
def _others_survive(clusters: TwoClusters) -> Iterator[None]:
    """Check after an attack that both clusters answer, whatever the hostile one has done to itself."""
    yield
    assert clusters.run_on("node1", "hostname", lab="bystander") == "node1\n"
    if clusters.run_labs("start", "hostile").returncode == 0:
        assert clusters.run_on("node2", "hostname") == "node2\n"


def _read_status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _get_memory_limit(clusters: TwoClusters) -> int:
    """Return the limit in MB for the processes of node1 and the host's data about them; 0 if there is none."""
    limit = clusters.find_cgroup_setting("memory.limit_in_bytes", "-node1") or clusters.find_cgroup_setting(
        "memory.max", "-node1"
    )
    return int(limit.read_text("ascii")) >> 20 if limit else 0


# Files and processes


@needs_root
def test_kernel_has_no_capabilities(clusters: TwoClusters) -> None:
    """A VM's kernel has no capabilities, cannot gain any, and runs as a user that no other process has."""
    kernel = clusters.list_processes("node1")[0]
    status = _read_status(kernel)
    assert ["0" * 16] * 3 == [status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff")]
    assert ("1", "") == (status["NoNewPrivs"], status["Groups"])
    users = {
        name: (clusters.cluster_folder() / f"{name}.writable").stat().st_uid for name in ("node1", "node2", "mirror")
    }
    assert 3 == len(set(users.values()))
    assert all(user >= 1_900_000_000 for user in users.values())


@needs_root
def test_kernel_has_its_own_namespaces(clusters: TwoClusters) -> None:
    """A VM's kernel shares no namespace and no process group with the host, its supervisor or another VM."""
    kernel, other, supervisor = (
        clusters.list_processes("node1")[0],
        clusters.list_processes("node2")[0],
        clusters.find_supervisor(),
    )
    for kind in ("mnt", "pid", "ipc", "uts", "net"):
        names = {Path(f"/proc/{process}/ns/{kind}").readlink() for process in (kernel, other, supervisor, os.getpid())}
        # The supervisor itself stays in the host's namespaces of these two types.
        assert (3 if kind in ("ipc", "uts") else 4) == len(names), kind
    assert 3 == len({os.getpgid(process) for process in (kernel, other, supervisor)})


@needs_root
def test_kernel_limits(clusters: TwoClusters) -> None:
    """A VM's kernel is limited to 3000 processes and to files of the size of its disk or memory, without core dumps."""
    lines = Path(f"/proc/{clusters.list_processes('node1')[0]}/limits").read_text("ascii").splitlines()
    limits = {line[:25].strip(): line.split()[-2] for line in lines[1:] if line[26:].split()[-1] != line.split()[-2]}
    disk = (clusters.cluster_folder() / "node1.writable").stat().st_size
    assert ("3000", "1") == (limits["Max processes"], limits["Max core file size"])
    assert disk <= int(limits["Max file size"]) <= disk + 512


def test_host_files_cannot_be_read(clusters: TwoClusters, tmp_path: Path) -> None:
    """Root on a node can mount what its kernel sees: the sandbox, with no files of the host or the registry mirror."""
    (tmp_path / "secret").write_text("secret", "utf-8")
    script = f"mount -t hostfs none /mnt; ls /mnt /mnt/shared; cat /mnt{tmp_path}/secret /mnt/../../..{tmp_path}/secret"
    output = clusters.run_script(
        "node1", f"{script}; cat /mnt/proc/1/root{tmp_path}/secret; find /mnt -name '*.key' -o -name 'node2*'"
    )
    clusters.run_on("node1", "umount", "/mnt")
    names = ["bin", "dev", "lib", "lib64", "proc", "shared", "tmp", "usr", "writable"]
    assert names == re.findall(r"^\w+$", output, re.MULTILINE)
    assert re.search(r"/mnt/shared:\ndisk\.img\n", output), output
    assert 3 == output.count("No such file")
    assert "key" not in output.replace("secret", "")


@survives
def test_host_files_cannot_be_changed(clusters: TwoClusters) -> None:
    """Of all files that its kernel sees, root on a node can change only its own disk, and cannot enlarge it."""
    before = (clusters.cluster_folder() / "node1.writable").stat().st_size
    state = cluster_state.load_state(clusters.cluster_folder())
    assert state is not None
    modified = (state.artifacts / "disk.img").stat().st_mtime_ns
    script = """mount -t hostfs none /mnt
for file in /usr/bin/linux.uml /usr/new /shared/disk.img /shared/new /dev/new /new /proc/1/mem /proc/1/oom_score_adj; do
    (printf x | dd of="/mnt$file" conv=notrunc) 2>/dev/null && echo "$file is written"
done
mknod /mnt/dev/shm/disk b 254 0 && echo a device is created
chmod 777 /mnt/usr/bin/linux.uml && echo permissions are changed
truncate -s 100G /mnt/writable && echo the disk has grown
umount /mnt; echo finished"""
    output = clusters.run_script("node1", script)
    assert "finished\n" in output
    assert [] == [
        line for line in output.splitlines() if re.search(r" (is|are|has) \w+$", line) and "/proc/1/o" not in line
    ]
    assert (before, modified) == (
        (clusters.cluster_folder() / "node1.writable").stat().st_size,
        (state.artifacts / "disk.img").stat().st_mtime_ns,
    )


def test_cluster_folder_is_private(clusters: TwoClusters) -> None:
    """Other users cannot enter a cluster's folder, and so cannot use its socket or run what a VM has written."""
    assert 0o700 == clusters.cluster_folder().stat().st_mode & 0o777
    assert cluster_state.supervisor_socket_path(clusters.cluster_folder()).is_socket()


@needs_root
def test_host_processes_cannot_be_seen(clusters: TwoClusters) -> None:
    """Root on a node sees the host processes of its own VM, and no others."""
    script = "mount -t hostfs none /mnt; ls /mnt/proc; umount /mnt"
    visible_pids = [word for word in clusters.run_script("node1", script).split() if word.isdigit()]
    own_pids = {_read_status(process)["NSpid"].split()[-1] for process in clusters.list_processes("node1")}
    # Some processes start or exit meanwhile.
    assert "1" in visible_pids
    assert len(set(visible_pids) - own_pids) <= 5, (visible_pids, own_pids)


# Networks


def _list_host_addresses() -> list[str]:
    listed = subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, check=True).stdout
    return [address["local"] for device in json.loads(listed) for address in device["addr_info"]]


@survives
def test_host_ports_cannot_be_reached(clusters: TwoClusters) -> None:
    """No VM can connect to a listener of the host, whether it listens on all addresses or on 127.0.0.1."""
    # 10.0.2.x are slirp4netns's addresses for the host and its resolver, if there is an uplink.
    addresses = {
        str(cluster_state.GATEWAY),
        str(cluster_state.MIRROR),
        "10.0.2.2",
        "10.0.2.3",
        "10.0.2.100",
        *_list_host_addresses(),
    }
    with (
        record_connections("0.0.0.0") as (open_port, connections),
        record_connections("127.0.0.1") as (loopback_port, loopback_connections),
    ):
        with socket.create_connection(("127.0.0.1", loopback_port)), socket.create_connection(("127.0.0.1", open_port)):
            pass
        attempts = [f"curl -s -m 2 {address}:{port} &" for address in addresses for port in (open_port, loopback_port)]
        # A VM can be configured to send packets for 127.0.0.1 to the network.
        setup = "ip address del 127.0.0.1/8 dev lo; echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet"
        undo = f"ip route del 127.0.0.0/8 via {cluster_state.GATEWAY}; ip address add 127.0.0.1/8 dev lo"
        clusters.run_script(
            "node2",
            "\n".join([setup, f"ip route add 127.0.0.0/8 via {cluster_state.GATEWAY}", *attempts, "wait", undo]),
        )
        time.sleep(0.1)
        # Only the two connections of this test itself.
        assert (1, 1) == (len(connections), len(loopback_connections)), (connections, loopback_connections)


@needs_root
def test_only_the_mirror_listens(clusters: TwoClusters) -> None:
    """In a cluster's network only the port of the registry mirror listens, and no other TCP or UDP port."""
    argv = ["nsenter", f"--target={clusters.find_supervisor()}", "--net", "ss", "-Hltun"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert [f"{cluster_state.MIRROR}:443"] == [line.split()[4] for line in listed.splitlines()]


def test_mirror_is_read_only(clusters: TwoClusters) -> None:
    """A VM can neither push an image to the registry mirror nor delete one, because all clusters share its files."""
    curl = "curl -s -k -m 5 -o /dev/null -w '%{http_code} ' https://mirror/v2/"
    output = clusters.run_script(
        "node1", f"{curl}; {curl}evil/blobs/uploads/ -X POST; {curl}library/busybox/manifests/latest -X DELETE"
    )
    assert ["200", "405", "405"] == output.split()


def test_other_cluster_cannot_be_reached(clusters: TwoClusters) -> None:
    """Two clusters have the same addresses, but packets of one do not arrive at the other."""
    clusters.run_on("node1", "sh", "-c", 'setsid perl -e "$0" >/dev/null 2>&1 & sleep 0.5', LISTENER, lab="bystander")
    reach = "curl -sS -m 2 10.213.0.11:7000; ls /root/connected"
    assert "Connection refused" in clusters.run_script("node2", reach).replace(
        "Could not connect", "Connection refused"
    )
    assert "No such file" in clusters.run_script("node1", "ls /root/connected", lab="bystander")
    assert "/root/connected\n" in clusters.run_script("node1", reach, lab="bystander")


@survives
def test_other_cluster_is_not_disturbed(clusters: TwoClusters) -> None:
    """A VM that takes other addresses and floods its network disturbs only its own cluster."""
    claim = "; ".join(
        f"ip address {{0}} {address}/24 dev eth0"
        for address in (cluster_state.GATEWAY, cluster_state.MIRROR, "10.213.0.11")
    )
    flood = 'perl -MSocket -e "$0"'
    script = f"{claim.format('add')}; {flood}; {claim.format('del')}"
    attack_thread = threading.Thread(target=clusters.run_on, args=("node2", "sh", "-c", script, FLOOD))
    attack_thread.start()
    time.sleep(1)
    began = time.monotonic()
    assert "node1\n" == clusters.run_on("node1", "hostname", lab="bystander")
    assert time.monotonic() - began < 5
    attack_thread.join()


def test_engine_and_agent_accept_only_the_supervisor(clusters: TwoClusters) -> None:
    """Neither a container nor another VM can connect to a VM's engine or agent."""
    ports = (cluster_state.ENGINE_PORT, cluster_state.AGENT_PORT)
    attempts = "; ".join(f"nc -w 2 10.213.0.11 {port} </dev/null && echo open" for port in ports)
    output = clusters.run_on("node1", "docker", "run", "--rm", "busybox", "sh", "-c", f"{attempts}; echo finished")
    assert "finished" in output
    assert "open" not in output
    attempts = "; ".join(f"curl -s -m 2 telnet://10.213.0.11:{port} </dev/null && echo open" for port in ports)
    assert "finished\n" == clusters.run_script("node2", f"{attempts}; echo finished")


# False answers


def _redirect_to_liar(clusters: TwoClusters, port: int, *lies: str) -> None:
    command = f'setsid perl -e "$0" {port} {" ".join(lies)} >/run/lying 2>&1 &'
    script = f"rm -f /run/lying; {command} until grep -qs listening /run/lying; do sleep 0.1; done"
    clusters.run_on("node1", "bash", "-c", script, LIAR)


def test_hostile_agent(clusters: TwoClusters) -> None:
    """Whatever a program in place of the agent answers, a command on the node fails with a clear error."""
    lies = ("huge", "kind", "status", "long", "garbage", "silence")
    _redirect_to_liar(clusters, cluster_state.AGENT_PORT, *lies)
    for lie in lies:
        result = clusters.run_labs("exec", "--lab", "hostile", "node1", "--", "true", seconds=20)
        assert (lie, 4, "") == (lie, result.returncode, result.stdout)
        assert re.search(r"^(node1 cannot be reached|The node stopped)", result.stderr), result.stderr
        assert "Traceback" not in result.stderr
    helpers.wait_until(lambda: clusters.run_on("node1", "hostname") == "node1\n")


def test_endless_output(clusters: TwoClusters, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that reads the output of a command without an end gets an error, and uses a limited amount of memory."""
    for name in ("LABS_PROJECT", "LABS_ROOT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, clusters.environment[name])
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    cluster = next(cluster for cluster in UmlDriver().list_clusters() if cluster.id.lab == "hostile")
    with pytest.raises(HostError, match="'yes' on node1 printed more than 64 MB and was stopped"):
        cluster.nodes[0].run_command(["yes"])
    helpers.wait_until(lambda: "no yes" in clusters.run_script("node1", "pgrep -x yes || echo no yes"))


def test_hostile_engine(clusters: TwoClusters) -> None:
    """If an engine answers garbage or without an end, a check results in an error, and not in a failure or a crash."""
    for lie in ("json", "http", "body"):
        _redirect_to_liar(clusters, cluster_state.ENGINE_PORT, lie)
        result = clusters.run_labs("check", "hostile", seconds=60)
        assert (lie, 4) == (lie, result.returncode), result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        assert "\x1b[2J" not in result.stdout
    helpers.wait_until(lambda: clusters.run_labs("check", "hostile").returncode == 0)


@survives
def test_console_log_is_sanitized(clusters: TwoClusters) -> None:
    """The console log of a VM that fails to boot is shown without control characters."""
    init = r"printf '\033]0;owned\007\033[2Jhello\r%02000d\n' 7"
    write = '{ echo "#!/bin/sh"; echo "$0"; } >/usr/local/bin/labs-init; sync'
    clusters.run_on("node1", "sh", "-c", write, init)
    os.kill(clusters.list_processes("node1")[0], 9)
    helpers.wait_until(lambda: re.search(DOWN, clusters.run_labs("status").stdout) is not None)
    result = clusters.run_labs("start", "hostile")
    assert 4 == result.returncode
    assert "hello" in result.stderr
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", result.stderr)
    assert max(map(len, result.stderr.splitlines())) < 600
    clusters.run_labs("rm", "hostile")
    assert 0 == clusters.run_labs("start", "hostile", "--driver", "uml").returncode


# Resources of the host


@survives
def test_full_memory(clusters: TwoClusters) -> None:
    """A process that uses all memory is killed by its VM's kernel, and the VM keeps running."""
    kernel = clusters.list_processes("node1")[0]
    output = clusters.run_on("node1", "perl", "-e", 'my @all; push @all, "x" x 50_000_000 while 1')
    assert "" == output.replace("Out of memory!\n", "").replace("Killed\n", "")
    assert "node1\n" == clusters.run_on("node1", "hostname")
    assert kernel == clusters.list_processes("node1")[0]


@needs_root
@survives
def test_host_data_about_a_vm_is_limited(clusters: TwoClusters) -> None:
    """A VM that makes the host keep too much data about its processes is killed before that exceeds its limit."""
    limit = _get_memory_limit(clusters)
    if not limit:
        pytest.skip("no control group for memory can be created here")
    assert limit < 2 * MEMORY
    # Each mapped page costs the host a page table entry, although all of them map the same page of zeros.
    script = """for (1 .. 120) { next if fork; syscall 9, 0, 200 << 20, 1, 0x8022, -1, 0; sleep 30; exit } sleep 30"""
    attack_thread = threading.Thread(target=clusters.run_on, args=("node1", "perl", "-e", script))
    attack_thread.start()
    attack_thread.join()
    usage = clusters.find_cgroup_setting("memory.max_usage_in_bytes", "-node1") or clusters.find_cgroup_setting(
        "memory.peak", "-node1"
    )
    assert usage is not None
    assert int(usage.read_text("ascii")) >> 20 <= limit
    assert re.search(DOWN, clusters.run_labs("status").stdout)
    assert "node2\n" == clusters.run_on("node2", "hostname")


@survives
def test_full_disk(clusters: TwoClusters) -> None:
    """A VM whose disk is full gets an error, and the disk's file on the host does not grow beyond its size."""
    file = clusters.cluster_folder() / "node1.writable"
    before = file.stat().st_size
    script = """all=$(df --output=avail -B1M / | tail -1)
fallocate -l "$((all - 100))M" /root/most; dd if=/dev/zero of=/root/rest bs=1M 2>&1
df --output=avail / | tail -1; rm /root/most /root/rest"""
    output = clusters.run_script("node1", script)
    assert "No space left on device" in output
    assert "0" == output.split()[-1]
    assert before == file.stat().st_size
    assert file.stat().st_blocks * 512 <= before


@survives
def test_console_flood(clusters: TwoClusters) -> None:
    """Of a flooded console 1 MB is kept, and reading it takes less than half of the supervisor's time."""
    supervisor = Path(f"/proc/{clusters.find_supervisor()}/stat")
    before = _read_cpu_seconds(supervisor)
    began = time.monotonic()
    clusters.run_script("node1", "timeout 4 yes 0123456789012345678901234567890123456789 >/dev/console")
    assert _read_cpu_seconds(supervisor) - before < 0.5 * (time.monotonic() - began)
    assert (clusters.cluster_folder() / "node1.log").stat().st_size <= (1 << 20) + 1024


def _read_cpu_seconds(stat: Path) -> float:
    fields = stat.read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@needs_root
@survives
def test_host_processes_have_priority(clusters: TwoClusters) -> None:
    """A host process that competes with a VM for a processor gets most of its time."""
    kernel = clusters.list_processes("node1")[0]
    processor = min(os.sched_getaffinity(0))
    for process in clusters.list_processes("node1"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process, {processor})
    work = "timeout 5 perl -e '1 while 1'"
    attack_thread = threading.Thread(target=clusters.run_script, args=("node1", f"{work} & {work} & {work} & wait"))
    attack_thread.start()
    time.sleep(1)
    for process in clusters.list_processes("node1"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process, {processor})
    before = _sum_vm_seconds(clusters)
    result = subprocess.run(
        [sys.executable, "-c", SPIN, str(processor)], capture_output=True, text=True, check=True, start_new_session=True
    )
    vm_seconds = _sum_vm_seconds(clusters) - before
    attack_thread.join()
    assert float(result.stdout) > 1.5 * vm_seconds, (result.stdout, vm_seconds)
    assert kernel == clusters.list_processes("node1")[0]


def _sum_vm_seconds(clusters: TwoClusters) -> float:
    total = 0.0
    for process in clusters.list_processes("node1"):
        with contextlib.suppress(OSError):
            total += _read_cpu_seconds(Path(f"/proc/{process}/stat"))
    return total


@needs_root
@survives
def test_fork_bomb(clusters: TwoClusters) -> None:
    """A fork bomb gets a limited number of processes, other clusters still answer, and `labs rm` ends it in seconds."""
    bomb = 'my $end = time + 20; $SIG{CHLD} = "IGNORE"; while (time < $end) { fork }'
    attack_thread = threading.Thread(target=clusters.run_on, args=("node1", "perl", "-e", bomb))
    attack_thread.start()
    max_processes, max_seconds = 0, 0.0
    deadline = time.monotonic() + 9
    while time.monotonic() < deadline:
        max_processes = max(max_processes, len(clusters.list_processes("node1")))
        began = time.monotonic()
        assert "node1\n" == clusters.run_on("node1", "hostname", lab="bystander")
        assert 0 == clusters.run_labs("status").returncode
        max_seconds = max(max_seconds, time.monotonic() - began)
    assert 500 < max_processes <= 3000
    assert max_seconds < 10
    groups = (clusters.cluster_folder() / "groups").read_text("utf-8").splitlines()
    began = time.monotonic()
    assert 0 == clusters.run_labs("rm", "hostile").returncode
    assert time.monotonic() - began < 10
    attack_thread.join()
    assert [] == [group for group in groups if Path(group).exists()]
    assert 0 == clusters.run_labs("start", "hostile", "--driver", "uml").returncode
