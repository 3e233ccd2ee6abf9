"""Published ports, answers of whoami, and request logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from checks.routing_mesh import (
    PublishedPort,
    RequestLog,
    RetryRules,
    list_published_ports,
    parse_request_log,
    parse_retry_rules,
    parse_whoami_field,
    read_endpoint_mode,
)
from checks.swarm import Service

REQUEST_LOG = """\
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


def _make_service(endpoint: dict[str, Any] | None) -> Service:
    spec = {"EndpointSpec": endpoint} if endpoint is not None else {}
    return Service("id", "web", "nginx:latest", "replicated", 1, datetime.now(UTC), spec)


def test_request_log_counts() -> None:
    """Lost requests are counted by reason, separately from answers."""
    lost = {
        "lost: Failed to connect to node2 port 8000: Could not connect to server": 127,
        "lost: Recv failure: Connection reset by peer": 1,
    }
    assert RequestLog({"I'm 3f13162617e1": 62, "I'm de55146b98ba": 7}, lost) == parse_request_log(REQUEST_LOG)


def test_empty_request_log() -> None:
    """A file that is empty or contains something else has no requests."""
    assert RequestLog({}, {}) == parse_request_log("")
    assert RequestLog({}, {}) == parse_request_log("curl: command not found\n")


@pytest.mark.parametrize(
    ("config", "retry_on", "spares_posts"),
    [
        ("backend nodes\n    balance roundrobin\n", {"conn-failure"}, False),
        ("    retry-on empty-response response-timeout", {"empty-response", "response-timeout"}, False),
        ("    retry-on conn-failure 503\n    retry-on none", {"none"}, False),
        ("    # retry-on none", {"conn-failure"}, False),
        (
            "    retry-on all-retryable-errors",
            {"all-retryable-errors", "conn-failure", "empty-response", "response-timeout"},
            False,
        ),
        ("    http-request disable-l7-retry unless METH_GET  # not POST", {"conn-failure"}, True),
        ("    http-request disable-l7-retry if { method POST }", {"conn-failure"}, True),
        ("    http-request disable-l7-retry  # if METH_POST", {"conn-failure"}, False),
    ],
)
def test_retry_rules(config: str, retry_on: set[str], spares_posts: bool) -> None:
    """The last 'retry-on' counts, connections are repeated by default, and a rule may spare POST requests."""
    assert RetryRules(frozenset(retry_on), spares_posts) == parse_retry_rules(config)


def test_whoami_field() -> None:
    """A field is found in any case, and a missing field is empty."""
    assert ("5b568b6bcef4", "10.213.0.11", "") == tuple(
        parse_whoami_field(ANSWER, name) for name in ("Hostname", "X-Forwarded-For", "Name")
    )


def test_port_order() -> None:
    """Ports are in ascending order, and a port that the swarm chooses counts as 0."""
    entries = [{"TargetPort": 80, "PublishedPort": 8000}, {"TargetPort": 81, "PublishMode": "host"}]
    assert (PublishedPort(0, 81, "host"), PublishedPort(8000, 80, "ingress")) == list_published_ports(
        _make_service({"Ports": entries})
    )
    assert () == list_published_ports(_make_service(None))


def test_port_with_mode() -> None:
    """The text of a port names its mode, unless it is the routing mesh."""
    assert ("8000 to 80", "81 to 81 in mode host") == (
        str(PublishedPort(8000, 80, "ingress")),
        str(PublishedPort(81, 81, "host")),
    )


def test_port_without_number() -> None:
    """The text of a port that the swarm chooses has no number for the node."""
    assert "a port that the swarm chose to 80" == str(PublishedPort(0, 80, "ingress"))


def test_default_endpoint_mode() -> None:
    """A service without an endpoint mode has a virtual IP."""
    services = [_make_service(endpoint) for endpoint in (None, {}, {"Mode": "dnsrr"})]
    assert ["vip", "vip", "dnsrr"] == [read_endpoint_mode(service) for service in services]
