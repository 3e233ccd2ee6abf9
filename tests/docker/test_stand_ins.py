"""The stand-ins on a real engine: what lessons rely on in the official images holds for them too."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import tarfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest

from runner.drivers.docker import host_engine
from runner.drivers.docker import images as build
from runner.status import NullReporter
from tests.docker.conftest import run_docker

OWN = f"labs-test-{os.getpid()}-stand-in"
NAMES = (
    "busybox:latest",
    "dockersamples/examplevotingapp_result:latest",
    "dockersamples/examplevotingapp_vote:after",
    "dockersamples/examplevotingapp_vote:latest",
    "dockersamples/examplevotingapp_worker:latest",
    "haproxy:latest",
    "jwilder/whoami:latest",
    "mysql:5.7",
    "nginx:alpine",
    "postgres:latest",
    "python:3.13-slim",
    "redis:alpine",
    "registry:2",
    "traefik/whoami:latest",
    "wordpress:latest",
)
VOTE, RESULT = "dockersamples/examplevotingapp_vote", "dockersamples/examplevotingapp_result:latest"
WORKER = "dockersamples/examplevotingapp_worker:latest"
HOSTILE = "s3c'r\"e\\t $x"


@pytest.fixture(scope="module")
def images() -> dict[str, str]:
    """Return the stand-ins' ids by their official names."""
    contents = build.gather(host_engine.connect_engine(), NAMES, NullReporter())[1]
    real = [content.name for content in contents if not content.stand_in]
    if real:
        pytest.skip(f"this engine has real images: {', '.join(real)}")
    return {content.name: content.image for content in contents}


