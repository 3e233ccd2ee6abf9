"""What checks read of published ports, of answers and of what was counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from checks.routing_mesh import (
    PublishedPort,
    RequestLog,
    list_published_ports,
    parse_request_log,
    read_endpoint_mode,
    read_whoami_field,
)
from checks.swarm import Service

COUNTED = """\
     62 I'm 3f13162617e1
      7 I'm de55146b98ba
    127 lost: Failed to connect to node2 port 8000: Could not connect to server
      1 lost: Recv failure: Connection reset by peer
"""
ANSWER = """\
Hostname: 5b568b6bcef4
RemoteAddr: 10.0.0.2:59822
GET / HTTP/1.1
x-forwarded-for: 10.213.0.11
"""


def _service(endpoint: dict[str, Any] | None) -> Service:
    spec = {"EndpointSpec": endpoint} if endpoint is not None else {}
    return Service("id", "web", "nginx:latest", "replicated", 1, datetime.now(UTC), spec)


def test_ledger_tells_answers_from_losses() -> None:
    """What was lost is counted apart from those who answered, each by its words."""
    lost = {
        "lost: Failed to connect to node2 port 8000: Could not connect to server": 127,
        "lost: Recv failure: Connection reset by peer": 1,
    }
    assert RequestLog({"I'm 3f13162617e1": 62, "I'm de55146b98ba": 7}, lost) == parse_request_log(COUNTED)


def test_ledger_of_nothing_is_empty() -> None:
    """A file that is empty, or holds something else, tells of no request."""
    assert RequestLog({}, {}) == parse_request_log("")
    assert RequestLog({}, {}) == parse_request_log("curl: command not found\n")


def test_told_finds_a_line_by_its_name() -> None:
    """A header is found whatever the case of its name, and what is not told is empty."""
    assert ("5b568b6bcef4", "10.213.0.11", "") == tuple(
        read_whoami_field(ANSWER, name) for name in ("Hostname", "X-Forwarded-For", "Name")
    )


def test_ports_are_in_order() -> None:
    """Ports come lowest first, whatever order they were typed in, and one that the swarm chooses counts as 0."""
    given = [{"TargetPort": 80, "PublishedPort": 8000}, {"TargetPort": 81, "PublishMode": "host"}]
    assert (PublishedPort(0, 81, "host"), PublishedPort(8000, 80, "ingress")) == list_published_ports(
        _service({"Ports": given})
    )
    assert () == list_published_ports(_service(None))


def test_ports_are_told_with_an_unusual_mode() -> None:
    """A port's words name the mode where it is not the mesh."""
    assert ("8000 to 80", "81 to 81 in mode host") == (
        str(PublishedPort(8000, 80, "ingress")),
        str(PublishedPort(81, 81, "host")),
    )


def test_a_port_that_was_not_named_is_told_in_words() -> None:
    """Where the swarm was to choose the port, no number is told."""
    assert "a port that the swarm chose to 80" == str(PublishedPort(0, 80, "ingress"))


def test_endpoint_mode_is_vip_unless_told() -> None:
    """A service that says nothing of its endpoint mode has a virtual IP."""
    assert ("vip", "vip", "dnsrr") == tuple(read_endpoint_mode(_service(one)) for one in (None, {}, {"Mode": "dnsrr"}))
