"""Stand-in images on a real engine: they do what lessons rely on in the official images."""

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

from runner.drivers.common.image_builder import build_image_set
from runner.drivers.docker import host_engine
from runner.drivers.docker.images import EngineBackend
from runner.status import NullReporter
from tests.support.docker_leftovers import run_docker

PREFIX = f"labs-test-{os.getpid()}-stand-in"
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
TRICKY_PASSWORD = "s3c'r\"e\\t $x"


@pytest.fixture(scope="module")
def images() -> dict[str, str]:
    """Return the ids of the stand-in images by their official names."""
    contents = build_image_set(EngineBackend(host_engine.connect_host_engine()), None, NAMES, NullReporter()).images
    real = [content.name for content in contents if not content.stand_in]
    if real:
        pytest.skip(f"this engine has real images: {', '.join(real)}")
    return {content.name: content.image for content in contents}


class ContainerRunner:
    """Start containers on a separate network, where they reach each other by short names."""

    def __init__(self, images: dict[str, str]) -> None:
        self._images = images
        run_docker("network", "create", PREFIX)

    def start(self, name: str, image: str, *options: str, command: tuple[str, ...] = (), files: str = "") -> None:
        """Create and start a container; `files` are lines 'PATH CONTENT' with files to write into it first."""
        common = ["--name", f"{PREFIX}-{name}", "--network", PREFIX, "--network-alias", name]
        run_docker("create", *common, *options, self._images[image], *command)
        for path, content in (line.split(" ", 1) for line in files.splitlines()):
            write_file(f"{PREFIX}-{name}", path, content.replace("\\n", "\n"))
        run_docker("start", f"{PREFIX}-{name}")

    def run_to_exit(self, image: str, *options: str, command: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a container without a network until it exits."""
        argv = ["docker", "run", "--rm", "--network", "none", *options, self._images[image], *command]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

    def exec_in(self, name: str, *argv: str, user: str = "root") -> str:
        """Run a command in a container."""
        return run_docker("exec", "--user", user, f"{PREFIX}-{name}", *argv)

    def read_log(self, name: str) -> str:
        """Return the complete log of a container."""
        argv = ["docker", "logs", f"{PREFIX}-{name}"]
        return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout

    def get_url(self, name: str, port: int) -> str:
        """Return the URL of a published port of a container on this host."""
        return "http://" + run_docker("port", f"{PREFIX}-{name}", f"{port}/tcp").splitlines()[0]

    def stop(self, name: str) -> tuple[int, float]:
        """Stop a container, and return its exit status and how many seconds that took."""
        began = time.monotonic()
        run_docker("stop", f"{PREFIX}-{name}")
        status = run_docker("inspect", "--format", "{{.State.ExitCode}}", f"{PREFIX}-{name}")
        return int(status), time.monotonic() - began

    def restart(self, name: str) -> None:
        """Start a stopped container again."""
        run_docker("start", f"{PREFIX}-{name}")

    def remove_all(self) -> None:
        """Remove all containers and their volumes."""
        names = run_docker("ps", "--all", "--format", "{{.Names}}", "--filter", f"network={PREFIX}").split()
        if names:
            run_docker("rm", "--force", "--volumes", *names)


@pytest.fixture(scope="module")
def container_network(images: dict[str, str]) -> Iterator[ContainerRunner]:
    """Create the network and yield the containers on it."""
    containers = ContainerRunner(images)
    yield containers
    containers.remove_all()
    run_docker("network", "rm", PREFIX)


@pytest.fixture
def containers(container_network: ContainerRunner) -> Iterator[ContainerRunner]:
    """Remove all containers before and after a test."""
    container_network.remove_all()
    yield container_network
    container_network.remove_all()


def write_file(container: str, path: str, content: str) -> None:
    """Write a file into a container, running or not; the engine may be on another host."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size = len(content.encode())
        archive.addfile(entry, BytesIO(content.encode()))
    subprocess.run(["docker", "cp", "-", f"{container}:/"], input=buffer.getvalue(), check=True, timeout=60)


def wait_until(condition: Callable[[], object], seconds: float = 20) -> float:
    """Wait until a condition is true and raises no error; return how many seconds that took."""
    began = time.monotonic()
    while True:
        problem: object = "the condition is false"
        try:
            if condition():
                return time.monotonic() - began
        except (OSError, subprocess.CalledProcessError, http.client.HTTPException) as error:
            problem = error
        assert time.monotonic() - began < seconds, problem
        time.sleep(0.05)


def fetch_page(url: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None) -> str:
    """Return the text of a page."""
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("mysql:5.7", "Database is uninitialized and password option is not specified"),
        ("postgres:latest", "Error: Database is uninitialized and superuser password is not specified."),
    ],
)
def test_database_without_a_password(image: str, message: str, containers: ContainerRunner) -> None:
    """A database without a password does not start, and names the variables for it."""
    result = containers.run_to_exit(image)
    assert 1 == result.returncode
    assert message in result.stderr


