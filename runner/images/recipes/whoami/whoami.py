"""Reports which container answers: "I'm HOST" on port 8000, as jwilder/whoami does.

With the argument `full` it does what traefik/whoami does: on port 80 it reports the host name, the IP addresses and the
request itself, and it supports `?wait=200ms` for a slow response, `/health` and `/api`.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time

from http_server import Request, Response, Server

HOST = socket.gethostname()


def handle_brief(_request: Request) -> Response:
    """Report only the host name."""
    return Response(f"I'm {HOST}\n")


def handle_full(request: Request) -> Response:
    """Report the host name, the addresses and the request."""
    time.sleep(parse_wait_seconds(request.query))
    if request.path == "/health":
        return Response()
    if request.path == "/bench":
        return Response("1")
    if request.path == "/api":
        return Response(render_json(request), content_type="application/json")
    lines = [f"Name: {os.environ['WHOAMI_NAME']}"] if os.environ.get("WHOAMI_NAME") else []
    lines += [f"Hostname: {HOST}", *(f"IP: {address}" for address in list_addresses()), f"RemoteAddr: {request.peer}"]
    lines += [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in sort_headers(request.headers)]
    return Response("\n".join([*lines, "", ""]))


def parse_wait_seconds(query: str) -> float:
    """Return how long the query asks to wait, as in `wait=200ms`; at most one minute."""
    match = re.search(r"(?:^|&)wait=([0-9]+(?:\.[0-9]+)?)(ms|s)(?:&|$)", query)
    return min(float(match[1]) * (0.001 if match[2] == "ms" else 1), 60) if match else 0


def sort_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers in traefik/whoami's order: Host, User-Agent, then the others by name."""
    first = {"host": 0, "user-agent": 1}
    return sorted(headers, key=lambda header: (first.get(header[0].lower(), 2), header[0]))


def list_addresses(routes: str = "/proc/net/fib_trie") -> list[str]:
    """Return this container's IPv4 addresses."""
    addresses: list[str] = []
    last = ""
    try:
        with open(routes, encoding="ascii") as lines:  # noqa: PTH123 - pathlib would add a third to the start-up time
            for line in lines:
                if "|-- " in line:
                    last = line.split()[-1]
                elif "/32 host LOCAL" in line and last not in addresses:
                    addresses.append(last)
    except OSError:
        # Some sandboxes hide this file.
        return addresses
    return addresses


def render_json(request: Request) -> str:
    """Return the response to `/api`."""
    import json

    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name.lower() != "host":
            headers.setdefault(name, []).append(value)
    data = {"hostname": HOST, "ip": list_addresses(), "headers": headers, "url": request.target}
    data |= {"host": request.header("Host"), "method": request.method, "remoteAddr": request.peer}
    return json.dumps({**data, **({"name": os.environ["WHOAMI_NAME"]} if os.environ.get("WHOAMI_NAME") else {})}) + "\n"


def main(arguments: list[str]) -> None:
    """Serve until the process receives a signal."""
    full = arguments[:1] == ["full"]
    port = int(os.environ.get("WHOAMI_PORT_NUMBER" if full else "PORT") or (80 if full else 8000))
    server = Server(port)
    print(f"Listening on :{port}", flush=True)
    server.serve(handle_full if full else handle_brief)


if __name__ == "__main__":
    main(sys.argv[1:])
