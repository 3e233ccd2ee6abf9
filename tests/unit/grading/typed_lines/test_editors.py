"""Editors, in whose place a submission has the files that they wrote."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.progress.shell_record import WrittenFile
from tests.support.typed_lines import draft, list_doubts, list_left_out, list_scripts, make_entry

FILE = WrittenFile("/root/f", b"one\n$HOME\n")
DOCUMENT = "<<'END'"
BODY = "one\n$HOME\nEND"


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("nano f", f"cat > /root/f {DOCUMENT}\n{BODY}"),
        ("sudo nano f", f"cat > /root/f {DOCUMENT}\n{BODY}"),
        ("EDITOR=vi vim +3 f", f"cat > /root/f {DOCUMENT}\n{BODY}"),
        ("nano f && docker stack deploy -c f app", f"cat > /root/f {DOCUMENT} && docker stack deploy -c f app\n{BODY}"),
        ("mkdir a; vi a/f; docker ps", f"mkdir a; cat > /root/f {DOCUMENT}; docker ps\n{BODY}"),
        ("EDITOR=nano crontab -e", f"EDITOR=nano crontab -e\ncat > /root/f {DOCUMENT}\n{BODY}"),
    ],
)
def test_editor(line: str, script: str) -> None:
    """In place of an editor, a here-document writes the file; the rest of the line stays."""
    assert [script] == list_scripts(make_entry(line, written_files=(FILE,), keys="ione\x1b:wq\r"))


def test_alias_of_an_editor() -> None:
    """An editor is found behind an alias."""
    entries = (make_entry("alias e=nano", 1), make_entry("e f", 2, written_files=(FILE,)))
    assert f"cat > /root/f {DOCUMENT}\n{BODY}" == list_scripts(*entries)[1]


def test_several_files() -> None:
    """All files that one editor wrote are written."""
    files = (FILE, WrittenFile("/root/g h", b""))
    assert [f"cat > /root/f {DOCUMENT}\n{BODY}\n: > '/root/g h'"] == list_scripts(
        make_entry("vi f g", written_files=files)
    )


def test_nothing_written() -> None:
    """An editor that wrote nothing is left out, with the reason; in a list, the rest stays."""
    assert [("vi f", "the editor changed no file")] == list_left_out(make_entry("vi f"))
    assert [("vi f", "the editor is still open: save the file and quit first")] == (
        list_left_out(make_entry("vi f", is_running=True))
    )
    assert [("vi f", "what it wrote could not be recorded")] == list_left_out(make_entry("vi f", exit_status=None))
    assert ["true && docker volume create v"] == list_scripts(make_entry("vi f && docker volume create v"))


def test_missing_editor() -> None:
    """If there is no such editor, the line failed, and nothing of it remains."""
    assert [] == list_scripts(make_entry("emacs f && docker stack deploy -c f app", exit_status=127))


@pytest.mark.parametrize("status", [126, 127])
@pytest.mark.parametrize("line", ["docker exec -it s1 vi /f", "docker compose exec web nano /f"])
def test_missing_editor_in_a_container(line: str, status: int) -> None:
    """An editor that the container does not have is left out with the reason."""
    entry = make_entry(line, exit_status=status)
    assert [] == list_scripts(entry)
    assert [(line, "the editor could not be started in the container")] == list_left_out(entry)


def test_editor_in_a_container() -> None:
    """The files that an editor in a container wrote are not known, and the reason says so."""
    ((_, reason),) = list_left_out(make_entry("docker exec -it s1 vi /f", keys="ione\x1b:wq\r"))
    assert reason.startswith("files that an editor in a container writes are not recorded")


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("touch a; vi a", "touch a; true"),
        ("touch a; docker exec -it s1 vi /f", "touch a; true"),
        ("touch a; less none", "touch a; true"),
    ],
)
def test_status_of_a_replaced_command(line: str, script: str) -> None:
    """The exit status of a command that `true` replaces is not expected."""
    (block,) = draft(make_entry(line, exit_status=127)).blocks
    assert (script, 0) == (block.script, block.exit_status)


def test_large_file() -> None:
    """A file that is too large for a block is mentioned."""
    (doubt,) = list_doubts(make_entry("vi f", written_files=(WrittenFile("/root/f", b"x" * 50_000),)))
    assert doubt.startswith("/root/f is too large for a block")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a\n",
        b"no line feed",
        b"END\nEOF\n",
        b"a\r\nb\r\n",
        b"\xff\x00\n",
        "\ufeffé€\n".encode(),
        b"\n\n",
        b"`$x` \\ '\"\n",
    ],
)
def test_content_is_kept(content: bytes, tmp_path: Path) -> None:
    """Bash writes exactly the bytes that the editor wrote."""
    target = tmp_path / "it's here"
    (script,) = list_scripts(make_entry("vi x", written_files=(WrittenFile(str(target), content),)))
    subprocess.run(["bash", "-c", script], check=True, env={"PATH": os.environ["PATH"]})
    assert content == target.read_bytes()
