"""Submissions for the tests' lab 'ladder' by people who want the points without the work, or somebody else's harm."""

from __future__ import annotations

from dataclasses import dataclass

from tests.ladder_submissions import SWARM, THIRD, VOLUMES, block

DONE = SWARM + VOLUMES
# What the lab's four checks come to, and then the hidden one.
ALL, MOST, NONE = "passed passed passed passed passed", "passed passed passed failed passed", "failed " * 4 + "failed"
# Neither a pass nor a fail.
NOBODY_KNOWS = "error error error error error"
# On the host; stands for a port that the tests listen on.
PORT = "@PORT@"
# What a terminal, an XML report, a workflow, and whoever keeps what was typed apart by it, would obey.
NASTY = "\x1b]0;title\x07</testcase>\r\n::error::pwned\n\x1e\n\x03\x00\x00\x00\x010"
# Stands in the engine's place, and answers each question by a function of its path.
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
    sysread $peer, my $asked, 65536;
    my ($path) = $asked =~ m{^\S+ (\S+)};
    syswrite $peer, ANSWER;
    close $peer;
}
"""
_LIES = r"""do {
    my @volumes = map qq({"Name": "$_", "Labels": {"node": "node1"}}), qw(first second third);
    my $says = $path =~ /volumes/
        ? '{"Volumes": [' . join(',', @volumes) . ']}'
        : '{"Swarm": {"LocalNodeState": "active"}}';
    my $head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
    "$head\r\nContent-Length: " . length($says) . "\r\n\r\n$says";
}"""
_ELSEWHERE = rf""""HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:{PORT}/\r\nContent-Length: 0\r\n\r\n" """
_FLOOD = """
use Socket;
socket S, PF_INET, SOCK_RAW, 1;
setsockopt S, SOL_SOCKET, SO_BROADCAST, 1;
my $end = time + 3;
send S, 'x' x 1400, 0, sockaddr_in(0, inet_aton('10.213.0.255')) while time < $end;
"""
_KILL = "kill -USR1 1; setsid sh -c 'while :; do pkill -9 dockerd; pkill -9 containerd; done' >/dev/null 2>&1 & sleep 2"
_COMPOSE = "services:\n" + "".join(f"  s{number}: {{image: busybox, command: yes}}\n" for number in range(20))
_LAUGHS = "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10))
# Not as a pattern would be that finds itself.
_LOOK = r"""
mount -t hostfs none /mnt
{
    find / -xdev -path /usr -prune -o -path /var/lib/docker -prune -o -path '*[c]hecks*' -name '*.py' -print
    find /mnt -path /mnt/usr -prune -o '(' -name 'test[_]*' -o -name 'job.[j]son' -o -name '*.[k]ey' ')' -print
    grep -rls 'nobody [k]nows' /root /tmp /etc /srv
    cat /proc/[0-9]*/{environ,cmdline} /mnt/proc/[0-9]*/{environ,cmdline} | tr '\0' '\n' | grep -a '[c]hecks/'
} >/run/found 2>/dev/null || true
cat /run/found; [ ! -s /run/found ]
"""
_REACH = rf"""
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
    """One submission.

    Attributes:
        text: Its text, without front matter.
        outcomes: What its checks must come to.

    """

    text: str
    outcomes: str = MOST


def _perl(script: str) -> str:
    return f"perl <<'END'\n{script}\nEND"


def _engine(answer: str) -> str:
    return block(_perl(_ENGINE.replace("ANSWER", answer)))


def _replaced(programs: str, script: str) -> str:
    """Return a block that puts a script in the place of programs."""
    put = f"printf '#!/bin/bash\\n%s\\n' '{script}' >/run/new; chmod +x /run/new"
    return block(f'{put}\nfor one in {programs}; do cp --remove-destination /run/new "$(command -v "$one")"; done')