@pytest.mark.parametrize(("image", "name"), [("mysql:5.7", "MYSQL_PASSWORD"), ("postgres:latest", "POSTGRES_PASSWORD")])
def test_password_given_twice(image: str, name: str, containers: ContainerRunner) -> None:
    """A password in a variable and in a file at the same time is rejected."""
    options = ("--env", f"{name}=a", "--env", f"{name}_FILE=/etc/hostname", "--env", "MYSQL_RANDOM_ROOT_PASSWORD=yes")
    result = containers.run_to_exit(image, *options)
    assert (1, True) == (result.returncode, f"oth {name} and {name}_FILE are set (but are exclusive)" in result.stderr)


MYSQL = ("--env", "MYSQL_RANDOM_ROOT_PASSWORD=yes", "--env", "MYSQL_DATABASE=my_data", "--env", "MYSQL_USER=me")


def test_mysql(containers: ContainerRunner) -> None:
    """MySQL is ready within seconds with database and user, stops cleanly, and keeps its data across a restart."""
    secret = ("--env", "MARIADB_PASSWORD_FILE=/run/password")
    containers.start("db", "mysql:5.7", *MYSQL, *secret, files=f"/run/password {TRICKY_PASSWORD}")

    def sql(text: str) -> str:
        return containers.exec_in(
            "db", "mysql", "-hdb", "-ume", f"-p{TRICKY_PASSWORD}", "--batch", "-N", "my_data", "-e", text
        )

    assert wait_until(lambda: sql("SELECT 1")) < 10
    sql("CREATE TABLE kept (word TEXT); INSERT INTO kept VALUES ('yes')")
    assert "mysqld is alive" in containers.exec_in("db", "mysqladmin", "-hdb", "-ume", f"-p{TRICKY_PASSWORD}", "ping")
    assert "INSERT INTO `kept`" in containers.exec_in("db", "mysqldump", "-ume", f"-p{TRICKY_PASSWORD}", "my_data")
    assert "GENERATED ROOT PASSWORD: " in containers.read_log("db")
    assert TRICKY_PASSWORD not in containers.read_log("db")
    status, seconds = containers.stop("db")
    assert 0 == status
    assert seconds < 5
    containers.restart("db")
    wait_until(lambda: "yes" == sql("SELECT word FROM kept"))
    assert 1 == containers.read_log("db").count("Initializing database files")


def test_wrong_password(containers: ContainerRunner) -> None:
    """Both databases reject a wrong password over the network."""
    containers.start("my", "mysql:5.7", *MYSQL, "--env", "MYSQL_PASSWORD=right")
    containers.start("pg", "postgres:latest", "--env", "POSTGRES_PASSWORD=right")
    wait_until(lambda: containers.exec_in("my", "mysql", "-hmy", "-ume", "-pright", "-e", "SELECT 1"))
    wait_until(lambda: containers.exec_in("pg", "pg_isready", "-h", "pg"))
    with pytest.raises(subprocess.CalledProcessError, match=r"mysql"):
        containers.exec_in("my", "mysql", "-hmy", "-ume", "-pwrong", "-e", "SELECT 1")
    with pytest.raises(subprocess.CalledProcessError, match=r"psql"):
        containers.exec_in("pg", "psql", "postgresql://postgres:wrong@pg/postgres", "-c", "SELECT 1")


