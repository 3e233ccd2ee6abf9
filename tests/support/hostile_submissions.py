"""Hostile submissions for the tests' lab 'ladder': they cheat, exhaust resources, or attack the host."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.ladder_submissions import SWARM_BLOCK, THIRD_BLOCK, VOLUMES_BLOCK, make_block

SWARM_AND_VOLUMES = SWARM_BLOCK + VOLUMES_BLOCK
# The results of the lab's four checks and of the hidden check.
ALL, MOST, NONE = "passed passed passed passed passed", "passed passed passed failed passed", "failed " * 4 + "failed"
# No check could run.
ALL_ERRORS = "error error error error error"
# A placeholder for the port of the host on which the tests listen.
PORT = "@PORT@"
# Control characters for a terminal, an XML report, a GitHub workflow, and the program that runs the blocks.
CONTROL_CHARACTERS = "\x1b]0;title\x07</testcase>\r\n::error::pwned\n\x1e\n\x03\x00\x00\x00\x010"
# Replaces the node engine, and computes each answer from the path of the request.
_ENGINE = r"""
use Socket;
socket my $listener, PF_INET, SOCK_STREAM, 0;
bind $listener, sockaddr_in(7777, INADDR_ANY);
listen $listener, 50;
system qw(iptables -I PREROUTING -t nat -p tcp --dport 61001 -j REDIRECT --to-port 7777);
exit if fork;
close $_ for *STDOUT, *STDERR;
$SIG{PIPE} = 'IGNORE';
while (accept my $peer, $listener) {
    sysread $peer, my $request, 65536;
    my ($path) = $request =~ m{^\S+ (\S+)};
    syswrite $peer, ANSWER;
    close $peer;
}
"""
_FALSE_ANSWERS = r"""do {
    my @volumes = map qq({"Name": "$_", "Labels": {"node": "node1"}}), qw(first second third);
    my $body = $path =~ /volumes/
        ? '{"Volumes": [' . join(',', @volumes) . ']}'
        : '{"Swarm": {"LocalNodeState": "active"}}';
    my $head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
    "$head\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
}"""
_REDIRECT = rf""""HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:{PORT}/\r\nContent-Length: 0\r\n\r\n" """
_FLOOD = """
use Socket;
socket S, PF_INET, SOCK_RAW, 1;
setsockopt S, SOL_SOCKET, SO_BROADCAST, 1;
my $end = time + 3;
send S, 'x' x 1400, 0, sockaddr_in(0, inet_aton('10.213.0.255')) while time < $end;
"""
_KILL_REPEATEDLY = (
    "kill -USR1 1; setsid sh -c 'while :; do pkill -9 dockerd; pkill -9 containerd; done' >/dev/null 2>&1 & sleep 2"
)
_NOISY_SERVICES = "services:\n" + "".join(f"  s{number}: {{image: busybox, command: yes}}\n" for number in range(20))
_BILLION_LAUGHS = "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10))
# The patterns are written so that they do not match this script itself.
_FIND_CHECKS = r"""
mount -t hostfs none /mnt
{
    find / -xdev -path /usr -prune -o -path /var/lib/docker -prune -o -path '*[c]hecks*' -name '*.py' -print
    find /mnt -path /mnt/usr -prune -o '(' -name 'test[_]*' -o -name 'job.[j]son' -o -name '*.[k]ey' ')' -print
    grep -rls 'confidential [l]abel' /root /tmp /etc /srv
    cat /proc/[0-9]*/{environ,cmdline} /mnt/proc/[0-9]*/{environ,cmdline} | tr '\0' '\n' | grep -a '[c]hecks/'
} >/run/found 2>/dev/null || true
cat /run/found; [ ! -s /run/found ]
"""
_FIND_HOST = rf"""
mount -t hostfs none /mnt
ls -d /mnt/{{root,home,etc,var,work,run}} /mnt/*/docker.sock /mnt/shared/../../*/machines \
    >/run/found 2>/dev/null || true
for one in 10.213.0.{{1,2,3,12,13}} 10.0.2.2 172.17.0.1; do for port in {PORT} 61001 61002 2375; do
    curl -s -m 2 "$one:$port" && echo "$one:$port" >>/run/found &
done; done >/dev/null
wait
ip address del 127.0.0.1/8 dev lo; echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
ip route add 127.0.0.0/8 via 10.213.0.1 || true
curl -s -m 2 127.0.0.1:{PORT} && echo loopback >>/run/found
cat /run/found; [ ! -s /run/found ]
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """A hostile submission.

    Attributes:
        text: The text of the submission, without front matter.
        outcomes: The expected results of its checks.

    """

    text: str
    outcomes: str = MOST


def _perl(script: str) -> str:
    return f"perl <<'END'\n{script}\nEND"


def _replace_engine(answer: str) -> str:
    return make_block(_perl(_ENGINE.replace("ANSWER", answer)))


def _replace_programs(programs: str, script: str) -> str:
    """Return a block that replaces programs with a script."""
    write = f"printf '#!/bin/bash\\n%s\\n' '{script}' >/run/new; chmod +x /run/new"
    return make_block(
        f'{write}\nfor program in {programs}; do cp --remove-destination /run/new "$(command -v "$program")"; done'
    )


