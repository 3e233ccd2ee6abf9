"""Checks of the lab 'secrets', in lesson order."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from checks import CheckNode, Nodes, expect_equal, fail, step
from checks.swarm import Service, SwarmSnapshot, Task, with_swarm_snapshot
from checks.swarm_expectations import expect_all_nodes_ready, expect_only_node1_manages

_STACK_LABEL = "com.docker.stack.namespace"
_MOUNTED_SECRETS = "/var/lib/docker/containers/*/mounts/secrets"
_SPARE_SOCKET = "/run/spare.sock"
_WORKER_CONSTRAINTS = frozenset({"node.role==worker", "node.role!=manager"})
_PASSWORD_VARIABLE = re.compile(r"(PASSWORD|PWD|PASSPHRASE|SECRET)$")

_LIST_SECRETS = "docker secret ls"

# Prints one line per file: owner, group, mode, file system type, content. One command reads all files.
_READ_FILES = """
for path; do
    stat --printf '%u %g %a ' "$path" 2>/dev/null && stat -f --printf '%T ' "$path" && base64 -w 0 "$path"
    echo
done
"""
_QUERY_MYSQL = 'MYSQL_PWD="$(cat "$1")" exec mysql -uroot -N -e "$2"'
# Connects by host name: through its socket, PostgreSQL accepts any password.
_QUERY_POSTGRES = (
    'PGPASSWORD="$(cat "$1")" exec psql -h "$(hostname)" -U "${POSTGRES_USER:-postgres}" -d "$3" -Atc "$2"'
)
_READ_SPARE_ENGINE = f"""
stat -c %.6Y /run/spare.pid || exit 1
for path in info secrets; do
    curl -s --max-time 10 --unix-socket {_SPARE_SOCKET} "http://spare/$path" && echo || exit 1
