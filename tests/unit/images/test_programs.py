"""The programs that were written for the labs and run in containers: their pure functions, and their HTTP server."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import pytest

from runner.images import recipe


def load_program(name: str, file: str) -> Any:
    """Import a recipe's program as a module."""
    spec = importlib.util.spec_from_file_location(file, recipe.RECIPES_FOLDER / name / f"{file}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def http_server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the server, and let the programs import it."""
    module = load_program("web", "http_server")
    monkeypatch.setitem(sys.modules, "http_server", module)
    return module


@pytest.fixture
def whoami(http_server: Any) -> Any:
    """Import the program."""
    return load_program("whoami", "whoami")


@pytest.fixture
def vote(http_server: Any) -> Any:
    """Import the program."""
    return load_program("vote", "vote")


@pytest.fixture
def result(http_server: Any) -> Any:
    """Import the program."""
    return load_program("result", "result")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the program, with empty modules in place of the libraries that only its image has."""
    for name in ("redis", "psycopg2"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    return load_program("worker", "worker")


def parse_request(http_server: Any, text: bytes) -> Any:
    """Parse these bytes as a request."""
    return http_server.read_request(BufferedReader(BytesIO(text)), "10.0.0.1:5")


def test_request(http_server: Any) -> None:
    """A request is read to its end, and not further."""
    request = parse_request(http_server, b"POST /a?b=c HTTP/1.1\r\nHost: me\r\ncontent-length: 3\r\n\r\nabcGET")
    assert ("POST", "/a?b=c", "/a", "b=c") == (request.method, request.target, request.path, request.query)
    assert (b"abc", "me", "") == (request.body, request.header("host"), request.header("Cookie"))


def test_closed_connection(http_server: Any) -> None:
    """After the client has closed the connection, there is no request."""
    assert parse_request(http_server, b"") is None


@pytest.mark.parametrize(
    "text",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_bad_request(text: bytes, http_server: Any) -> None:
    """Input that is not a supported request is refused."""
    with pytest.raises(http_server.BadRequestError):
        parse_request(http_server, text)


def test_response(http_server: Any) -> None:
    """A response has its length and says whether the connection ends; a response to HEAD has no body."""
    response = http_server.Response("hé", 404, "text/html", {"X-Own": "1"})
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\nX-Own: 1\r\nContent-Length: 3\r\n"
    assert head + b"\r\nh\xc3\xa9" == response.encode(close=False, head_only=False)
    assert head + b"Connection: close\r\n\r\n" == response.encode(close=True, head_only=True)


SLOW = """
import sys, time
from http_server import Response, Server

def handle_request(request):
    time.sleep(float(request.query or 0))
    if request.path == "/broken":
        raise ValueError("oh")
    return Response(request.path)

server = Server(int(sys.argv[1]))
print("up", flush=True)
server.serve(handle_request)
"""


@pytest.fixture
def served() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server in another process, and yield the process and the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-c", SLOW, str(port)]
    process = subprocess.Popen(argv, cwd=recipe.RECIPES_FOLDER / "web", stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "up\n" == process.stdout.readline()
    yield process, port
    process.kill()
    process.wait()


def send_request(port: int, path: str, head: str = "") -> socket.socket:
    """Request a page, and return the connection."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
    return connection


def read_response(connection: socket.socket) -> str:
    """Return a response's status line and its body."""
    with connection.makefile("r", newline="\r\n") as stream:
        first = stream.readline().strip()
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(": ")
            length = int(value) if name == "Content-Length" else length
        return f"{first} {stream.read(length)}"


def test_persistent_connection(served: tuple[subprocess.Popen[str], int]) -> None:
    """One connection serves several requests, and a failing request does not affect the next one."""
    connection = send_request(served[1], "/broken")
    assert "HTTP/1.1 500 Error Internal error: oh\n" == read_response(connection)
    connection.sendall(b"GET /again HTTP/1.1\r\n\r\n")
    assert "HTTP/1.1 200 OK /again" == read_response(connection)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_shutdown(number: signal.Signals, served: tuple[subprocess.Popen[str], int]) -> None:
    """After a signal, open requests and those of the next moment are answered; idle connections are closed."""
    process, port = served
    idle = send_request(port, "/idle")
    assert "HTTP/1.1 200 OK /idle" == read_response(idle)
    slow = send_request(port, "/slow?1.2")
    process.send_signal(number)
    time.sleep(0.1)
    late = send_request(port, "/late")
    assert "HTTP/1.1 200 OK /late" == read_response(late)
    assert "HTTP/1.1 200 OK /slow" == read_response(slow)
    assert 0 == process.wait(5)


@pytest.mark.parametrize(
    ("query", "seconds"),
    [("", 0), ("wait=200ms", 0.2), ("a=b&wait=1.5s", 1.5), ("wait=2h", 0), ("wait=9999s", 60), ("await=1s", 0)],
)
def test_wait(query: str, seconds: float, whoami: Any) -> None:
    """`wait=` sets how long the response is delayed, at most a minute."""
    assert seconds == pytest.approx(whoami.parse_wait_seconds(query))


def test_addresses(whoami: Any, tmp_path: Path) -> None:
    """The container's addresses are the local ones in the kernel's routing table, each listed once."""
    routes = tmp_path / "fib_trie"
    lines = ["  |-- 10.0.0.0", "     /24 link UNICAST", "  |-- 10.0.0.5", "     /32 host LOCAL", "  |-- 127.0.0.1"]
    routes.write_text("\n".join([*lines, "     /32 host LOCAL", "  |-- 10.0.0.5", "     /32 host LOCAL"]))
    assert ["10.0.0.5", "127.0.0.1"] == whoami.list_addresses(str(routes))
    assert [] == whoami.list_addresses(str(tmp_path / "missing"))


def test_order_of_headers(whoami: Any) -> None:
    """Headers come in the same order as in traefik/whoami."""
    headers = [("Accept", "*/*"), ("user-agent", "curl"), ("Host", "x"), ("A", "1")]
    assert ["Host", "user-agent", "A", "Accept"] == [name for name, _ in whoami.sort_headers(headers)]


@pytest.mark.parametrize(("body", "vote_for"), [(b"vote=a", "a"), (b"x=1&vote=b", "b"), (b"vote=c", ""), (b"", "")])
def test_parse_form(body: bytes, vote_for: str, vote: Any) -> None:
    """A form contains a vote for one of the two options, or no vote."""
    assert vote_for == vote.parse_vote(body)


@pytest.mark.parametrize(
    ("cookies", "voter"),
    [("voter_id=ab1", "ab1"), ("x=1; voter_id=ab1; y=2", "ab1"), ("my_voter_id=1", ""), ("voter_id=a b", ""), ("", "")],
)
def test_voter(cookies: str, voter: str, vote: Any) -> None:
    """The voter's id comes from the cookie, if it has a valid form."""
    assert voter == vote.parse_voter(cookies)


def test_vote_page(http_server: Any, vote: Any) -> None:
    """The page shows both options and sets a cookie; another page and a form without a vote are refused."""
    page = vote.handle_request(http_server.Request("GET", "/", [], b"", ""))
    assert page.headers["Set-Cookie"].startswith("voter_id=")
    assert b"Cats vs Dogs" in page.body
    assert [404, 400] == [
        vote.handle_request(http_server.Request("GET", "/other", [], b"", "")).status,
        vote.handle_request(http_server.Request("POST", "/", [], b"vote=z", "")).status,
    ]


@pytest.mark.parametrize(
    ("text", "vote_of"),
    [
        (b'{"voter_id": "v", "vote": "a"}', ("v", "a")),
        (b'{"vote": "a"}', None),
        (b"[]", None),
        (b"hello", None),
        (b"\xff", None),
    ],
)
def test_parse_vote(text: bytes, vote_of: tuple[str, str] | None, worker: Any) -> None:
    """The worker parses votes, and returns None for any other text."""
    assert vote_of == worker.parse_vote(text)


@pytest.mark.parametrize("name", ["worker", "result"])
def test_setting(name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting comes from the environment or from the file that NAME_FILE names, and has a default."""
    module = request.getfixturevalue(name)
    assert "postgres" == module.read_setting("POSTGRES_PASSWORD", "postgres")
    monkeypatch.setenv("POSTGRES_PASSWORD", "plain")
    assert "plain" == module.read_setting("POSTGRES_PASSWORD", "postgres")
    (tmp_path / "password").write_text("secret\n")
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(tmp_path / "password"))
    assert "secret" == module.read_setting("POSTGRES_PASSWORD", "postgres")


@pytest.mark.parametrize(
    ("a", "b", "percentages"),
    [(0, 0, (50, 50)), (1, 0, (100, 0)), (1, 2, (33, 67)), (199, 1, (100, 0)), (5, 5, (50, 50))],
)
def test_percentages(a: int, b: int, percentages: tuple[int, int], result: Any) -> None:
    """The two percentages add up to 100."""
    assert percentages == result.compute_percentages(a, b)


@pytest.mark.parametrize(("a", "b", "total"), [(0, 0, "No votes yet"), (1, 0, "1 vote<"), (2, 1, "3 votes<")])
def test_result_page(a: int, b: int, total: str, result: Any) -> None:
    """The result page shows the number of votes."""
    page = result.render_page({"a": a, "b": b})
    assert f'<p id="total">{total}' in page
    assert "Cats vs Dogs" in page
