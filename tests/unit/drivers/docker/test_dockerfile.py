"""Splitting Dockerfiles into what the builder does and what a commit does."""

from __future__ import annotations

import pytest

from runner.drivers.docker.dockerfile import split_dockerfile
from runner.images import recipe

_DOCKERFILE = """\
ARG BASE
FROM ${BASE}
# A comment.
ENV EARLY=1
RUN first && \\
    # A comment within an instruction.
    second
ENV A=1 \\
    B=2

STOPSIGNAL SIGINT
CMD ["run", "it"]
"""


def test_split() -> None:
    """The configuration after the last step of the builder is separate, with the stop signal apart."""
    parts = split_dockerfile(_DOCKERFILE)
    assert "ARG BASE\nFROM ${BASE}\nENV EARLY=1\nRUN first && \\\n    second\n" == parts.filesystem
    assert ("ENV A=1 \\\n    B=2", 'CMD ["run", "it"]') == parts.changes
    assert "SIGINT" == parts.stop_signal
    assert parts.sets_command


@pytest.mark.parametrize("instruction", ['CMD ["run"]', 'ENTRYPOINT ["run"]'])
def test_command(instruction: str) -> None:
    """An image can get what it runs from a command or from an entry point."""
    assert split_dockerfile(f"FROM scratch\nCOPY a b\n{instruction}\n").sets_command


@pytest.mark.parametrize("last", ["RUN true", "COPY a b", "WORKDIR $HOME", "SHELL ['sh']"])
def test_instruction_for_the_builder(last: str) -> None:
    """What a commit cannot do, or only the builder can fill in, stays with the builder, and so does all before it."""
    text = f"FROM scratch\nEXPOSE 80\n{last}\n"
    parts = split_dockerfile(text)
    assert (text, (), None, False) == (parts.filesystem, parts.changes, parts.stop_signal, parts.sets_command)


def test_recipes() -> None:
    """In every recipe, the last instruction that the builder gets changes the file system, or there is none."""
    for source in recipe.load_recipes().values():
        parts = split_dockerfile((source.folder / "Dockerfile").read_text("utf-8"))
        starts = [line.split()[0] for line in parts.filesystem.splitlines() if not line.startswith(" ")]
        assert starts[-1] in ("RUN", "COPY", "FROM"), source.name
