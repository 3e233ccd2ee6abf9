"""The programs of the labs' own that run in containers: what is pure in them, and the server they stand on."""

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


def program(name: str, file: str) -> Any:
    """Return a recipe's program as a module."""
    spec = importlib.util.spec_from_file_location(file, recipe.FOLDER / name / f"{file}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the server, which the programs find under its name."""
    module = program("web", "serving")
    monkeypatch.setitem(sys.modules, "serving", module)
    return module


@pytest.fixture
def whoami(serving: Any) -> Any:
    """Return the program."""
    return program("whoami", "whoami")


@pytest.fixture
def vote(serving: Any) -> Any:
    """Return the program."""
    return program("vote", "vote")


@pytest.fixture
def result(serving: Any) -> Any:
    """Return the program."""
    return program("result", "result")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the program, which must do without the libraries that only its image has."""
    for name in ("redis", "psycopg2"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    return program("worker", "worker")


def read(serving: Any, text: bytes) -> Any:
    """Return the request that these bytes are."""
    return serving.read(BufferedReader(BytesIO(text)), "10.0.0.1:5")


def test_request(serving: Any) -> None:
    """A request is read whole, and no further."""
    request = read(serving, b"POST /a?b=c HTTP/1.1\r\nHost: me\r\ncontent-length: 3\r\n\r\nabcGET")
    assert ("POST", "/a?b=c", "/a", "b=c") == (request.method, request.target, request.path, request.query)
    assert (b"abc", "me", "") == (request.body, request.header("host"), request.header("Cookie"))


def test_no_further_request(serving: Any) -> None:
    """Where nothing more comes, there is no request."""
    assert read(serving, b"") is None


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
def test_bad_request(text: bytes, serving: Any) -> None:
    """What is no request that the server understands is refused."""
    with pytest.raises(serving.BadRequestError):
        read(serving, text)


def test_response(serving: Any) -> None:
    """A response says how long it is, and whether it is the last; one to HEAD has no body."""
    response = serving.Response("hé", 404, "text/html", {"X-Own": "1"})
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\nX-Own: 1\r\nContent-Length: 3\r\n"
    assert head + b"\r\nh\xc3\xa9" == response.encode(last=False, bare=False)
    assert head + b"Connection: close\r\n\r\n" == response.encode(last=True, bare=True)


SLOW = """
import sys, time
from serving import Response, Server

def answer(request):
    time.sleep(float(request.query or 0))
    if request.path == "/broken":
        raise ValueError("oh")
    return Response(request.path)

server = Server(int(sys.argv[1]))
print("up", flush=True)
server.serve(answer)
"""


@pytest.fixture
def served() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server in a process of its own, and yield it with its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-c", SLOW, str(port)]
    process = subprocess.Popen(argv, cwd=recipe.FOLDER / "web", stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "up\n" == process.stdout.readline()
    yield process, port
    process.kill()
    process.wait()


def ask(port: int, path: str, head: str = "") -> socket.socket:
    """Ask for a page, and return the connection."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
    return connection


def answer(connection: socket.socket) -> str:
    """Return an answer's first line and its last."""
    with connection.makefile("r", newline="\r\n") as stream:
        first = stream.readline().strip()
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(": ")
            length = int(value) if name == "Content-Length" else length
        return f"{first} {stream.read(length)}"


def test_one_connection_for_several_requests(served: tuple[subprocess.Popen[str], int]) -> None:
    """A connection carries one request after another, and a request that fails harms no other."""
    connection = ask(served[1], "/broken")
    assert "HTTP/1.1 500 Error Something went wrong here: oh\n" == answer(connection)
    connection.sendall(b"GET /again HTTP/1.1\r\n\r\n")
    assert "HTTP/1.1 200 OK /again" == answer(connection)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_end(number: signal.Signals, served: tuple[subprocess.Popen[str], int]) -> None:
    """After a signal what was asked is answered, also what comes in the moment after; an idle connection is left."""
    process, port = served
    idle = ask(port, "/idle")
    assert "HTTP/1.1 200 OK /idle" == answer(idle)
    slow = ask(port, "/slow?1.2")
    process.send_signal(number)
    time.sleep(0.1)
    late = ask(port, "/late")
    assert "HTTP/1.1 200 OK /late" == answer(late)
    assert "HTTP/1.1 200 OK /slow" == answer(slow)
    assert 0 == process.wait(5)


@pytest.mark.parametrize(
    ("query", "seconds"),
    [("", 0), ("wait=200ms", 0.2), ("a=b&wait=1.5s", 1.5), ("wait=2h", 0), ("wait=9999s", 60), ("await=1s", 0)],
)
def test_wait(query: str, seconds: float, whoami: Any) -> None:
    """`wait=` asks for an answer that takes its time."""
    assert seconds == pytest.approx(whoami.seconds(query))


def test_addresses(whoami: Any, tmp_path: Path) -> None:
    """A container's addresses are those that its kernel calls local, each once."""
    routes = tmp_path / "fib_trie"
    lines = ["  |-- 10.0.0.0", "     /24 link UNICAST", "  |-- 10.0.0.5", "     /32 host LOCAL", "  |-- 127.0.0.1"]
    routes.write_text("\n".join([*lines, "     /32 host LOCAL", "  |-- 10.0.0.5", "     /32 host LOCAL"]))
    assert ["10.0.0.5", "127.0.0.1"] == whoami.addresses(str(routes))
    assert [] == whoami.addresses(str(tmp_path / "missing"))


def test_order_of_headers(whoami: Any) -> None:
    """Headers are told as the original tells them."""
    given = [("Accept", "*/*"), ("user-agent", "curl"), ("Host", "x"), ("A", "1")]
    assert ["Host", "user-agent", "A", "Accept"] == [name for name, _ in whoami.ordered(given)]


@pytest.mark.parametrize(("body", "vote_for"), [(b"vote=a", "a"), (b"x=1&vote=b", "b"), (b"vote=c", ""), (b"", "")])
def test_chosen(body: bytes, vote_for: str, vote: Any) -> None:
    """A form chooses one of the two options, or nothing."""
    assert vote_for == vote.chosen(body)


@pytest.mark.parametrize(
    ("cookies", "voter"),
    [("voter_id=ab1", "ab1"), ("x=1; voter_id=ab1; y=2", "ab1"), ("my_voter_id=1", ""), ("voter_id=a b", ""), ("", "")],
)
def test_voter(cookies: str, voter: str, vote: Any) -> None:
    """A voter is known by the cookie, and only by a decent one."""
    assert voter == vote.voter_of(cookies)


def test_vote_page(serving: Any, vote: Any) -> None:
    """The page shows both options and gives the voter a cookie; a form without a choice is refused."""
    page = vote.answer(serving.Request("GET", "/", [], b"", ""))
    assert page.headers["Set-Cookie"].startswith("voter_id=")
    assert b"Cats vs Dogs" in page.body
    assert [404, 400] == [
        vote.answer(serving.Request("GET", "/other", [], b"", "")).status,
        vote.answer(serving.Request("POST", "/", [], b"vote=z", "")).status,
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
    """The worker knows a vote from what is none."""
    assert vote_of == worker.parse(text)


@pytest.mark.parametrize("name", ["worker", "result"])
def test_setting(name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting comes from the environment, or from the file that it names, and has a default."""
    module = request.getfixturevalue(name)
    assert "postgres" == module.setting("POSTGRES_PASSWORD", "postgres")
    monkeypatch.setenv("POSTGRES_PASSWORD", "plain")
    assert "plain" == module.setting("POSTGRES_PASSWORD", "postgres")
    (tmp_path / "password").write_text("secret\n")
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(tmp_path / "password"))
    assert "secret" == module.setting("POSTGRES_PASSWORD", "postgres")


@pytest.mark.parametrize(
    ("a", "b", "shares"), [(0, 0, (50, 50)), (1, 0, (100, 0)), (1, 2, (33, 67)), (199, 1, (100, 0)), (5, 5, (50, 50))]
)
def test_shares(a: int, b: int, shares: tuple[int, int], result: Any) -> None:
    """Two counts become percentages that make up the whole."""
    assert shares == result.shares(a, b)


@pytest.mark.parametrize(("a", "b", "total"), [(0, 0, "No votes yet"), (1, 0, "1 vote<"), (2, 1, "3 votes<")])
def test_result_page(a: int, b: int, total: str, result: Any) -> None:
    """The page with the result tells how many votes there are."""
    page = result.page({"a": a, "b": b})
    assert f'<p id="total">{total}' in page
    assert "Cats vs Dogs" in page