done
"""


@step("form-swarm")
@with_swarm_snapshot
def test_all_nodes_are_ready(swarm: SwarmSnapshot) -> None:
    """node1, node2 and node3 are ready members of one swarm."""
    expect_all_nodes_ready(swarm)


@step("form-swarm")
@with_swarm_snapshot
def test_only_node1_manages(swarm: SwarmSnapshot) -> None:
    """node1 manages the swarm, and the other two are workers."""
    expect_only_node1_manages(swarm)


@step("leak")
def test_leaky_exposes_its_password(nodes: Nodes) -> None:
    """The environment of the container leaky on node1 shows its password."""
    _find_leaked_password(nodes["node1"])


@step("leak")
def test_image_of_leaky_contains_the_password(nodes: Nodes) -> None:
    """The image leaky:copy, created from the container, contains the password."""
    node, see = nodes["node1"], "docker image inspect leaky:copy"
    leaked = _find_leaked_password(node)
    image = _require_image(node, "leaky:copy")
    if leaked not in (image["Config"].get("Env") or ()):
        fail(node, "leaky:copy does not contain leaky's DB_PASSWORD", "docker commit created it from leaky", see)


@step("create")
@with_swarm_snapshot
def test_db_password_is_stored(swarm: SwarmSnapshot) -> None:
    """The swarm stores the database password as a secret, and the file with the password is deleted."""
    # A later step replaces the secret, so a successor such as db_password_v2 counts too.
    if not any(re.match(r"db_password($|\W|_)", secret.name) for secret in _list_secrets(swarm)):
        _fail_without_secret(swarm, "db_password")
    for name in ("/root/db-password", "/root/db_password"):
        if swarm.run_command_once("node1", "test", "-e", name).exit_status == 0:
            fail(swarm.nodes["node1"], f"{name} still exists", "it is deleted", f"ls -l {name}")


@step("create")
@with_swarm_snapshot
def test_api_key_is_stored(swarm: SwarmSnapshot) -> None:
    """The swarm stores a secret called api_key."""
    _expect_secret(swarm, "api_key")


@step("create")
@with_swarm_snapshot
def test_passphrase_is_stored(swarm: SwarmSnapshot) -> None:
    """The swarm stores a secret called passphrase."""
    _expect_secret(swarm, "passphrase")


@step("deliver")
@with_swarm_snapshot
def test_vault_reads_the_passphrase(swarm: SwarmSnapshot) -> None:
    """In the container of vault, /run/secrets/passphrase is an in-memory file that all users may read."""
    vault = swarm.require_service("vault")
    for container in _list_containers(swarm, vault):
        file = _read_secret_file(swarm, container, "/run/secrets/passphrase")
        if file.content.endswith(b"\n"):
            see = container.exec_command("wc -c /run/secrets/passphrase")
            fail(container.node, "/run/secrets/passphrase ends with a line feed", "it holds only the passphrase", see)


@step("deliver")
@with_swarm_snapshot
def test_key_is_readable_by_user_33_only(swarm: SwarmSnapshot) -> None:
    """In the container of vault, /etc/shop/key belongs to user 33, and only that user may read it."""
    for container in _list_containers(swarm, swarm.require_service("vault")):
        _expect_owner(container, _read_secret_file(swarm, container, "/etc/shop/key"), "/etc/shop/key", 33, 33, "400")


@step("deliver")
@with_swarm_snapshot
def test_only_node2_has_the_secrets(swarm: SwarmSnapshot) -> None:
    """Only node2, where vault runs, has a copy of its secrets."""
    vault = swarm.require_service("vault")
    for container in _list_containers(swarm, vault):
        if container.node.name != "node2":
            expect_equal(
                swarm.manager,
                f"vault runs on {container.node.name}",
                "vault runs only on node2",
                see=_history_command("vault"),
            )
    sources = {reference.id: reference.source for reference in _list_secret_references(vault)}
    for name, node in swarm.nodes.items():
        stored = swarm.run_command_once(name, "sh", "-c", f"ls {_MOUNTED_SECRETS} 2>/dev/null").stdout_text.split()
        for id_ in sources.keys() & {*stored}:
            if name != "node2":
                fail(
                    node, f"{name} holds a copy of {sources[id_]}", "only node2 holds a copy", f"ls {_MOUNTED_SECRETS}"
                )


@step("deliver")
@with_swarm_snapshot
def test_image_of_vault_has_no_passphrase(swarm: SwarmSnapshot) -> None:
    """The image vault:copy on node2 was created from vault, and does not contain the passphrase."""
    node = swarm.nodes["node2"]
    image = _require_image(node, "vault:copy")
    if (image["Config"].get("Labels") or {}).get("com.docker.swarm.service.name") != "vault":
        observed = "vault:copy was not created from a container of vault"
        fail(node, observed, "docker commit created it from vault", "docker image inspect vault:copy")
    layer = (image.get("GraphDriver", {}).get("Data") or {}).get("UpperDir")
    container = next(_list_containers(swarm, swarm.require_service("vault")))
    if layer:
        passphrase_file = f"/proc/{container.pid}/root/run/secrets/passphrase"
        grep_output = swarm.run_command_once(node.name, "grep", "-rlFf", passphrase_file, layer).stdout_text
        first_copy = grep_output.split("\n")[0]
        if first_copy:
            observed = f"the image vault:copy holds the passphrase, in {first_copy.removeprefix(layer)}"
            fail(node, observed, "the passphrase is not in the image", "docker run --rm vault:copy ls -l /run/secrets")


@step("files")
@with_swarm_snapshot
def test_db_accepts_password_from_secret(swarm: SwarmSnapshot) -> None:
    """The database db accepts the password in the file that its MYSQL_ROOT_PASSWORD_FILE names."""
    _query_db(swarm, "SELECT 1")


@step("files")
@with_swarm_snapshot
def test_db_environment_has_no_password(swarm: SwarmSnapshot) -> None:
    """The environment of db contains no password."""
    _expect_no_password_variable(swarm, swarm.require_service("db"))


@step("files")
@with_swarm_snapshot
def test_books_accepts_password_from_secret(swarm: SwarmSnapshot) -> None:
    """The database books accepts the password in the file that its POSTGRES_PASSWORD_FILE names."""
    _expect_postgres_login(swarm, swarm.require_service("books"), "postgres")


@step("files")
@with_swarm_snapshot
def test_books_environment_has_no_password(swarm: SwarmSnapshot) -> None:
    """The environment of books contains no password."""
    _expect_no_password_variable(swarm, swarm.require_service("books"))


@step("rotate")
@with_swarm_snapshot
def test_db_accepts_new_password(swarm: SwarmSnapshot) -> None:
    """The database db accepts a new password, and its orders are still there."""
    db = swarm.require_service("db")
    path = _find_password_file(swarm, db, "MYSQL_ROOT_PASSWORD_FILE", "MARIADB_ROOT_PASSWORD_FILE")
    source = next((reference.source for reference in _list_secret_references(db) if reference.path == path), "none")
    if source == "db_password":
        fail(
            swarm.manager, f"db still reads {source} as {path}", "it reads a newer secret there", _inspect_command("db")
        )
    _query_db(swarm, "SELECT 1")
    if not _query_db(swarm, "SELECT what FROM shop.orders").strip():
        fail(swarm.manager, "the table shop.orders is empty", "the order is still there", _logs_command("db"))


@step("rotate", after=["deliver"])
@with_swarm_snapshot
def test_old_password_is_removed(swarm: SwarmSnapshot) -> None:
    """The secret db_password is removed from the swarm."""
    if any(secret.name == "db_password" for secret in _list_secrets(swarm)):
        fail(swarm.manager, "the secret db_password is still there", "it is removed", _LIST_SECRETS)


@step("stack")
@with_swarm_snapshot
def test_front_has_greeting_and_key(swarm: SwarmSnapshot) -> None:
    """Every container of shop_front has a greeting, and a signing key that only user 33 may read."""
    front = swarm.require_service("shop_front")
    for container in _require_all_containers(swarm, front):
        _read_secret_file(swarm, container, "/run/secrets/greeting")
        key = "/etc/shop/signing.key"
        _expect_owner(container, _read_secret_file(swarm, container, key), key, 33, 33, "400")


@step("stack")
@with_swarm_snapshot
def test_only_greeting_belongs_to_the_stack(swarm: SwarmSnapshot) -> None:
    """The greeting belongs to the stack shop, and signing_key does not."""
    swarm.require_service("shop_front")
    paths = {reference.id: reference.path for reference in _list_secret_references(swarm.require_service("shop_front"))}
    owners = {paths.get(secret.id): secret.labels.get(_STACK_LABEL) for secret in _list_secrets(swarm)}
    see = f"docker secret ls --filter label={_STACK_LABEL}=shop"
    expect_equal(
        swarm.manager, owners.get("/run/secrets/greeting"), "shop", of="the stack that owns the greeting", see=see
    )
    expect_equal(
        swarm.manager, owners.get("/etc/shop/signing.key"), None, of="the stack that owns the signing key", see=see
    )


@step("stack")
@with_swarm_snapshot
def test_front_has_the_new_greeting(swarm: SwarmSnapshot) -> None:
    """The greeting was changed, and every container of shop_front has the new one."""
    file = swarm.run_command_once("node1", "cat", "/root/greeting.txt")
    for container in _require_all_containers(swarm, swarm.require_service("shop_front")):
        greeting = _read_secret_file(swarm, container, "/run/secrets/greeting")
        see = container.exec_command("cat /run/secrets/greeting")
        if file.exit_status == 0 and greeting.content != file.stdout:
            observed = f"a container of shop_front reads '{_decode(greeting.content)}'"
            fail(container.node, observed, f"it reads '{_decode(file.stdout)}', as greeting.txt says", see)
        if greeting.content == b"Good morning":
            fail(container.node, "the greeting is still 'Good morning'", "it was changed and deployed again", see)


@step("autolock")
def test_spare_engine_was_unlocked(nodes: Nodes) -> None:
    """The spare engine on node3 has been restarted with autolock on, and its swarm is unlocked again."""
    node, see = nodes["node3"], f"docker --host unix://{_SPARE_SOCKET} info"
    result = node.run_command("sh", "-c", _READ_SPARE_ENGINE)
    if result.exit_status:
        fail(node, "the spare engine is off", "it runs", "/root/spare-engine start")
    started, info, secrets = (json.loads(line) for line in result.stdout_text.splitlines() if line)
    state = info["Swarm"]["LocalNodeState"]
    expect_equal(node, state, "active", of="the spare engine's swarm", see=see)
    locks = info["Swarm"]["Cluster"]["Spec"]["EncryptionConfig"]["AutoLockManagers"]
    if not locks:
        fail(node, "autolock is off in the spare engine's swarm", "it is on", see)
    diary = next((secret for secret in secrets if secret["Spec"]["Name"] == "diary"), None)
    if diary is None:
        see = f"docker --host unix://{_SPARE_SOCKET} secret ls"
        fail(node, "the spare engine's swarm has no secret diary", "a secret diary", see)
    if datetime.fromisoformat(diary["CreatedAt"]).timestamp() > started:
        fail(
            node,
            "the spare engine has not been restarted since diary was created",
            "it was restarted",
            "ls -l /run/spare.pid",
        )


@step("autolock")
@with_swarm_snapshot
def test_autolock_is_on(swarm: SwarmSnapshot) -> None:
    """Autolock is on in your own swarm: its managers lock themselves when they restart."""
    is_on = bool((swarm.swarm_settings["Spec"].get("EncryptionConfig") or {}).get("AutoLockManagers"))
    state = "on" if is_on else "off"
    expect_equal(swarm.manager, f"autolock is {state}", "autolock is on", see="docker info | grep Autolock")


@step("challenge")
@with_swarm_snapshot
def test_ledger_accepts_password_from_secret(swarm: SwarmSnapshot) -> None:
    """The service ledger runs postgres:17, and its database accounts accepts the password from its secret."""
    ledger = swarm.require_service("ledger")
    expect_equal(swarm.manager, ledger.image, "postgres:17", of="the image of ledger", see=_inspect_command("ledger"))
    expect_equal(swarm.manager, ledger.replicas, 1, of="the replicas of ledger", see="docker service ls")
    _expect_postgres_login(swarm, ledger, "accounts")


@step("challenge")
@with_swarm_snapshot
def test_ledger_runs_on_workers_only(swarm: SwarmSnapshot) -> None:
    """A placement constraint lets ledger run on workers only."""
    ledger = swarm.require_service("ledger")
    pinned = {f"node.hostname=={member.name}" for member in swarm.members if not member.is_manager}
    if not (_WORKER_CONSTRAINTS | pinned) & {*ledger.constraints}:
        constraints = ", ".join(ledger.constraints) or "none"
        fail(
            swarm.manager,
            f"the constraints of ledger: {constraints}",
            "a constraint that lets only workers run it",
            _inspect_command("ledger"),
        )


@step("challenge")
@with_swarm_snapshot
def test_ledger_has_its_own_password(swarm: SwarmSnapshot) -> None:
    """The password of ledger comes from a secret that no other service uses, and not from its environment."""
    ledger = swarm.require_service("ledger")
    _expect_no_password_variable(swarm, ledger)
    path = _find_password_file(swarm, ledger, "POSTGRES_PASSWORD_FILE")
    password = next((reference for reference in _list_secret_references(ledger) if reference.path == path), None)
    if password is None:
        fail(
            swarm.manager,
            f"{path} is not a secret of ledger",
            "the password comes from a secret",
            _inspect_command("ledger"),
        )
    for other in swarm.services:
        if other.id != ledger.id and password.id in {reference.id for reference in _list_secret_references(other)}:
            observed = f"ledger shares the secret {password.source} with {other.name}"
            fail(swarm.manager, observed, "no other service uses its secret", _inspect_command("ledger"))


@step("challenge")
@with_swarm_snapshot
def test_only_postgres_reads_the_password(swarm: SwarmSnapshot) -> None:
    """In the container of ledger, only the user that PostgreSQL runs as may read the password."""
    ledger = swarm.require_service("ledger")
    path = _find_password_file(swarm, ledger, "POSTGRES_PASSWORD_FILE")
    file = next((reference for reference in _list_secret_references(ledger) if reference.path == path), None)
    see = _inspect_command("ledger")
    if file is None:
        fail(swarm.manager, f"{path} is not a secret of ledger", "the password comes from a secret", see)
    if file.mode & 0o077:
        observed = f"{path} has the mode {file.mode:04o}, so others may read it too"
        fail(swarm.manager, observed, "only its owner may read it", see)
    for container in _list_containers(swarm, ledger):
        status = swarm.run_command_once(container.node.name, "cat", f"/proc/{container.pid}/status").stdout_text
        user = next(line.split()[2] for line in status.splitlines() if line.startswith("Uid:"))
        expect_equal(
            container.node, file.user, user, of=f"the owner of {path}", see=container.exec_command(f"ls -ln {path}")
        )


@step("challenge")
@with_swarm_snapshot
def test_every_secret_is_used(swarm: SwarmSnapshot) -> None:
    """Every secret in the swarm is used by a service."""
    swarm.require_service("ledger")
    used = {reference.id for service in swarm.services for reference in _list_secret_references(service)}
    unused = sorted(secret.name for secret in _list_secrets(swarm) if secret.id not in used)
    if unused:
        fail(swarm.manager, f"no service uses {', '.join(unused)}", "every secret is used by a service", _LIST_SECRETS)


@dataclass(frozen=True, slots=True)
class _Secret:
    id: str
    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _SecretReference:
    """A secret that a service uses, and the file that it becomes in the containers."""

    id: str
    source: str
    path: str
    user: str
    mode: int


@dataclass(frozen=True, slots=True)
class _RunningContainer:
    """A running container of a service."""

    node: CheckNode
    task: str
    pid: int

    def exec_command(self, command: str) -> str:
        """Return the command line that runs a command in the container."""
        return f'docker exec "$(docker ps --quiet --filter name={self.task}.)" {command}'


@dataclass(frozen=True, slots=True)
class _FileInContainer:
    """A file inside a container."""

    owner: int
    group: int
    mode: str
    file_system: str
    content: bytes


def _find_leaked_password(node: CheckNode) -> str:
    containers = node.api.api.containers(all=True, filters={"name": "^/?leaky$"})
    if not containers:
        fail(node, "there is no container called leaky", "a container called leaky", "docker ps --all")
    environment = node.api.api.inspect_container(containers[0]["Id"])["Config"].get("Env") or ()
    values = (entry for entry in environment if entry.startswith("DB_PASSWORD=") and entry != "DB_PASSWORD=")
    leaked = next(values, None)
    if leaked is None:
        fail(node, "leaky has no variable DB_PASSWORD", "it has one, and it holds a password", "docker inspect leaky")
    return str(leaked)


def _require_image(node: CheckNode, name: str) -> Mapping[str, Any]:
    image = node.find_image(name)
    if image is None:
        fail(node, f"there is no image {name}", f"an image {name}", "docker images")
    return image


def _list_secrets(swarm: SwarmSnapshot) -> list[_Secret]:
    entries = swarm.query_once("secrets", swarm.manager.api.api.secrets)
    return [_Secret(entry["ID"], entry["Spec"]["Name"], entry["Spec"].get("Labels") or {}) for entry in entries]


def _expect_secret(swarm: SwarmSnapshot, name: str) -> None:
    if not any(secret.name == name for secret in _list_secrets(swarm)):
        _fail_without_secret(swarm, name)


def _fail_without_secret(swarm: SwarmSnapshot, name: str) -> NoReturn:
    names = ", ".join(sorted(secret.name for secret in _list_secrets(swarm)))
    observed = f"there is no secret called {name}, only {names}" if names else "there is no secret"
    fail(swarm.manager, observed, f"a secret called {name}", _LIST_SECRETS)


def _list_secret_references(service: Service) -> list[_SecretReference]:
    entries = service.task_template["ContainerSpec"].get("Secrets") or ()
    return [
        _SecretReference(
            entry["SecretID"],
            entry["SecretName"],
            _resolve_target(entry["File"]["Name"]),
            entry["File"]["UID"],
            entry["File"]["Mode"],
        )
        for entry in entries
        if entry.get("File")
    ]


def _resolve_target(target: str) -> str:
    return target if target.startswith("/") else f"/run/secrets/{target}"


def _require_all_containers(swarm: SwarmSnapshot, service: Service) -> Iterator[_RunningContainer]:
    running = len(swarm.list_running_tasks(service))
    if service.replicas is not None:
        of = f"running tasks of {service.name}"
        expect_equal(swarm.manager, running, service.replicas, of=of, see=_history_command(service.name))
    yield from _list_containers(swarm, service)


def _list_containers(swarm: SwarmSnapshot, service: Service) -> Iterator[_RunningContainer]:
    """Yield the running containers of a service, and fail if there is none."""
    tasks = swarm.list_running_tasks(service)
    if not tasks:
        observed = f"no task of {service.name} runs"
        fail(swarm.manager, observed, f"a task of {service.name} runs", f"docker service ps --no-trunc {service.name}")
    for task in tasks:
        yield _find_container(swarm, service, task)


def _find_container(swarm: SwarmSnapshot, service: Service, task: Task) -> _RunningContainer:
    node = swarm.nodes[swarm.describe_member(task.node_id)]
    if not task.pid:
        fail(node, f"{service.name}.{task.slot} has no container yet", "it has a running container", "docker ps")
    return _RunningContainer(node, f"{service.name}.{task.slot}", task.pid)


def _read_secret_file(swarm: SwarmSnapshot, container: _RunningContainer, path: str) -> _FileInContainer:
    """Return the file of a secret inside a container, and fail if there is none."""
    # Read the files of all services in one command: running a command on a node is the slowest part of these checks.
    paths = ("/run/secrets/passphrase", "/etc/shop/key", "/run/secrets/greeting", "/etc/shop/signing.key")
    host_paths = [f"/proc/{container.pid}/root{name}" for name in paths]
    lines = swarm.run_command_once(container.node.name, "sh", "-c", _READ_FILES, "read", *host_paths).stdout_text.split(
        "\n"
    )
    fields = dict(zip(paths, lines, strict=False)).get(path, "").split(" ")
    see = container.exec_command(f"ls -l {path}")
    if len(fields) < 5:
        fail(container.node, f"{container.task} has no file {path}", f"it has a secret at {path}", see)
    file = _FileInContainer(int(fields[0]), int(fields[1]), fields[2], fields[3], base64.b64decode(fields[4]))
    if not file.content:
        fail(container.node, f"{path} is empty in {container.task}", "it holds the secret", see)
    expect_equal(
        container.node,
        file.file_system,
        "tmpfs",
        of=f"the file system of {path} in {container.task}",
        see=container.exec_command("mount"),
    )
    return file


def _expect_owner(
    container: _RunningContainer, file: _FileInContainer, path: str, owner: int, group: int, mode: str
) -> None:
    observed = f"user {file.owner}, group {file.group}, mode {file.mode}"
    expected = f"user {owner}, group {group}, mode {mode}"
    expect_equal(
        container.node,
        observed,
        expected,
        of=f"{path} in {container.task}",
        see=container.exec_command(f"ls -ln {path}"),
    )


def _find_password_file(swarm: SwarmSnapshot, service: Service, *names: str) -> str:
    environment = dict(entry.partition("=")[::2] for entry in service.environment)
    path = next((environment[name] for name in names if environment.get(name)), None)
    if path is None:
        observed = f"the environment of {service.name} has no {names[0]}"
        fail(swarm.manager, observed, f"{names[0]} names the file of a secret", _inspect_command(service.name))
    return path


def _expect_no_password_variable(swarm: SwarmSnapshot, service: Service) -> None:
    for entry in service.environment:
        name, _, value = entry.partition("=")
        if value and _PASSWORD_VARIABLE.search(name.upper()):
            observed = f"the environment of {service.name} holds {name}"
            fail(swarm.manager, observed, "it contains no password", _inspect_command(service.name))


def _query_db(swarm: SwarmSnapshot, query: str) -> str:
    db = swarm.require_service("db")
    path = _find_password_file(swarm, db, "MYSQL_ROOT_PASSWORD_FILE", "MARIADB_ROOT_PASSWORD_FILE")
    return _query_database(swarm, db, path, _QUERY_MYSQL, query)


def _expect_postgres_login(swarm: SwarmSnapshot, service: Service, database: str) -> None:
    path = _find_password_file(swarm, service, "POSTGRES_PASSWORD_FILE")
    _query_database(swarm, service, path, _QUERY_POSTGRES, "SELECT 1", database)


def _query_database(swarm: SwarmSnapshot, service: Service, path: str, script: str, *arguments: str) -> str:
    """Return the answer of a database to a query that is sent from inside its container."""
    if path not in {reference.path for reference in _list_secret_references(service)}:
        observed = f"{path} is not a secret of {service.name}"
        fail(swarm.manager, observed, "the password comes from a secret", _inspect_command(service.name))
    container = next(_list_containers(swarm, service))
    # Does the same as `docker exec` in a fifth of the time.
    enter_container = ("nsenter", "--target", str(container.pid), "--all", "--env")
    result = swarm.run_command_once(
        container.node.name, *enter_container, "sh", "-c", script, "query", path, *arguments
    )
    if result.exit_status:
        reason = (result.stderr_text.strip() or result.stdout_text.strip() or "no answer").splitlines()[-1]
        observed = f"{service.name} does not accept the password in {path}: {reason}"
        fail(container.node, observed, f"{service.name} accepts it", _logs_command(service.name))
    return result.stdout_text


def _decode(content: bytes) -> str:
    return content.decode("utf-8", "replace").strip()


def _inspect_command(service: str) -> str:
    return f"docker service inspect --pretty {service}"


def _history_command(service: str) -> str:
    return f"docker service ps {service}"


def _logs_command(service: str) -> str:
    return f"docker service logs {service}"