def test_initialization_scripts(containers: ContainerRunner) -> None:
    """Both databases run the scripts in /docker-entrypoint-initdb.d when they are first created."""
    scripts = "/docker-entrypoint-initdb.d/a.sql CREATE TABLE words (word TEXT);\n"
    scripts += "/docker-entrypoint-initdb.d/b.sql INSERT INTO words VALUES ('hello');"
    containers.start("my", "mysql:5.7", *MYSQL, "--env", "MYSQL_PASSWORD=x", files=scripts)
    containers.start(
        "pg", "postgres:latest", "--env", "POSTGRES_PASSWORD=x", "--env", "POSTGRES_DB=data", files=scripts
    )
    query = "SELECT word FROM words"
    wait_until(
        lambda: "hello" == containers.exec_in("my", "mysql", "-hmy", "-ume", "-px", "-N", "my_data", "-e", query)
    )
    wait_until(lambda: "hello" == containers.exec_in("pg", "psql", "postgresql://postgres:x@pg/data", "-Atc", query))


@pytest.mark.parametrize("user", ["postgres", "me"])
def test_postgres(user: str, containers: ContainerRunner) -> None:
    """PostgreSQL is ready within seconds with user and database, stops cleanly, and keeps its data across a restart."""
    options = ("--env", f"POSTGRES_USER={user}", "--env", "POSTGRES_DB=my data")
    secret = ("--env", "POSTGRES_PASSWORD_FILE=/run/password")
    containers.start("db", "postgres:latest", *options, *secret, files=f"/run/password {TRICKY_PASSWORD}")

    def sql(text: str) -> str:
        login = ["env", f"PGPASSWORD={TRICKY_PASSWORD}", "psql", "-h", "db", "-U", user, "-At"]
        return containers.exec_in("db", *login, "-c", text, "my data")

    assert wait_until(lambda: sql("SELECT 1")) < 10
    sql("CREATE TABLE kept (word TEXT)")
    sql("INSERT INTO kept VALUES ('yes')")
    assert "accepting connections" in containers.exec_in("db", "pg_isready", "-U", user)
    assert TRICKY_PASSWORD not in containers.read_log("db") + containers.exec_in(
        "db", "cat", "/proc/1/environ", user="postgres"
    )
    status, seconds = containers.stop("db")
    assert 0 == status
    assert seconds < 5
    containers.restart("db")
    wait_until(lambda: "yes" == sql("SELECT word FROM kept"))


def test_wordpress(containers: ContainerRunner) -> None:
    """WordPress can be installed by its form, accepts a post, and shows it under any host name."""
    containers.start("mysql", "mysql:5.7", *MYSQL, "--env", f"MYSQL_PASSWORD={TRICKY_PASSWORD}")
    named = {"HOST": "mysql", "USER": "me", "NAME": "my_data", "PASSWORD_FILE": "/run/password"}
    options = [word for name, value in named.items() for word in ("--env", f"WORDPRESS_DB_{name}={value}")]
    containers.start(
        "wp", "wordpress:latest", "--publish", "127.0.0.1::80", *options, files=f"/run/password {TRICKY_PASSWORD}"
    )
    url = containers.get_url("wp", 80)
    assert wait_until(lambda: "WordPress" in fetch_page(f"{url}/wp-admin/install.php")) < 15
    form = {"weblog_title": "Labs", "user_name": "admin", "admin_password": "pw", "admin_password2": "pw"}
    form |= {"pw_weak": "1", "admin_email": "a@example.org", "blog_public": "0"}
    assert "Success!" in fetch_page(f"{url}/wp-admin/install.php?step=2", form=form)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    browser.open(f"{url}/wp-login.php", urllib.parse.urlencode({"log": "admin", "pwd": "pw"}).encode()).close()
    nonce = browser.open(f"{url}/wp-admin/admin-ajax.php?action=rest-nonce").read().decode()
    post = urllib.parse.urlencode({"title": "From node1", "content": "Hello", "status": "publish"}).encode()
    browser.open(urllib.request.Request(f"{url}/?rest_route=/wp/v2/posts", post, {"X-WP-Nonce": nonce})).close()
    assert "From node1" == json.loads(fetch_page(f"{url}/?rest_route=/wp/v2/posts"))[0]["title"]["rendered"]
    page = fetch_page(url, {"Host": "node3:8080"})
    assert "From node1" in page
    assert "http://node3:8080/" in page
    assert url not in page
    settings = containers.exec_in("wp", "cat", "wp-config.php")
    assert (False, False) == ("put your unique phrase here" in settings, TRICKY_PASSWORD in settings)
    assert 0 == containers.stop("wp")[0]


