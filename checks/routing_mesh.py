"""Read published ports, send requests through the routing mesh, and parse the log of the script `count`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.expect import fail
from checks.swarm import Service, SwarmSnapshot, Task

_SEPARATOR = "\x1e"
# One curl process for all URLs, but one connection per URL: the mesh distributes connections, not requests.
# It stops at the first failure: the remaining requests would probably run into the same timeout.
_CURL = ("curl", "--silent", "--max-time", "3", "--fail", "--fail-early", "--header", "Connection: close")
_HOST_NAME_LENGTH = 12


@dataclass(frozen=True, slots=True, order=True)
class PublishedPort:
    """A port that a service publishes.

    Attributes:
        published: The port on the nodes; 0 if the service leaves the choice to the swarm.
        target: The port in the containers.
        mode: 'ingress' for the routing mesh, or 'host'.

    """

    published: int
    target: int
    mode: str

    def __str__(self) -> str:
        mode = "" if self.mode == "ingress" else f" in mode {self.mode}"
        return f"{self.published or 'a port that the swarm chose'} to {self.target}{mode}"


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The counts that the script `count` has written.

    Attributes:
        answer_counts: The number of requests that were answered, by the text of the answer.
        loss_counts: The number of requests that were lost, by the reason.

    """

    answer_counts: Mapping[str, int]
    loss_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RetryRules:
    """What a configuration of HAProxy says about requests that fail.

    Attributes:
        retry_on: The kinds of failures after which HAProxy repeats a request.
        spares_posts: Whether a rule keeps it from repeating POST requests that a server may have processed.

    """

    retry_on: frozenset[str]
    spares_posts: bool


def list_published_ports(service: Service) -> tuple[PublishedPort, ...]:
    """Return the ports that a service declares as published, in ascending order."""
    entries = (service.spec.get("EndpointSpec") or {}).get("Ports") or ()
    ports = (
        PublishedPort(entry.get("PublishedPort", 0), entry["TargetPort"], entry.get("PublishMode", "ingress"))
        for entry in entries
    )
    return tuple(sorted(ports))


def read_endpoint_mode(service: Service) -> str:
    """Return how the name of a service is resolved: 'vip' or 'dnsrr'."""
    return str((service.spec.get("EndpointSpec") or {}).get("Mode", "vip"))


def fetch_urls_from_node(swarm: SwarmSnapshot, node: str, urls: Iterable[str]) -> list[str]:
    """Return the answer of each URL, requested on a node one after another, each on its own connection.

    Raises:
        NotYet: A URL gave no answer.

    """
    urls = tuple(urls)
    result = swarm.run_command_once(node, *_CURL, "--write-out", _SEPARATOR, *urls)
    answers = [answer.strip() for answer in result.stdout_text.split(_SEPARATOR)[:-1]]
    if result.exit_status:
        failed_url = urls[max(0, len(answers) - 1)].partition("/?")[0]
        see = f"curl --max-time 3 {failed_url}"
        fail(swarm.nodes[node], f"{failed_url} does not answer", f"{failed_url} answers", see)
    return answers


def parse_whoami_field(answer: str, name: str) -> str:
    """Return a field such as 'RemoteAddr' from an answer of traefik/whoami; empty if the answer does not have it."""
    match = re.search(rf"^{re.escape(name)}: *(.*)$", answer, re.MULTILINE | re.IGNORECASE)
    return match[1].strip() if match else ""


def derive_container_host_name(task: Task) -> str:
    """Return the default host name inside a task's container: the short container id."""
    return task.container_id[:_HOST_NAME_LENGTH]


def is_ingress_address(swarm: SwarmSnapshot, address: str) -> bool:
    """Return whether an IP address belongs to `ingress`, the network of the routing mesh."""
    networks = swarm.query_once("ingress", lambda: swarm.manager.api.api.networks(filters={"driver": "overlay"}))
    ingress = [network for network in networks if network.get("Ingress")]
    subnets = [config["Subnet"] for network in ingress for config in network["IPAM"]["Config"]]
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(subnet) for subnet in subnets)


def parse_request_log(text: str) -> RequestLog:
    """Parse the file that the script `count` has written."""
    lines = re.findall(r"^ *(\d+) (.+)$", text, re.MULTILINE)
    counts = {text: int(number) for number, text in lines}
    losses = {text for text in counts if text.startswith("lost")}
    return RequestLog(
        answer_counts={text: counts[text] for text in counts.keys() - losses},
        loss_counts={text: counts[text] for text in losses},
    )


def parse_retry_rules(config: str) -> RetryRules:
    """Parse the text of a configuration file of HAProxy.

    See 'retry-on' and 'disable-l7-retry' in HAProxy's configuration manual.
    """
    retry_on = frozenset({"conn-failure"})
    spares_posts = False
    for line in config.splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["retry-on"]:
            # The directive replaces an earlier one.
            retry_on = frozenset(words[1:])
        elif words[:2] == ["http-request", "disable-l7-retry"]:
            condition = " ".join(words[2:])
            spares_posts = spares_posts or "GET" in condition or "POST" in condition
    if "all-retryable-errors" in retry_on:
        retry_on |= {"conn-failure", "empty-response", "response-timeout"}
    return RetryRules(retry_on, spares_posts)
