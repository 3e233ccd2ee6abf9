"""Programs that ran until the user ended them, or still run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.typed_lines import draft, list_doubts, list_left_out, list_scripts, make_entry

END = "\ntimeout 30 tail --pid=$JOB_1 --follow /dev/null"


def run_in_background(line: str, seconds: int) -> str:
    """Return the script that runs a line in the background."""
    return f"set -m\n{line} > /dev/null 2>&1 &\nJOB_1=$!\nset +m\nsleep {seconds}"


@pytest.mark.parametrize("exit_status", [0, 130])
@pytest.mark.parametrize(
    "line",
    [
        "ping node2",
        "tail -f /var/log/x",
        "docker logs --follow web",
        "docker service logs -f web",
        "docker compose logs -f",
        "docker events",
        "docker stats",
        "watch -n 1 docker ps",
        "sleep 100",
        "while true; do curl -s localhost; sleep 1; done",
        "curl localhost:81",
        "docker run --rm busybox ping node2",
        "docker exec web tail -F /log",
    ],
)
def test_interrupted_look(line: str, exit_status: int) -> None:
    """What only shows something until Ctrl-C is left out, with the reason, even if it succeeded."""
    entry = make_entry(line, is_interrupted=True, exit_status=exit_status)
    assert [(line, "it only shows something, and you ended it with Ctrl-C")] == list_left_out(entry)
    assert [] == list_scripts(entry)


@pytest.mark.parametrize(
    "line",
    [
        "docker run nginx",
        "docker compose up",
        "sudo docker start -a web",
        "python3 -m http.server 80",
        "./serve.sh",
        "docker run --rm --name a busybox sleep 900",
    ],
)
def test_interrupted_program(line: str) -> None:
    """What changes something until Ctrl-C runs in the background, and is interrupted after the same time."""
    entry = make_entry(line, is_interrupted=True, seconds=4.2)
    assert [run_in_background(line, 5), f"kill -INT -- -$JOB_1{END}"] == list_scripts(entry)


def test_long_program() -> None:
    """A program is interrupted after 20 seconds at the latest."""
    assert "\nsleep 20" in list_scripts(make_entry("docker compose up", is_interrupted=True, seconds=900))[0]


def test_interrupted_while_other_lines_were_typed() -> None:
    """A program is interrupted at the place in the sequence where it was."""
    entries = (
        make_entry("docker compose up", 10, seconds=60, is_interrupted=True),
        make_entry("docker volume create a", 17),
        make_entry("docker volume create b", 80),
    )
    assert [
        run_in_background("docker compose up", 7),
        "docker volume create a",
        f"kill -INT -- -$JOB_1{END}",
        "docker volume create b",
    ] == list_scripts(*entries)


def test_program_that_another_line_ended() -> None:
    """A program that ended while other lines were typed runs in the background: one of them may have ended it."""
    entries = (make_entry("docker run --name a nginx", 10, seconds=60), make_entry("docker stop a", 20))
    assert [run_in_background("docker run --name a nginx", 10), "docker stop a", END.strip()] == list_scripts(*entries)
    assert ["docker run --name a busybox true"] == list_scripts(make_entry("docker run --name a busybox true"))


@pytest.mark.parametrize("line", ["until docker node ls | grep Down; do sleep 1; done", "docker wait a"])
def test_wait_for_another_terminal(line: str) -> None:
    """What may wait for a line in another terminal does not keep that line from being run."""
    first = list_scripts(make_entry(line, 10, seconds=60), make_entry("docker stop a", 20))[0]
    assert first.startswith("set -m\n")
    assert line in first
    assert [line] == list_scripts(make_entry(line))


def test_program_in_a_list() -> None:
    """Only the program that went on is run in the background; what came before it is not."""
    entry = make_entry("cd app && A=1 docker compose up | tee log", is_running=True)
    assert [
        "cd app && { set -m; { A=1 docker compose up | tee log; } > /dev/null 2>&1 & JOB_1=$!; set +m; }\nsleep 20"
    ] == list_scripts(entry)


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("docker volume create v; ping node2", "docker volume create v; true"),
        ("docker volume create v && docker logs -f web", "docker volume create v && true"),
        ("ping node2; docker volume rm v", "true"),
    ],
)
def test_interrupted_look_in_a_list(line: str, script: str) -> None:
    """Of a line that ended with an endless look, the rest is kept, unless the interrupt kept it from running."""
    assert [script] == list_scripts(make_entry(line, is_interrupted=True, exit_status=130))


def test_running_program() -> None:
    """What still runs in the foreground is started in the background and not ended."""
    assert [run_in_background("docker compose up", 20)] == list_scripts(
        make_entry("docker compose up", is_running=True)
    )
    still_open = make_entry("watch docker ps", is_running=True)
    assert [("watch docker ps", "it only shows something, and it had not ended")] == list_left_out(still_open)


@pytest.mark.parametrize("verb", ["create --name web", "update --image nginx web", "scale web=3", "rollback web"])
def test_wait_for_the_swarm(verb: str) -> None:
    """Ctrl-C ends the wait for the swarm and not the change, so the line does not wait."""
    first, *rest = verb.split()
    line = f"docker service {verb} nginx"
    entry = make_entry(line, is_interrupted=True, exit_status=130)
    assert [" ".join(["docker service", first, "--detach", *rest, "nginx"])] == list_scripts(entry)
    assert [] == list_doubts(entry)


@pytest.mark.parametrize("line", ["docker pull nginx", "docker build -t a .", "docker compose pull"])
def test_cancelled(line: str) -> None:
    """Nothing remains of some commands that are cancelled."""
    entry = make_entry(line, is_interrupted=True, exit_status=130)
    assert [(line, "you cancelled it with Ctrl-C")] == list_left_out(entry)


@pytest.mark.parametrize("line", ["docker pull nginx", "docker volume create v"])
def test_interrupt_that_came_too_late(line: str) -> None:
    """A command that succeeded although Ctrl-C was typed is kept."""
    entry = make_entry(line, is_interrupted=True)
    assert ([line], []) == (list_scripts(entry), list_doubts(entry))


@pytest.mark.parametrize("line", ["ping no-such-host", "less no-such-file", "docker logs -f none"])
def test_failed_look(line: str) -> None:
    """A look that failed is only counted."""
    result = draft(make_entry(line, exit_status=1))
    assert ((), (), 1) == (result.blocks, result.left_out, result.failed_count)


def test_doubtful_ends() -> None:
    """It is mentioned if a program's end cannot be repeated."""
    lost = replace(make_entry("docker compose up"), ended_at=None, exit_status=None)
    assert ["its shell or terminal was closed before it ended"] == list_doubts(lost)
    stopped = make_entry("docker compose up", exit_status=148)
    assert ["you stopped it with Ctrl-Z; the submission lets it run in the background"] == list_doubts(stopped)
    kept = make_entry("docker stop web", is_interrupted=True, exit_status=130)
    assert ["you ended it with Ctrl-C; the submission lets it end alone"] == list_doubts(kept)
    waiting = make_entry("cat > f", typed_input=("one\n",), is_running=True)
    assert ["it still waits for input: end it with Ctrl-D first"] == list_doubts(waiting)