def test_voting_app(containers: ContainerRunner) -> None:
    """A vote goes from the voting page through Redis and the worker into the database, and to the result page."""
    containers.start("vote", f"{VOTE}:latest", "--publish", "127.0.0.1::80")
    containers.start("result", RESULT, "--publish", "127.0.0.1::80")
    containers.start("worker", WORKER)
    vote, result = containers.get_url("vote", 80), containers.get_url("result", 80) + "/json"
    container = containers.exec_in("vote", "hostname")
    wait_until(lambda: f"container ID {container}" in fetch_page(vote))
    with pytest.raises(urllib.error.HTTPError, match="503"):
        fetch_page(vote, form={"vote": "a"})
    with pytest.raises(urllib.error.HTTPError, match="503"):
        fetch_page(result)
    containers.start("redis", "redis:alpine")
    containers.start("db", "postgres:latest", "--env", "POSTGRES_PASSWORD=postgres")
    wait_until(lambda: json.loads(fetch_page(result)) == {"a": 0, "b": 0})
    for voter, choice in (("one", "a"), ("two", "a"), ("three", "b"), ("two", "b")):
        fetch_page(vote, {"Cookie": f"voter_id={voter}"}, {"vote": choice})
    wait_until(lambda: json.loads(fetch_page(result)) == {"a": 1, "b": 2})
    assert "Processing vote for 'a' by 'one'" in containers.read_log("worker")
    # Votes wait in Redis while the worker is stopped.
    assert 0 == containers.stop("worker")[0]
    fetch_page(vote, {"Cookie": "voter_id=four"}, {"vote": "a"})
    assert "1" == containers.exec_in("redis", "redis-cli", "LLEN", "votes")
    containers.restart("worker")
    wait_until(lambda: json.loads(fetch_page(result)) == {"a": 2, "b": 2})
    # The worker reconnects to a database that was restarted.
    containers.stop("db")
    containers.restart("db")
    fetch_page(vote, {"Cookie": "voter_id=five"}, {"vote": "a"})
    wait_until(lambda: json.loads(fetch_page(result)) == {"a": 3, "b": 2})


def test_new_version_of_vote(containers: ContainerRunner) -> None:
    """The image tag `after` of the voting page has other options, which environment variables can change."""
    containers.start("after", f"{VOTE}:after", "--publish", "127.0.0.1::80")
    containers.start("own", f"{VOTE}:after", "--publish", "127.0.0.1::80", "--env", "OPTION_A=<Sea>")
    after, own = containers.get_url("after", 80), containers.get_url("own", 80)
    wait_until(lambda: "Tea vs Coffee" in fetch_page(after))
    wait_until(lambda: "&lt;Sea&gt; vs Coffee" in fetch_page(own))


def test_whoami(containers: ContainerRunner) -> None:
    """Both images show the name of their container, and the detailed one also its addresses and the request."""
    containers.start("brief", "jwilder/whoami:latest", "--publish", "127.0.0.1::8000")
    containers.start("full", "traefik/whoami:latest", "--publish", "127.0.0.1::80")
    brief, full = containers.get_url("brief", 8000), containers.get_url("full", 80)
    assert wait_until(lambda: fetch_page(brief)) < 3
    wait_until(lambda: fetch_page(full))
    assert f"I'm {containers.exec_in('brief', 'hostname')}\n" == fetch_page(brief)
    lines = fetch_page(f"{full}/there?x=1", {"X-Own": "1"}).splitlines()
    assert f"Hostname: {containers.exec_in('full', 'hostname')}" == lines[0]
    assert {"IP: 127.0.0.1", "GET /there?x=1 HTTP/1.1", "X-Own: 1"} <= set(lines)
    assert "/api?x" == json.loads(fetch_page(f"{full}/api?x"))["url"]


