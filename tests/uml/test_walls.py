"""What root of a node cannot do: hostile commands in one cluster, while another one and the host go on.

Root of a machine can load code into its kernel, so what runs in the kernel's place is tried too: `test_jail`.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.drivers.uml.driver import UmlDriver
from runner.drivers.uml.vm import cluster_state
from runner.errors import HostError
from tests import helpers
from tests.connection_recorder import record_connections

pytestmark = pytest.mark.uml
attack = pytest.mark.usefixtures("_the_others_go_on")
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
from checks import Nodes, expect, step


@step("look")
def test_node1_has_an_engine(nodes: Nodes) -> None:
    \"\"\"node1 has an engine.\"\"\"
    expect(nodes["node1"], nodes["node1"].api.info()["Name"], "node1", of="the engine's name", see="docker info")
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
open F, '>/root/came';
"""
FLOOD = """
socket S, PF_INET, SOCK_RAW, 1;
setsockopt S, SOL_SOCKET, SO_BROADCAST, 1;
my $end = time + 4;
send S, 'x' x 1400, 0, sockaddr_in(0, inet_aton('10.213.0.255')) while time < $end;
"""
# Answers the first connections to a port, each with a lie of its own, and then makes room for whom it stood in for.
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
    1 while sysread $peer, my $asked, 65536;
}
system 'iptables', '-D', @rule;
"""


@dataclass
class World:
    """A project with two clusters on the same addresses: `hostile`, and `bystander`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def labs(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the `labs` command."""
        return subprocess.run(
            [sys.executable, "-m", "runner", *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def on(self, node: str, *words: str, lab: str = "hostile", seconds: float = 60) -> str:
        """Run a command on a node and return all that it says."""
        done = self.labs("exec", "--lab", lab, node, "--", *words, seconds=seconds)
        return done.stdout + done.stderr

    def sh(self, node: str, script: str, lab: str = "hostile", seconds: float = 60) -> str:
        """Run a script on a node."""
        return self.on(node, "sh", "-c", script, lab=lab, seconds=seconds)

    def cluster(self, lab: str = "hostile") -> Path:
        """Return a cluster's folder."""
        return self.folder / "state" / "labs" / self.environment["LABS_PROJECT"] / "machines" / lab

    def processes(self, name: str, lab: str = "hostile") -> list[int]:
        """Return the processes that run as the user of a jail, the kernel itself first."""
        user = (self.cluster(lab) / f"{name}.own").stat().st_uid
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if process.stat().st_uid == user:
                    # The oldest comes first; numbers begin anew once they have reached their limit.
                    started = int((process / "stat").read_text("ascii").rpartition(")")[2].split()[19])
                    found.append((started, int(process.name)))
        return [number for _, number in sorted(found)]

    def supervisor(self, lab: str = "hostile") -> int:
        """Return the number of a cluster's supervisor."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = process.joinpath("cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if words[1:3] == ["-m", "runner.drivers.uml.vm.supervisor"] and words[3] == str(self.cluster(lab)):
                    return int(process.name)
        raise AssertionError(f"{lab} has no supervisor")

    def group(self, setting: str, name: str) -> Path | None:
        """Return a setting of the control group that a jail is in, where there is one."""
        groups = (self.cluster() / "groups").read_text("utf-8").splitlines()
        return next(
            (Path(group, setting) for group in groups if group.endswith(name) and Path(group, setting).exists()), None
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Have both clusters started for the tests of this file."""
    folder = tmp_path_factory.mktemp("walls")
    for lab, names in (("hostile", ("node1", "node2")), ("bystander", ("node1",))):
        nodes = ", ".join(f"{{name: {name}, role: manager, memory: {MEMORY}}}" for name in names)
        helpers.write_lab(folder, FRONT.format(lab=lab, nodes=nodes), name=lab, checks=CHECKS)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LABS_", "XDG_RUNTIME"))}
    own = {
        "LABS_PROJECT": f"walls-{os.getpid()}",
        "LABS_ROOT": str(folder),
        "LABS_DRIVER": "uml",
        "DOCKER_HOST": helpers.NO_ENGINE,
        "PYTHONPATH": str(helpers.CHECKOUT),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": "200",
    }
    made = World(folder, {**kept, **own})
    for lab in ("hostile", "bystander"):
        started = made.labs("start", lab, "--driver", "uml", seconds=300)
        assert started.returncode == 0, started.stderr
    yield made
    made.labs("rm", "--all")


@pytest.fixture
def _the_others_go_on(world: World) -> Iterator[None]:
    """See after an attack that both clusters answer, whatever the one has done to itself."""
    yield
    assert world.on("node1", "hostname", lab="bystander") == "node1\n"
    if world.labs("start", "hostile").returncode == 0:
        assert world.on("node2", "hostname") == "node2\n"


def _status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _peak(world: World) -> int:
    """Return how many MB the processes of node1, and what the host remembers for them, may take; 0 for no limit."""
    limit = world.group("memory.limit_in_bytes", "-node1") or world.group("memory.max", "-node1")
    return int(limit.read_text("ascii")) >> 20 if limit else 0


# Files and processes


@needs_root
def test_a_kernel_has_no_rights(world: World) -> None:
    """A machine's kernel has no capability, cannot get one, and runs as a user that no other process is."""
    kernel = world.processes("node1")[0]
    status = _status(kernel)
    assert ["0" * 16] * 3 == [status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff")]
    assert ("1", "") == (status["NoNewPrivs"], status["Groups"])
    users = {name: (world.cluster() / f"{name}.own").stat().st_uid for name in ("node1", "node2", "hub")}
    assert 3 == len(set(users.values()))
    assert all(user >= 1_900_000_000 for user in users.values())


@needs_root
def test_a_kernel_is_in_namespaces_of_its_own(world: World) -> None:
    """A machine's kernel shares no namespace with the host, its supervisor or another machine, and no process group."""
    kernel, other, supervisor = world.processes("node1")[0], world.processes("node2")[0], world.supervisor()
    for kind in ("mnt", "pid", "ipc", "uts", "net"):
        names = {Path(f"/proc/{process}/ns/{kind}").readlink() for process in (kernel, other, supervisor, os.getpid())}
        # These two the supervisor leaves as they are.
        assert (3 if kind in ("ipc", "uts") else 4) == len(names), kind
    assert 3 == len({os.getpgid(process) for process in (kernel, other, supervisor)})


@needs_root
def test_a_kernel_is_limited(world: World) -> None:
    """A machine's kernel may have 3000 processes, no file larger than its disk or memory, and no core dump."""
    lines = Path(f"/proc/{world.processes('node1')[0]}/limits").read_text("ascii").splitlines()
    limits = {line[:25].strip(): line.split()[-2] for line in lines[1:] if line[26:].split()[-1] != line.split()[-2]}
    disk = (world.cluster() / "node1.own").stat().st_size
    assert ("3000", "1") == (limits["Max processes"], limits["Max core file size"])
    assert disk <= int(limits["Max file size"]) <= disk + 512


def test_the_hosts_files_cannot_be_seen(world: World, tmp_path: Path) -> None:
    """Root of a machine can mount what its kernel sees: the jail, where nothing is the host's or the hub's."""
    (tmp_path / "secret").write_text("secret", "utf-8")
    script = f"mount -t hostfs none /mnt; ls /mnt /mnt/shared; cat /mnt{tmp_path}/secret /mnt/../../..{tmp_path}/secret"
    said = world.sh(
        "node1", f"{script}; cat /mnt/proc/1/root{tmp_path}/secret; find /mnt -name '*.key' -o -name 'node2*'"
    )
    world.on("node1", "umount", "/mnt")
    names = ["bin", "dev", "lib", "lib64", "own", "proc", "shared", "tmp", "usr"]
    assert names == re.findall(r"^\w+$", said, re.MULTILINE)
    assert re.search(r"/mnt/shared:\ndisk\.img\n", said), said
    assert 3 == said.count("No such file")
    assert "key" not in said.replace("secret", "")


@attack
def test_the_hosts_files_cannot_be_changed(world: World) -> None:
    """Of all that its kernel sees root of a machine can change its own disk, and no further than its end."""
    before = (world.cluster() / "node1.own").stat().st_size
    base = cluster_state.load_state(world.cluster())
    assert base is not None
    touched = (base.artifacts / "disk.img").stat().st_mtime_ns
    script = """mount -t hostfs none /mnt
for file in /usr/bin/linux.uml /usr/new /shared/disk.img /shared/new /dev/new /new /proc/1/mem /proc/1/oom_score_adj; do
    (printf x | dd of="/mnt$file" conv=notrunc) 2>/dev/null && echo "$file is written"
done
mknod /mnt/dev/shm/disk b 254 0 && echo a device is made
chmod 777 /mnt/usr/bin/linux.uml && echo rights are changed
truncate -s 100G /mnt/own && echo the disk has grown
umount /mnt; true"""
    said = world.sh("node1", script)
    assert [] == [
        line for line in said.splitlines() if re.search(r" (is|are|has) \w+$", line) and "/proc/1/o" not in line
    ]
    assert (before, touched) == (
        (world.cluster() / "node1.own").stat().st_size,
        (base.artifacts / "disk.img").stat().st_mtime_ns,
    )


def test_nobody_else_enters_a_clusters_folder(world: World) -> None:
    """A cluster's folder, with its socket, is closed to other users, who might run what a machine has written."""
    assert 0o700 == world.cluster().stat().st_mode & 0o777
    assert cluster_state.socket_path(world.cluster()).is_socket()


@needs_root
def test_the_hosts_processes_cannot_be_seen(world: World) -> None:
    """Root of a machine sees the processes that its own machine is made of, and none of the host's."""
    script = "mount -t hostfs none /mnt; ls /mnt/proc; umount /mnt"
    seen = [word for word in world.sh("node1", script).split() if word.isdigit()]
    ours = {_status(process)["NSpid"].split()[-1] for process in world.processes("node1")}
    # Some come and go meanwhile.
    assert "1" in seen
    assert len(set(seen) - ours) <= 5, (seen, ours)


# Networks


def _own_addresses() -> list[str]:
    listed = subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, check=True).stdout
    return [one["local"] for device in json.loads(listed) for one in device["addr_info"]]


@attack
def test_the_hosts_ports_cannot_be_reached(world: World) -> None:
    """No listener of the host's, on all its addresses or on 127.0.0.1, can be reached from a machine by any address."""
    # The last ones are what slirp4netns calls the host and its resolver, where there is a way out.
    addresses = {
        str(cluster_state.GATEWAY),
        str(cluster_state.MIRROR),
        "10.0.2.2",
        "10.0.2.3",
        "10.0.2.100",
        *_own_addresses(),
    }
    with record_connections("0.0.0.0") as (anywhere, came), record_connections("127.0.0.1") as (inside, came_inside):
        with socket.create_connection(("127.0.0.1", inside)), socket.create_connection(("127.0.0.1", anywhere)):
            pass
        tries = [f"curl -s -m 2 {address}:{port} &" for address in addresses for port in (anywhere, inside)]
        # Packets for 127.0.0.1 can be made to leave a machine.
        leaving = "ip address del 127.0.0.1/8 dev lo; echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet"
        back = f"ip route del 127.0.0.0/8 via {cluster_state.GATEWAY}; ip address add 127.0.0.1/8 dev lo"
        world.sh(
            "node2", "\n".join([leaving, f"ip route add 127.0.0.0/8 via {cluster_state.GATEWAY}", *tries, "wait", back])
        )
        time.sleep(0.1)
        assert (1, 1) == (len(came), len(came_inside)), (came, came_inside)


@needs_root
def test_nothing_but_the_hub_listens_for_machines(world: World) -> None:
    """In a cluster's network the hub's port is the only one that listens, be it for TCP or for UDP."""
    argv = ["nsenter", f"--target={world.supervisor()}", "--net", "ss", "-Hltun"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert [f"{cluster_state.MIRROR}:443"] == [line.split()[4] for line in listed.splitlines()]


def test_the_hub_takes_nothing(world: World) -> None:
    """Nobody can push an image to the hub or delete one from it, since all clusters are served from its files."""
    curl = "curl -s -k -m 5 -o /dev/null -w '%{http_code} ' https://mirror/v2/"
    said = world.sh(
        "node1", f"{curl}; {curl}evil/blobs/uploads/ -X POST; {curl}library/busybox/manifests/latest -X DELETE"
    )
    assert ["200", "405", "405"] == said.split()


def test_another_cluster_cannot_be_reached(world: World) -> None:
    """Two clusters have the same addresses, and none of what the one sends arrives at the other."""
    world.on("node1", "sh", "-c", 'setsid perl -e "$0" >/dev/null 2>&1 & sleep 0.5', LISTENER, lab="bystander")
    reach = "curl -sS -m 2 10.213.0.11:7000; ls /root/came"
    assert "Connection refused" in world.sh("node2", reach).replace("Could not connect", "Connection refused")
    assert "No such file" in world.sh("node1", "ls /root/came", lab="bystander")
    assert "/root/came\n" in world.sh("node1", reach, lab="bystander")


@attack
def test_another_cluster_is_not_disturbed(world: World) -> None:
    """Who takes everybody's addresses and floods the network is heard in its own cluster only."""
    claim = "; ".join(
        f"ip address {{0}} {address}/24 dev eth0"
        for address in (cluster_state.GATEWAY, cluster_state.MIRROR, "10.213.0.11")
    )
    flood = 'perl -MSocket -e "$0"'
    script = f"{claim.format('add')}; {flood}; {claim.format('del')}"
    attacking = threading.Thread(target=world.on, args=("node2", "sh", "-c", script, FLOOD))
    attacking.start()
    time.sleep(1)
    began = time.monotonic()
    assert "node1\n" == world.on("node1", "hostname", lab="bystander")
    assert time.monotonic() - began < 5
    attacking.join()


def test_only_the_supervisor_speaks_to_engine_and_agent(world: World) -> None:
    """Neither a container nor another machine can connect to a machine's engine or agent."""
    doors = (cluster_state.ENGINE_PORT, cluster_state.AGENT_PORT)
    tries = "; ".join(f"nc -w 2 10.213.0.11 {port} </dev/null && echo open" for port in doors)
    said = world.on("node1", "docker", "run", "--rm", "busybox", "sh", "-c", f"{tries}; echo tried")
    assert "tried" in said
    assert "open" not in said
    tries = "; ".join(f"curl -s -m 2 telnet://10.213.0.11:{port} </dev/null && echo open" for port in doors)
    assert "tried\n" == world.sh("node2", f"{tries}; echo tried")


# Lies


def _lying(world: World, port: int, *lies: str) -> None:
    lying = f'setsid perl -e "$0" {port} {" ".join(lies)} >/run/lying 2>&1 &'
    script = f"rm -f /run/lying; {lying} until grep -qs listening /run/lying; do sleep 0.1; done"
    world.on("node1", "bash", "-c", script, LIAR)


def test_a_lying_agent_is_found_out(world: World) -> None:
    """Whatever stands in the agent's place and says, a command on the node ends with an error that tells it."""
    lies = ("huge", "kind", "status", "long", "garbage", "silence")
    _lying(world, cluster_state.AGENT_PORT, *lies)
    for lie in lies:
        done = world.labs("exec", "--lab", "hostile", "node1", "--", "true", seconds=20)
        assert (lie, 4, "") == (lie, done.returncode, done.stdout)
        assert re.search(r"^(node1 cannot be reached|The node went away)", done.stderr), done.stderr
        assert "Traceback" not in done.stderr
    _await(lambda: world.on("node1", "hostname") == "node1\n")


def test_endless_output_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a check reads the output of a command that never ends, it gets an error that says so, and no GB."""
    for name in ("LABS_PROJECT", "LABS_ROOT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, world.environment[name])
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    cluster = next(cluster for cluster in UmlDriver().list_clusters() if cluster.id.lab == "hostile")
    with pytest.raises(HostError, match="'yes' on node1 said more than 64 MB and was ended"):
        cluster.nodes[0].run_command(["yes"])
    _await(lambda: "no yes" in world.sh("node1", "pgrep -x yes || echo no yes"))


def test_a_lying_engine_is_found_out(world: World) -> None:
    """An engine that answers garbage, or without end, makes a check an error, and not a failure or a crash."""
    for lie in ("json", "http", "body"):
        _lying(world, cluster_state.ENGINE_PORT, lie)
        done = world.labs("check", "hostile", seconds=60)
        assert (lie, 4) == (lie, done.returncode), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "\x1b[2J" not in done.stdout
    _await(lambda: world.labs("check", "hostile").returncode == 0)


@attack
def test_a_log_that_is_shown_does_no_harm(world: World) -> None:
    """What a machine says while it fails to boot is shown without what a terminal would obey."""
    init = r"printf '\033]0;owned\007\033[2Jhello\r%02000d\n' 7"
    write = '{ echo "#!/bin/sh"; echo "$0"; } >/usr/local/bin/labs-init; sync'
    world.on("node1", "sh", "-c", write, init)
    os.kill(world.processes("node1")[0], 9)
    _await(lambda: re.search(DOWN, world.labs("status").stdout) is not None)
    done = world.labs("start", "hostile")
    assert 4 == done.returncode
    assert "hello" in done.stderr
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", done.stderr)
    assert max(map(len, done.stderr.splitlines())) < 600
    world.labs("rm", "hostile")
    assert 0 == world.labs("start", "hostile", "--driver", "uml").returncode


# What a host has not enough of


@attack
def test_a_full_memory_is_the_machines_own(world: World) -> None:
    """A process that takes all memory is ended by its machine's kernel, and the machine goes on."""
    kernels = world.processes("node1")[0]
    said = world.on("node1", "perl", "-e", 'my @all; push @all, "x" x 50_000_000 while 1')
    assert "" == said.replace("Out of memory!\n", "").replace("Killed\n", "")
    assert "node1\n" == world.on("node1", "hostname")
    assert kernels == world.processes("node1")[0]


@needs_root
@attack
def test_what_the_host_remembers_is_limited(world: World) -> None:
    """A machine that makes the host keep books beyond all measure is ended before it has taken twice its memory."""
    limit = _peak(world)
    if not limit:
        pytest.skip("no control group for memory can be made here")
    assert limit < 2 * MEMORY
    # Each page that is mapped costs the host an entry of its own, though it is always the same page of zeros.
    script = """for (1 .. 120) { next if fork; syscall 9, 0, 200 << 20, 1, 0x8022, -1, 0; sleep 30; exit } sleep 30"""
    attacking = threading.Thread(target=world.on, args=("node1", "perl", "-e", script))
    attacking.start()
    attacking.join()
    usage = world.group("memory.max_usage_in_bytes", "-node1") or world.group("memory.peak", "-node1")
    assert usage is not None
    assert int(usage.read_text("ascii")) >> 20 <= limit
    assert re.search(DOWN, world.labs("status").stdout)
    assert "node2\n" == world.on("node2", "hostname")


@attack
def test_a_full_disk_is_the_machines_own(world: World) -> None:
    """Who fills a machine's disk runs out of space there, and its file on the host is no larger than before."""
    file = world.cluster() / "node1.own"
    before = file.stat().st_size
    script = """all=$(df --output=avail -B1M / | tail -1)
fallocate -l "$((all - 100))M" /root/most; dd if=/dev/zero of=/root/rest bs=1M 2>&1
df --output=avail / | tail -1; rm /root/most /root/rest"""
    said = world.sh("node1", script)
    assert "No space left on device" in said
    assert "0" == said.split()[-1]
    assert before == file.stat().st_size
    assert file.stat().st_blocks * 512 <= before


@attack
def test_a_machine_that_keeps_talking_fills_nothing(world: World) -> None:
    """Of a machine that floods its console 1 MB is kept, and the supervisor has time for others."""
    supervisor = Path(f"/proc/{world.supervisor()}/stat")
    before = _seconds(supervisor)
    began = time.monotonic()
    world.sh("node1", "timeout 4 yes 0123456789012345678901234567890123456789 >/dev/console")
    assert _seconds(supervisor) - before < 0.5 * (time.monotonic() - began)
    assert (world.cluster() / "node1.log").stat().st_size <= (1 << 20) + 1024


def _seconds(stat: Path) -> float:
    fields = stat.read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@needs_root
@attack
def test_the_host_comes_first(world: World) -> None:
    """A process of the host's that works beside a machine that does the same gets most of their processor."""
    kernel = world.processes("node1")[0]
    one = min(os.sched_getaffinity(0))
    for process in world.processes("node1"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process, {one})
    work = "timeout 5 perl -e '1 while 1'"
    attacking = threading.Thread(target=world.sh, args=("node1", f"{work} & {work} & {work} & wait"))
    attacking.start()
    time.sleep(1)
    for process in world.processes("node1"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process, {one})
    before = _machine_seconds(world)
    done = subprocess.run(
        [sys.executable, "-c", SPIN, str(one)], capture_output=True, text=True, check=True, start_new_session=True
    )
    machine = _machine_seconds(world) - before
    attacking.join()
    assert float(done.stdout) > 1.5 * machine, (done.stdout, machine)
    assert kernel == world.processes("node1")[0]


def _machine_seconds(world: World) -> float:
    total = 0.0
    for process in world.processes("node1"):
        with contextlib.suppress(OSError):
            total += _seconds(Path(f"/proc/{process}/stat"))
    return total


@needs_root
@attack
def test_a_fork_bomb_is_the_machines_own(world: World) -> None:
    """A fork bomb gets a bounded number of processes; others answer meanwhile, and `labs rm` ends it at once."""
    bomb = 'my $end = time + 20; $SIG{CHLD} = "IGNORE"; while (time < $end) { fork }'
    attacking = threading.Thread(target=world.on, args=("node1", "perl", "-e", bomb))
    attacking.start()
    most, longest = 0, 0.0
    deadline = time.monotonic() + 9
    while time.monotonic() < deadline:
        most = max(most, len(world.processes("node1")))
        began = time.monotonic()
        assert "node1\n" == world.on("node1", "hostname", lab="bystander")
        assert 0 == world.labs("status").returncode
        longest = max(longest, time.monotonic() - began)
    assert 500 < most <= 3000
    assert longest < 10
    made = (world.cluster() / "groups").read_text("utf-8").splitlines()
    began = time.monotonic()
    assert 0 == world.labs("rm", "hostile").returncode
    assert time.monotonic() - began < 10
    attacking.join()
    assert [] == [group for group in made if Path(group).exists()]
    assert 0 == world.labs("start", "hostile", "--driver", "uml").returncode


def _await(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)