ATTACKS = {
    # Submissions that exhaust resources.
    "fills-the-disk": Attack(SWARM_AND_VOLUMES + make_block("dd if=/dev/zero of=/root/full bs=1M")),
    "fills-the-memory": Attack(SWARM_AND_VOLUMES + make_block(_perl('my @all; push @all, "x" x 50_000_000 while 1'))),
    # The fork bomb ends after three seconds: an endless one would only end in a grading error after minutes.
    "fork-bomb": Attack(
        SWARM_AND_VOLUMES + make_block(_perl('my $end = time + 3; $SIG{CHLD} = "IGNORE"; while (time < $end) { fork }'))
    ),
    "floods-the-network": Attack(SWARM_AND_VOLUMES + make_block(_perl(_FLOOD))),
    "endless-output": Attack(SWARM_AND_VOLUMES + make_block("yes") + THIRD_BLOCK),
    "compose-bomb": Attack(
        SWARM_AND_VOLUMES
        + make_block(f"cat >compose.yaml <<'END'\n{_NOISY_SERVICES}END\ntimeout 4 docker compose up >/dev/null 2>&1")
        + make_block(
            f"printf 'a0: &a0 [x]\\n%s' '{_BILLION_LAUGHS}' >compose.yaml; timeout 3 docker compose config | wc"
        )
        + make_block("printf 'FROM busybox\\nRUN yes >/full\\n' >Dockerfile; timeout 3 docker build .")
    ),
    # Submissions that wait.
    "sleeps": Attack(
        SWARM_BLOCK + make_block("sleep 1000") + VOLUMES_BLOCK + THIRD_BLOCK, "passed failed failed failed failed"
    ),
    "background-processes": Attack(
        SWARM_AND_VOLUMES
        + make_block(
            "nohup yes >/dev/null 2>&1 &\nsleep 1000 &\n"
            "setsid sh -c 'sleep 90; docker volume create third' >/dev/null 2>&1 & sleep 2"
        )
    ),
    # Submissions that cheat.
    "replaces-docker": Attack(_replace_programs("docker", "exit 0") + SWARM_AND_VOLUMES + THIRD_BLOCK, NONE),
    "replaces-the-runtime": Attack(
        _replace_programs("crun runc containerd-shim-runc-v2 docker-proxy docker-init", "exit 0")
        + make_block(
            "for file in .bashrc .profile /etc/profile /etc/bash.bashrc; do echo 'docker() { :; }' >>$file; done"
        )
        + SWARM_AND_VOLUMES
    ),
    "forges-results": Attack(
        make_block(
            "for file in grade.json results.json /tmp/grade.json; do echo '{\"score\": 100}' >$file; done\n"
            f"printf '%b' '{CONTROL_CHARACTERS.encode('unicode_escape').decode()}'; exit 0"
        ),
        NONE,
    ),
    "escape-sequences": Attack(
        make_block("printf '\\033]0;t\\007\\r::error::pwned' >/proc/sys/kernel/hostname || true")
        + SWARM_BLOCK
        + make_block(
            "docker volume create --label \"$(printf '\\033]0;t\\007\\n::error::pwned\\n<script>')=x\" first\n"
            "docker volume create second"
        ),
        "passed failed passed failed failed",
    ),
    "huge-captures": Attack(
        "```sh node1 capture=LONG\nyes | head -c 50000000\n```\n"
        "```sh node1 capture=SHELL\necho '$(docker volume create third)'\n```\n"
        + SWARM_AND_VOLUMES
        + make_block(": '<SHELL>' '<LONG>'")
        + make_block(f": '{'<LONG>' * 10_000}'")
        + make_block("yes | head -c 9000 | tr -d '\\n'")
        + f"```output\n{'y...' * 5000}n\n```\n"
        + f"```sh {'node1 ' * 50_000}\ntrue\n```\n```sh \x1b[2Jnode9\ntrue\n```\n"
    ),
    "names-another-lab": Attack(f"---\nlab: solo\n---\n{SWARM_AND_VOLUMES}"),
    # The only attack without a defense; docs/explanation/grading-model.md documents this.
    "lying-engine": Attack(_replace_engine(_FALSE_ANSWERS), ALL),
    # Submissions that look for secrets.
    "looks-for-checks": Attack(SWARM_AND_VOLUMES + make_block(_FIND_CHECKS)),
    "looks-for-the-host": Attack(SWARM_AND_VOLUMES + make_block(_FIND_HOST)),
    "redirecting-engine": Attack(_replace_engine(_REDIRECT), ALL_ERRORS),
    # Submissions that break their own VM.
    "kills-the-engine": Attack(SWARM_AND_VOLUMES + make_block("pkill -9 dockerd"), ALL_ERRORS),
    "kills-the-engine-repeatedly": Attack(SWARM_AND_VOLUMES + make_block(_KILL_REPEATEDLY), ALL_ERRORS),
    "kills-all": Attack(SWARM_AND_VOLUMES + make_block("kill -9 -1") + THIRD_BLOCK, ALL_ERRORS),
    "kills-the-agent": Attack(SWARM_AND_VOLUMES + make_block("pkill -9 -f labs-agent") + THIRD_BLOCK, ALL),
    "replaces-the-block-runner": Attack(
        SWARM_AND_VOLUMES + _replace_programs("perl timeout", "exec yes") + THIRD_BLOCK
    ),
    "damages-the-shell-memory": Attack(
        make_block(
            "setsid sh -c 'while :; do echo exit 0 >/run/labs-block-state; sleep 0.1; done' >/dev/null 2>&1 &\nsleep 1"
        )
        + SWARM_AND_VOLUMES
        + make_block("echo '# end' >/run/labs-block-state.new; kill -9 $$")
        + THIRD_BLOCK,
        ALL,
    ),
    "deletes-all": Attack(SWARM_AND_VOLUMES + make_block("rm -rf --no-preserve-root / 2>/dev/null || true")),
    # An honest submission, graded after all others.
    "honest": Attack(SWARM_AND_VOLUMES + THIRD_BLOCK, ALL),
}