@pytest.mark.parametrize(("image", "port"), [("traefik/whoami:latest", 80), (f"{VOTE}:latest", 80)])
def test_graceful_stop(image: str, port: int, containers: ContainerRunner) -> None:
    """Requests that were sent before a stop are answered, and the process then exits with 0."""
    containers.start("web", image, "--publish", f"127.0.0.1::{port}")
    host = containers.get_url("web", port).removeprefix("http://")
    wait_until(lambda: fetch_page(f"http://{host}/"))
    connections = [http.client.HTTPConnection(host, timeout=10) for _ in range(20)]
    for connection in connections:
        connection.request("GET", "/?wait=800ms")
    stopping = threading.Thread(target=containers.stop, args=("web",))
    stopping.start()
    assert {200} == {connection.getresponse().status for connection in connections}
    stopping.join(10)
    assert (0, True) == (containers.stop("web")[0], not stopping.is_alive())


HAPROXY = (
    "/usr/local/etc/haproxy/haproxy.cfg defaults\\n mode http\\n timeout connect 2s\\n timeout client 5s\\n"
    " timeout server 5s\\nlisten web\\n bind :80\\n option httpchk\\n server one one:8000 check inter 200ms\\n"
    " server two two:8000 check inter 200ms\\n"
)


def test_haproxy(containers: ContainerRunner) -> None:
    """HAProxy distributes requests over its servers, skips one that is down, and stops cleanly."""
    containers.start("one", "jwilder/whoami:latest")
    containers.start("two", "jwilder/whoami:latest")
    containers.start("lb", "haproxy:latest", "--publish", "127.0.0.1::80", files=HAPROXY)
    url = containers.get_url("lb", 80)
    both = {f"I'm {containers.exec_in(name, 'hostname')}\n" for name in ("one", "two")}
    wait_until(lambda: both == {fetch_page(url) for _ in range(4)})
    run_docker("kill", "--signal", "HUP", f"{PREFIX}-lb")
    wait_until(lambda: 2 == containers.read_log("lb").count("Loading success"))
    assert fetch_page(url) in both
    containers.stop("one")
    wait_until(lambda: 1 == len({fetch_page(url) for _ in range(6)}))
    assert 0 == containers.stop("lb")[0]


def test_pip_without_network(containers: ContainerRunner) -> None:
    """The packages that lessons require are already installed, so pip succeeds quickly without a network."""
    script = (
        "printf 'flask\\nredis>=5\\n' >r.txt; pip install --no-cache-dir -r r.txt && python -c 'import flask, redis'"
    )
    began = time.monotonic()
    result = containers.run_to_exit("python:3.13-slim", command=("sh", "-c", script))
    assert (0, "") == (result.returncode, result.stderr)
    assert time.monotonic() - began < 10
    assert "Requirement already satisfied: flask" in result.stdout


def test_nginx_host_name(containers: ContainerRunner) -> None:
    """Nginx with a custom configuration can return the name of its container."""
    file = "/etc/nginx/conf.d/default.conf server { listen 80; location / { return 200 $hostname; } }"
    containers.start("web", "nginx:alpine", "--publish", "127.0.0.1::80", files=file)
    url = containers.get_url("web", 80)
    wait_until(lambda: fetch_page(url) == containers.exec_in("web", "hostname"))


def test_registry(containers: ContainerRunner) -> None:
    """The registry accepts an image and lists its tag."""
    containers.start("registry", "registry:2", "--publish", "127.0.0.1::5000")
    url = containers.get_url("registry", 5000)
    wait_until(lambda: fetch_page(f"{url}/v2/"))
    tag = f"{url.removeprefix('http://')}/mine:1"
    run_docker("tag", containers._images["busybox:latest"], tag)
    try:
        run_docker("push", tag)
        assert ["1"] == json.loads(fetch_page(f"{url}/v2/mine/tags/list"))["tags"]
    finally:
        run_docker("rmi", "--no-prune", tag)
