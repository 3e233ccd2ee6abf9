"""Lines that used a terminal run without one."""

from __future__ import annotations

import pytest

from tests.support.typed_lines import list_doubts, list_left_out, list_scripts, make_entry


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("docker exec -it web touch /f", "docker exec -i web touch /f"),
        ("docker exec --interactive --tty web touch /f", "docker exec --interactive web touch /f"),
        ("docker exec -ti -u root web touch -t 1 /f", "docker exec -i -u root web touch -t 1 /f"),
        ("docker exec -itu root web touch /f", "docker exec -iu root web touch /f"),
        ("docker exec -t web touch /f", "docker exec web touch /f"),
        ("docker run --rm --tty=true busybox touch /f", "docker run --rm busybox touch /f"),
        ("docker container run -it --name a busybox touch /f", "docker container run -i --name a busybox touch /f"),
        ("sudo docker exec -it web touch /f", "sudo docker exec -i web touch /f"),
        ("docker compose exec -it web touch /f", "docker compose exec -T -i web touch /f"),
        ("docker compose -f a.yml exec web touch /f", "docker compose -f a.yml exec -T web touch /f"),
        ("docker-compose run --rm web touch /f", "docker-compose run -T --rm web touch /f"),
        ("docker volume create a; docker exec -it web touch /f", "docker volume create a; docker exec -i web touch /f"),
        ("kubectl exec -it web -- touch -t 1 /f", "kubectl exec -i web -- touch -t 1 /f"),
    ],
)
def test_terminal_is_dropped(line: str, script: str) -> None:
    """The options that ask for a terminal are dropped, and the line is kept."""
    assert [script] == list_scripts(make_entry(line))


@pytest.mark.parametrize(
    "line",
    [
        "docker run -it -d --name a nginx",
        "docker run --interactive --tty --detach --name a nginx",
        "docker run -dit --name a nginx",
        "docker run -td --name a nginx",
        "docker run -d nginx sh -it",
    ],
)
def test_container_in_the_background_keeps_its_terminal(line: str) -> None:
    """The engine gives a container in the background its terminal, without which its shell would end."""
    assert [line] == list_scripts(make_entry(line))


@pytest.mark.parametrize(
    ("alias", "line", "script"),
    [
        ("docker exec -it", "a web touch /f", "docker exec -i web touch /f"),
        ("docker exec --tty", "a web touch /f; a web ls", "docker exec web touch /f; docker exec web ls"),
        ("docker run -it --rm", "a --detach nginx", "a --detach nginx"),
        ("docker exec", "a web touch /f", "a web touch /f"),
    ],
)
def test_terminal_in_an_alias(alias: str, line: str, script: str) -> None:
    """Where an alias asks for a terminal, its text without the terminal takes its place."""
    entries = (make_entry(f"alias a='{alias}'", 1), make_entry(line, 2))
    assert script == list_scripts(*entries)[1]


def test_alias_of_docker() -> None:
    """An alias is followed to find out what a line does."""
    entries = (make_entry("alias d=docker dx='docker exec -i'", 1), make_entry("d exec -it web touch /f", 2))
    assert "d exec -i web touch /f" == list_scripts(*entries)[-1]


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("docker inspect web | less", "docker inspect web"),
        ("docker inspect web | grep -i env | more", "docker inspect web | grep -i env"),
        ("clear; docker volume create v", "true; docker volume create v"),
        ("man docker && docker volume create v", "true && docker volume create v"),
    ],
)
def test_pager_is_dropped(line: str, script: str) -> None:
    """A pager at the end of a pipe, or before other commands, is dropped, and the rest is kept."""
    assert [script] == list_scripts(make_entry(line))


@pytest.mark.parametrize("line", ["less f", "man docker", "top", "watch docker ps", "sudo htop"])
def test_viewer_is_left_out(line: str) -> None:
    """A line that only shows something on a terminal is left out, with the reason."""
    assert [(line, "it only shows something, until it is ended")] == list_left_out(make_entry(line))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("touch /a\rls\r\x04", "touch /a\nls\n"),
        ("tuoch\x7f\x7f\x7f\x7fouch /a\r", "touch /a\n"),
        ("wrong\x15touch /a /b\x17/c\r", "touch /a /c\n"),
        ("touch /a\r\x1b[A\x1b[D\x1b[C2\rexit\r", "touch /a\ntouch /a2\nexit\n"),
        ("abandoned\x03touch /a\r", "touch /a\n"),
        ("ping node1\r\x03touch /a\r", "touch /a\n"),
        ("cat > /f\rone\rtwo\r\x04ls\r", "cat > /f <<'END'\none\ntwo\nEND\nls\n"),
    ],
)
def test_lines_typed_into_a_container(keys: str, text: str) -> None:
    """What was typed into a shell in a container becomes its input, as it was when Enter was typed."""
    entry = make_entry("docker exec -it web sh", keys=keys)
    delimiter = "EOF" if "\nEND\n" in text else "END"
    assert [f"docker exec -i web sh <<'{delimiter}'\n{text}{delimiter}"] == list_scripts(entry)
    assert [] == list_doubts(entry)


@pytest.mark.parametrize(
    ("keys", "doubt"),
    [
        ("cat /et\t\r", "keys such as Tab were typed into it, whose effect is not recorded"),
        ("\x1b[A\r", "keys such as Tab were typed into it, whose effect is not recorded"),
        ("vi /f\r:wq\r", "a file that was written with an editor in the container is left out"),
        ("./load.sh\r\x03ls\r", "'./load.sh' in the container was ended with Ctrl-C"),
    ],
)
def test_doubtful_keys(keys: str, doubt: str) -> None:
    """Keys whose effect is not known are mentioned."""
    assert doubt in list_doubts(make_entry("docker exec -it web sh", keys=keys))


def test_container_that_was_left_running() -> None:
    """Ctrl-P Ctrl-Q leaves a container running, so it is started in the background."""
    entry = make_entry("docker run -it --name a busybox", keys="\x10\x11")
    assert ["docker run --detach -it --name a busybox"] == list_scripts(entry)
    assert ["true"] == list_scripts(make_entry("docker attach a", keys="\x10\x11"))


def test_interrupted_container_with_a_terminal() -> None:
    """A container that gets Ctrl-C through its terminal is interrupted as one without a terminal is."""
    scripts = list_scripts(make_entry("docker run -it --name a nginx", keys="\x03", is_interrupted=True, seconds=3))
    assert "set -m\ndocker run -i --name a nginx > /dev/null 2>&1 &\nJOB_1=$!\nset +m\nsleep 3" == scripts[0]
    assert scripts[1].startswith("kill -INT -- -$JOB_1\n")


def test_another_shell() -> None:
    """A shell on the node gets what was typed into it; if its lines are recorded themselves, it is not needed."""
    assert ["bash <<'END'\ntouch a\nEND"] == list_scripts(make_entry("sudo -i", keys="touch a\r\x04"))
    assert [] == list_scripts(make_entry("bash", has_recorded_shell=True), make_entry("sudo su -"))


def test_shell_that_is_not_recorded() -> None:
    """If a program in a shell that is not recorded read a text, the learner is asked to check the line."""
    entry = make_entry("env -i bash", keys="cat > f\rtouch g\rexit\r", typed_input=("text\n",))
    assert ["what was typed into programs that it started is left out"] == list_doubts(entry)
