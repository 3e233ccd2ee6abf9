"""Tests of the proxy that the user sets for nodes."""

from __future__ import annotations

import pytest

from runner.drivers.docker import node_proxy
from runner.drivers.docker.node_proxy import NodeProxy
from runner.errors import HostError, UsageError

PROXY = NodeProxy("http://192.0.2.7:3128", "192.0.2.7", "192.0.2.7", 3128)


@pytest.mark.parametrize("variable", ["", " ", None])
def test_no_proxy(variable: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `LABS_NODE_PROXY`, nodes have no proxy, whatever proxy this host uses itself."""
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.7:3128")
    monkeypatch.delenv("LABS_NODE_PROXY", raising=False)
    if variable is not None:
        monkeypatch.setenv("LABS_NODE_PROXY", variable)
    assert node_proxy.find_node_proxy() is None


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://192.0.2.7:3128", 3128), ("http://192.0.2.7", 80), ("https://ada:secret@192.0.2.7/", 443)],
)
def test_proxy(url: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LABS_NODE_PROXY` is the address of an HTTP proxy, with a port and credentials if necessary."""
    monkeypatch.setenv("LABS_NODE_PROXY", url)
    assert NodeProxy(url, "192.0.2.7", "192.0.2.7", port) == node_proxy.find_node_proxy()


@pytest.mark.parametrize(
    "url", ["banana", "192.0.2.7:3128", "http://", "http://:3128", "ftp://192.0.2.7:21", "http://a b", "http://a:99999"]
)
def test_invalid_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value is a usage error that shows the format."""
    monkeypatch.setenv("LABS_NODE_PROXY", url)
    with pytest.raises(UsageError, match=f"LABS_NODE_PROXY is '{url}', which is not the address") as caught:
        node_proxy.find_node_proxy()
    assert "Use http://HOST:PORT." == caught.value.advice


@pytest.mark.parametrize("url", ["http://localhost:3128", "http://127.0.0.53:3128", "http://0.0.0.0:3128"])
def test_proxy_on_loopback_interface(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that only this computer can reach is a usage error that says what a node needs."""
    monkeypatch.setenv("LABS_NODE_PROXY", url)
    with pytest.raises(UsageError, match="nodes cannot reach the loopback interface") as caught:
        node_proxy.find_node_proxy()
    assert "listen on another address" in caught.value.advice


def test_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy whose name cannot be resolved is an error that names it."""
    monkeypatch.setenv("LABS_NODE_PROXY", "http://nowhere.invalid:3128")
    with pytest.raises(HostError, match=r"The host 'nowhere\.invalid' in LABS_NODE_PROXY has no IPv4 address"):
        node_proxy.find_node_proxy()


def test_exceptions() -> None:
    """Nodes, loopback addresses, the subnet and the mirror are reached without the proxy, in both spellings."""
    variables = PROXY.build_variables(["node1", "node2"], "10.213.0.0/24", "10.213.0.2", "10.213.0.11")
    expected = {"localhost", "127.0.0.0/8", "::1", "node1", "node2", "mirror"}
    expected |= {"10.213.0.0/24", "10.213.0.2", "10.213.0.11"}
    assert expected <= set(variables["NO_PROXY"].split(","))
    assert [variables["NO_PROXY"], PROXY.url, PROXY.url] == [
        variables[name] for name in ("no_proxy", "http_proxy", "HTTPS_PROXY")
    ]


def test_host_entry() -> None:
    """Only a proxy with a name needs an entry in the nodes' `/etc/hosts`."""
    named = NodeProxy("http://proxy.example:3128", "proxy.example", "192.0.2.7", 3128)
    assert ({}, {"proxy.example": "192.0.2.7"}) == (PROXY.host_entry, named.host_entry)