class Boxes:
    """Runs containers on a network of their own, by short names that they know each other by."""

    def __init__(self, images: dict[str, str]) -> None:
        self._images = images
        run_docker("network", "create", OWN)

    def make(self, name: str, image: str, *options: str, command: tuple[str, ...] = (), files: str = "") -> None:
        """Make and start a container; `files` are lines 'PATH CONTENT' to put into it before."""
        own = ["--name", f"{OWN}-{name}", "--network", OWN, "--network-alias", name]
        run_docker("create", *own, *options, self._images[image], *command)
        for path, content in (line.split(" ", 1) for line in files.splitlines()):
            put(f"{OWN}-{name}", path, content.replace("\\n", "\n"))
        run_docker("start", f"{OWN}-{name}")

    def run(self, image: str, *options: str, command: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a container without a network to its end."""
        argv = ["docker", "run", "--rm", "--network", "none", *options, self._images[image], *command]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

    def on(self, name: str, *argv: str, user: str = "root") -> str:
        """Run a command in a container."""
        return run_docker("exec", "--user", user, f"{OWN}-{name}", *argv)

    def log(self, name: str) -> str:
        """Return all that a container has said."""
        argv = ["docker", "logs", f"{OWN}-{name}"]
        return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout

    def url(self, name: str, port: int) -> str:
        """Return the address that a container's published port has here."""
        return "http://" + run_docker("port", f"{OWN}-{name}", f"{port}/tcp").splitlines()[0]

    def stop(self, name: str) -> tuple[int, float]:
        """Stop a container; return its exit status and how long it took."""
        began = time.monotonic()
        run_docker("stop", f"{OWN}-{name}")
        status = run_docker("inspect", "--format", "{{.State.ExitCode}}", f"{OWN}-{name}")
        return int(status), time.monotonic() - began

    def again(self, name: str) -> None:
        """Start a stopped container again."""
        run_docker("start", f"{OWN}-{name}")

    def clear(self) -> None:
        """Remove all containers and their volumes."""
        names = run_docker("ps", "--all", "--format", "{{.Names}}", "--filter", f"network={OWN}").split()
        if names:
            run_docker("rm", "--force", "--volumes", *names)


@pytest.fixture(scope="module")
def network(images: dict[str, str]) -> Iterator[Boxes]:
    """Have the network."""
    boxes = Boxes(images)
    yield boxes
    boxes.clear()
    run_docker("network", "rm", OWN)


@pytest.fixture
def boxes(network: Boxes) -> Iterator[Boxes]:
    """Begin and end a test without containers."""
    network.clear()
    yield network
    network.clear()


def put(container: str, path: str, content: str) -> None:
    """Write a file into a container, which need not run; the engine may be on another machine."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size = len(content.encode())
        archive.addfile(entry, BytesIO(content.encode()))
    subprocess.run(["docker", "cp", "-", f"{container}:/"], input=buffer.getvalue(), check=True, timeout=60)


def until(works: Callable[[], object], seconds: float = 20) -> float:
    """Wait until something is true and raises nothing; return how long it took."""
    began = time.monotonic()
    while True:
        problem: object = "it is not true"
        try:
            if works():
                return time.monotonic() - began
        except (OSError, subprocess.CalledProcessError, http.client.HTTPException) as error:
            problem = error
        assert time.monotonic() - began < seconds, problem
        time.sleep(0.05)


def get(url: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None) -> str:
    """Return a page."""
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("mysql:5.7", "Database is uninitialized and password option is not specified"),
        ("postgres:latest", "Error: Database is uninitialized and superuser password is not specified."),
    ],
)
def test_a_database_without_a_password(image: str, words: str, boxes: Boxes) -> None:
    """A database that was given no password refuses to start and says which variables there are."""
    done = boxes.run(image)
    assert 1 == done.returncode
    assert words in done.stderr


@pytest.mark.parametrize(("image", "name"), [("mysql:5.7", "MYSQL_PASSWORD"), ("postgres:latest", "POSTGRES_PASSWORD")])
def test_a_password_twice(image: str, name: str, boxes: Boxes) -> None:
    """A password both as such and as a file is refused."""
    given = ("--env", f"{name}=a", "--env", f"{name}_FILE=/etc/hostname", "--env", "MYSQL_RANDOM_ROOT_PASSWORD=yes")
    done = boxes.run(image, *given)
    assert (1, True) == (done.returncode, f"oth {name} and {name}_FILE are set (but are exclusive)" in done.stderr)


MYSQL = ("--env", "MYSQL_RANDOM_ROOT_PASSWORD=yes", "--env", "MYSQL_DATABASE=my_data", "--env", "MYSQL_USER=me")


def test_mysql(boxes: Boxes) -> None:
    """MySQL is there within seconds with database and user, stops cleanly, and has kept all when it comes back."""
    secret = ("--env", "MARIADB_PASSWORD_FILE=/run/password")
    boxes.make("db", "mysql:5.7", *MYSQL, *secret, files=f"/run/password {HOSTILE}")

    def sql(text: str) -> str:
        return boxes.on("db", "mysql", "-hdb", "-ume", f"-p{HOSTILE}", "--batch", "-N", "my_data", "-e", text)

    assert until(lambda: sql("SELECT 1")) < 10
    sql("CREATE TABLE kept (word TEXT); INSERT INTO kept VALUES ('yes')")
    assert "mysqld is alive" in boxes.on("db", "mysqladmin", "-hdb", "-ume", f"-p{HOSTILE}", "ping")
    assert "INSERT INTO `kept`" in boxes.on("db", "mysqldump", "-ume", f"-p{HOSTILE}", "my_data")
    assert "GENERATED ROOT PASSWORD: " in boxes.log("db")
    assert HOSTILE not in boxes.log("db")
    status, seconds = boxes.stop("db")
    assert 0 == status
    assert seconds < 5
    boxes.again("db")
    until(lambda: "yes" == sql("SELECT word FROM kept"))
    assert 1 == boxes.log("db").count("Initializing database files")


def test_a_wrong_password(boxes: Boxes) -> None:
    """Neither database lets anybody in with another password, whoever asks from outside."""
    boxes.make("my", "mysql:5.7", *MYSQL, "--env", "MYSQL_PASSWORD=right")
    boxes.make("pg", "postgres:latest", "--env", "POSTGRES_PASSWORD=right")
    until(lambda: boxes.on("my", "mysql", "-hmy", "-ume", "-pright", "-e", "SELECT 1"))
    until(lambda: boxes.on("pg", "pg_isready", "-h", "pg"))
    with pytest.raises(subprocess.CalledProcessError, match=r"mysql"):
        boxes.on("my", "mysql", "-hmy", "-ume", "-pwrong", "-e", "SELECT 1")
    with pytest.raises(subprocess.CalledProcessError, match=r"psql"):
        boxes.on("pg", "psql", "postgresql://postgres:wrong@pg/postgres", "-c", "SELECT 1")


def test_scripts_of_a_new_database(boxes: Boxes) -> None:
    """Both databases run what lies in /docker-entrypoint-initdb.d, once they are new."""
    scripts = "/docker-entrypoint-initdb.d/a.sql CREATE TABLE words (word TEXT);\n"
    scripts += "/docker-entrypoint-initdb.d/b.sql INSERT INTO words VALUES ('hello');"
    boxes.make("my", "mysql:5.7", *MYSQL, "--env", "MYSQL_PASSWORD=x", files=scripts)
    boxes.make("pg", "postgres:latest", "--env", "POSTGRES_PASSWORD=x", "--env", "POSTGRES_DB=data", files=scripts)
    asked = "SELECT word FROM words"
    until(lambda: "hello" == boxes.on("my", "mysql", "-hmy", "-ume", "-px", "-N", "my_data", "-e", asked))
    until(lambda: "hello" == boxes.on("pg", "psql", "postgresql://postgres:x@pg/data", "-Atc", asked))


@pytest.mark.parametrize("user", ["postgres", "me"])
def test_postgres(user: str, boxes: Boxes) -> None:
    """PostgreSQL is there within seconds with user and database, stops cleanly, and has kept all when it comes back."""
    given = ("--env", f"POSTGRES_USER={user}", "--env", "POSTGRES_DB=my data")
    secret = ("--env", "POSTGRES_PASSWORD_FILE=/run/password")
    boxes.make("db", "postgres:latest", *given, *secret, files=f"/run/password {HOSTILE}")

    def sql(text: str) -> str:
        login = ["env", f"PGPASSWORD={HOSTILE}", "psql", "-h", "db", "-U", user, "-At"]
        return boxes.on("db", *login, "-c", text, "my data")

    assert until(lambda: sql("SELECT 1")) < 10
    sql("CREATE TABLE kept (word TEXT)")
    sql("INSERT INTO kept VALUES ('yes')")
    assert "accepting connections" in boxes.on("db", "pg_isready", "-U", user)
    assert HOSTILE not in boxes.log("db") + boxes.on("db", "cat", "/proc/1/environ", user="postgres")
    status, seconds = boxes.stop("db")
    assert 0 == status
    assert seconds < 5
    boxes.again("db")
    until(lambda: "yes" == sql("SELECT word FROM kept"))


def test_wordpress(boxes: Boxes) -> None:
    """WordPress is installed by its own form, takes a post, and shows it under whatever name it is asked by."""
    boxes.make("mysql", "mysql:5.7", *MYSQL, "--env", f"MYSQL_PASSWORD={HOSTILE}")
    named = {"HOST": "mysql", "USER": "me", "NAME": "my_data", "PASSWORD_FILE": "/run/password"}
    given = [word for name, value in named.items() for word in ("--env", f"WORDPRESS_DB_{name}={value}")]
    boxes.make("wp", "wordpress:latest", "--publish", "127.0.0.1::80", *given, files=f"/run/password {HOSTILE}")
    url = boxes.url("wp", 80)
    assert until(lambda: "WordPress" in get(f"{url}/wp-admin/install.php")) < 15
    form = {"weblog_title": "Labs", "user_name": "admin", "admin_password": "pw", "admin_password2": "pw"}
    form |= {"pw_weak": "1", "admin_email": "a@example.org", "blog_public": "0"}
    assert "Success!" in get(f"{url}/wp-admin/install.php?step=2", form=form)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    browser.open(f"{url}/wp-login.php", urllib.parse.urlencode({"log": "admin", "pwd": "pw"}).encode()).close()
    nonce = browser.open(f"{url}/wp-admin/admin-ajax.php?action=rest-nonce").read().decode()
    post = urllib.parse.urlencode({"title": "From node1", "content": "Hello", "status": "publish"}).encode()
    browser.open(urllib.request.Request(f"{url}/?rest_route=/wp/v2/posts", post, {"X-WP-Nonce": nonce})).close()
    assert "From node1" == json.loads(get(f"{url}/?rest_route=/wp/v2/posts"))[0]["title"]["rendered"]
    page = get(url, {"Host": "node3:8080"})
    assert "From node1" in page
    assert "http://node3:8080/" in page
    assert url not in page
    settings = boxes.on("wp", "cat", "wp-config.php")
    assert (False, False) == ("put your unique phrase here" in settings, HOSTILE in settings)
    assert 0 == boxes.stop("wp")[0]


def test_voting_app(boxes: Boxes) -> None:
    """A vote goes from the page through Redis and the worker into the table, and from there onto the other page."""
    boxes.make("vote", f"{VOTE}:latest", "--publish", "127.0.0.1::80")
    boxes.make("result", RESULT, "--publish", "127.0.0.1::80")
    boxes.make("worker", WORKER)
    vote, result = boxes.url("vote", 80), boxes.url("result", 80) + "/json"
    container = boxes.on("vote", "hostname")
    until(lambda: f"container ID {container}" in get(vote))
    with pytest.raises(urllib.error.HTTPError, match="503"):
        get(vote, form={"vote": "a"})
    with pytest.raises(urllib.error.HTTPError, match="503"):
        get(result)
    boxes.make("redis", "redis:alpine")
    boxes.make("db", "postgres:latest", "--env", "POSTGRES_PASSWORD=postgres")
    until(lambda: json.loads(get(result)) == {"a": 0, "b": 0})
    for voter, choice in (("one", "a"), ("two", "a"), ("three", "b"), ("two", "b")):
        get(vote, {"Cookie": f"voter_id={voter}"}, {"vote": choice})
    until(lambda: json.loads(get(result)) == {"a": 1, "b": 2})
    assert "Processing vote for 'a' by 'one'" in boxes.log("worker")
    # What comes while the worker is away waits for it.
    assert 0 == boxes.stop("worker")[0]
    get(vote, {"Cookie": "voter_id=four"}, {"vote": "a"})
    assert "1" == boxes.on("redis", "redis-cli", "LLEN", "votes")
    boxes.again("worker")
    until(lambda: json.loads(get(result)) == {"a": 2, "b": 2})
    # And the worker comes back to a database that has gone.
    boxes.stop("db")
    boxes.again("db")
    get(vote, {"Cookie": "voter_id=five"}, {"vote": "a"})
    until(lambda: json.loads(get(result)) == {"a": 3, "b": 2})


def test_the_other_vote(boxes: Boxes) -> None:
    """The page to update to has other options, which the environment can change."""
    boxes.make("after", f"{VOTE}:after", "--publish", "127.0.0.1::80")
    boxes.make("own", f"{VOTE}:after", "--publish", "127.0.0.1::80", "--env", "OPTION_A=<Sea>")
    after, own = boxes.url("after", 80), boxes.url("own", 80)
    until(lambda: "Tea vs Coffee" in get(after))
    until(lambda: "&lt;Sea&gt; vs Coffee" in get(own))


def test_whoami(boxes: Boxes) -> None:
    """Both tell their container's name, and the fuller one its addresses and the request."""
    boxes.make("brief", "jwilder/whoami:latest", "--publish", "127.0.0.1::8000")
    boxes.make("full", "traefik/whoami:latest", "--publish", "127.0.0.1::80")
    brief, full = boxes.url("brief", 8000), boxes.url("full", 80)
    assert until(lambda: get(brief)) < 3
    assert f"I'm {boxes.on('brief', 'hostname')}\n" == get(brief)
    lines = get(f"{full}/there?x=1", {"X-Own": "1"}).splitlines()
    assert f"Hostname: {boxes.on('full', 'hostname')}" == lines[0]
    assert {"IP: 127.0.0.1", "GET /there?x=1 HTTP/1.1", "X-Own: 1"} <= set(lines)
    assert "/api?x" == json.loads(get(f"{full}/api?x"))["url"]


@pytest.mark.parametrize(("image", "port"), [("traefik/whoami:latest", 80), (f"{VOTE}:latest", 80)])
def test_no_request_is_lost_at_the_end(image: str, port: int, boxes: Boxes) -> None:
    """What was asked before the end is answered, and the process ends by itself soon after."""
    boxes.make("web", image, "--publish", f"127.0.0.1::{port}")
    host = boxes.url("web", port).removeprefix("http://")
    until(lambda: get(f"http://{host}/"))
    open_ones = [http.client.HTTPConnection(host, timeout=10) for _ in range(20)]
    for one in open_ones:
        one.request("GET", "/?wait=800ms")
    stopping = threading.Thread(target=boxes.stop, args=("web",))
    stopping.start()
    assert {200} == {one.getresponse().status for one in open_ones}
    stopping.join(10)
    assert (0, True) == (boxes.stop("web")[0], not stopping.is_alive())


HAPROXY = (
    "/usr/local/etc/haproxy/haproxy.cfg defaults\\n mode http\\n timeout connect 2s\\n timeout client 5s\\n"
    " timeout server 5s\\nlisten web\\n bind :80\\n option httpchk\\n server one one:8000 check inter 200ms\\n"
    " server two two:8000 check inter 200ms\\n"
)


def test_haproxy(boxes: Boxes) -> None:
    """HAProxy spreads requests over the servers of its file, goes round one that has gone, and ends by itself."""
    boxes.make("one", "jwilder/whoami:latest")
    boxes.make("two", "jwilder/whoami:latest")
    boxes.make("lb", "haproxy:latest", "--publish", "127.0.0.1::80", files=HAPROXY)
    url = boxes.url("lb", 80)
    both = {f"I'm {boxes.on(name, 'hostname')}\n" for name in ("one", "two")}
    until(lambda: both == {get(url) for _ in range(4)})
    run_docker("kill", "--signal", "HUP", f"{OWN}-lb")
    until(lambda: 2 == boxes.log("lb").count("Loading success"))
    assert get(url) in both
    boxes.stop("one")
    until(lambda: 1 == len({get(url) for _ in range(6)}))
    assert 0 == boxes.stop("lb")[0]


def test_pip_without_a_network(boxes: Boxes) -> None:
    """What the lessons' requirements name is satisfied with no network, at once and without a complaint."""
    script = (
        "printf 'flask\\nredis>=5\\n' >r.txt; pip install --no-cache-dir -r r.txt && python -c 'import flask, redis'"
    )
    began = time.monotonic()
    done = boxes.run("python:3.13-slim", command=("sh", "-c", script))
    assert (0, "") == (done.returncode, done.stderr)
    assert time.monotonic() - began < 10
    assert "Requirement already satisfied: flask" in done.stdout


def test_nginx_tells_who_answers(boxes: Boxes) -> None:
    """Nginx with a configuration of the learner's own can tell its container's name."""
    file = "/etc/nginx/conf.d/default.conf server { listen 80; location / { return 200 $hostname; } }"
    boxes.make("web", "nginx:alpine", "--publish", "127.0.0.1::80", files=file)
    url = boxes.url("web", 80)
    until(lambda: get(url) == boxes.on("web", "hostname"))


def test_registry(boxes: Boxes) -> None:
    """The registry takes an image, and gives it back."""
    boxes.make("hub", "registry:2", "--publish", "127.0.0.1::5000")
    url = boxes.url("hub", 5000)
    until(lambda: get(f"{url}/v2/"))
    tag = f"{url.removeprefix('http://')}/mine:1"
    run_docker("tag", boxes._images["busybox:latest"], tag)
    try:
        run_docker("push", tag)
        assert ["1"] == json.loads(get(f"{url}/v2/mine/tags/list"))["tags"]
    finally:
        run_docker("rmi", "--no-prune", tag)