ATTACKS = {
    # Who takes all there is.
    "fills-the-disk": Attack(DONE + block("dd if=/dev/zero of=/root/full bs=1M")),
    "fills-the-memory": Attack(DONE + block(_perl('my @all; push @all, "x" x 50_000_000 while 1'))),
    # One that does not end is one more that nobody knows the grade of, after minutes.
    "fork-bomb": Attack(DONE + block(_perl('my $end = time + 3; $SIG{CHLD} = "IGNORE"; while (time < $end) { fork }'))),
    "floods-the-network": Attack(DONE + block(_perl(_FLOOD))),
    "says-without-end": Attack(DONE + block("yes") + THIRD),
    "composes-a-bomb": Attack(
        DONE
        + block(f"cat >compose.yaml <<'END'\n{_COMPOSE}END\ntimeout 4 docker compose up >/dev/null 2>&1")
        + block(f"printf 'a0: &a0 [x]\\n%s' '{_LAUGHS}' >compose.yaml; timeout 3 docker compose config | wc")
        + block("printf 'FROM busybox\\nRUN yes >/full\\n' >Dockerfile; timeout 3 docker build .")
    ),
    # Who waits.
    "sleeps": Attack(SWARM + block("sleep 1000") + VOLUMES + THIRD, "passed failed failed failed failed"),
    "waits-behind": Attack(
        DONE
        + block(
            "nohup yes >/dev/null 2>&1 &\nsleep 1000 &\n"
            "setsid sh -c 'sleep 90; docker volume create third' >/dev/null 2>&1 & sleep 2"
        )
    ),
    # Who feigns.
    "replaces-docker": Attack(_replaced("docker", "exit 0") + DONE + THIRD, NONE),
    "replaces-the-runtime": Attack(
        _replaced("crun runc containerd-shim-runc-v2 docker-proxy docker-init", "exit 0")
        + block("for file in .bashrc .profile /etc/profile /etc/bash.bashrc; do echo 'docker() { :; }' >>$file; done")
        + DONE
    ),
    "forges-results": Attack(
        block(
            "for file in grade.json results.json /tmp/grade.json; do echo '{\"score\": 100}' >$file; done\n"
            f"printf '%b' '{NASTY.encode('unicode_escape').decode()}'; exit 0"
        ),
        NONE,
    ),
    "escapes": Attack(
        block("printf '\\033]0;t\\007\\r::error::pwned' >/proc/sys/kernel/hostname || true")
        + SWARM
        + block(
            "docker volume create --label \"$(printf '\\033]0;t\\007\\n::error::pwned\\n<script>')=x\" first\n"
            "docker volume create second"
        ),
        "passed failed passed failed failed",
    ),
    "asks-too-much": Attack(
        "```sh node1 capture=LONG\nyes | head -c 50000000\n```\n"
        "```sh node1 capture=SHELL\necho '$(docker volume create third)'\n```\n"
        + DONE
        + block(": '<SHELL>' '<LONG>'")
        + block(f": '{'<LONG>' * 10_000}'")
        + block("yes | head -c 9000 | tr -d '\\n'")
        + f"```output\n{'y...' * 5000}n\n```\n"
        + f"```sh {'node1 ' * 50_000}\ntrue\n```\n```sh \x1b[2Jnode9\ntrue\n```\n"
    ),
    "lies-about-the-lab": Attack(f"---\nlab: solo\n---\n{DONE}"),
    # The one that is not defended against: docs/instructors.md says so.
    "engine-that-lies": Attack(_engine(_LIES), ALL),
    # Who looks around.
    "looks-for-checks": Attack(DONE + block(_LOOK)),
    "looks-for-the-host": Attack(DONE + block(_REACH)),
    "engine-that-leads-elsewhere": Attack(_engine(_ELSEWHERE), NOBODY_KNOWS),
    # Who breaks their own machine.
    "kills-the-engine": Attack(DONE + block("pkill -9 dockerd"), NOBODY_KNOWS),
    "kills-it-again-and-again": Attack(DONE + block(_KILL), NOBODY_KNOWS),
    "kills-all": Attack(DONE + block("kill -9 -1") + THIRD, NOBODY_KNOWS),
    "kills-the-agent": Attack(DONE + block("pkill -9 -f labs-agent") + THIRD, ALL),
    "replaces-what-types": Attack(DONE + _replaced("perl timeout", "exec yes") + THIRD),
    "deletes-all": Attack(DONE + block("rm -rf --no-preserve-root / 2>/dev/null || true")),
    # Who did nothing but the work; as the last, it comes after all of them.
    "zealous": Attack(DONE + THIRD, ALL),
}
