"""Tells who answers: "I'm HOST" on port 8000; with the word `full`, on port 80, host, addresses and the request itself.

In full it also has `?wait=200ms`, which makes an answer take its time, `/health` and `/api`, as traefik/whoami has.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time

from serving import Request, Response, Server

HOST = socket.gethostname()


def brief(_request: Request) -> Response:
    """Tell the host's name alone."""
    return Response(f"I'm {HOST}\n")


def full(request: Request) -> Response:
    """Tell all there is to tell."""
    time.sleep(seconds(request.query))
    if request.path == "/health":
        return Response()
    if request.path == "/bench":
        return Response("1")
    if request.path == "/api":
        return Response(as_json(request), kind="application/json")
    lines = [f"Name: {os.environ['WHOAMI_NAME']}"] if os.environ.get("WHOAMI_NAME") else []
    lines += [f"Hostname: {HOST}", *(f"IP: {address}" for address in addresses()), f"RemoteAddr: {request.peer}"]
    lines += [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in ordered(request.headers)]
    return Response("\n".join([*lines, "", ""]))


def seconds(query: str) -> float:
    """Return how long `wait=` asks to wait, as in `wait=200ms`, and never more than a minute."""
    found = re.search(r"(?:^|&)wait=([0-9]+(?:\.[0-9]+)?)(ms|s)(?:&|$)", query)
    return min(float(found[1]) * (0.001 if found[2] == "ms" else 1), 60) if found else 0


def ordered(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers as the original tells them: the host, then the program that asks, then the others by name."""
    first = {"host": 0, "user-agent": 1}
    return sorted(headers, key=lambda header: (first.get(header[0].lower(), 2), header[0]))


def addresses(routes: str = "/proc/net/fib_trie") -> list[str]:
    """Return the addresses that this container has."""
    found: list[str] = []
    last = ""
    try:
        with open(routes, encoding="ascii") as lines:  # noqa: PTH123 - pathlib would take a third of the start
            for line in lines:
                if "|-- " in line:
                    last = line.split()[-1]
                elif "/32 host LOCAL" in line and last not in found:
                    found.append(last)
    except OSError:
        # Some sandboxes do not show it.
        return found
    return found


def as_json(request: Request) -> str:
    """Return what `/api` answers."""
    import json

    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name.lower() != "host":
            headers.setdefault(name, []).append(value)
    told = {"hostname": HOST, "ip": addresses(), "headers": headers, "url": request.target}
    told |= {"host": request.header("Host"), "method": request.method, "remoteAddr": request.peer}
    return json.dumps({**told, **({"name": os.environ["WHOAMI_NAME"]} if os.environ.get("WHOAMI_NAME") else {})}) + "\n"


def main(words: list[str]) -> None:
    """Serve until told to end."""
    all_of_it = words[:1] == ["full"]
    port = int(os.environ.get("WHOAMI_PORT_NUMBER" if all_of_it else "PORT") or (80 if all_of_it else 8000))
    server = Server(port)
    print(f"Listening on :{port}", flush=True)
    server.serve(full if all_of_it else brief)


if __name__ == "__main__":
    main(sys.argv[1:])
