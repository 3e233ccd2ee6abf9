"""Images: those that are typed, and those that are declared."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.images import recipe
from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

_IN_FILE = re.compile(r"^\s*(?:-\s+)?image:\s*[\"']?([^\s\"'#]+)|^FROM\s+(?:--\S+\s+)*(\S+)", re.MULTILINE)
_OPTION = re.compile(r"--image[= ]([^\s\"']+)")
_MADE = re.compile(r"(?:\s-t|--tag)[= ]([^\s\"']+)|docker (?:image )?(?:tag|commit)\s+.*?(\S+)\s*$", re.MULTILINE)
_STARTERS = {
    ("docker", "run"),
    ("docker", "create"),
    ("docker", "pull"),
    ("docker", "container", "run"),
    ("docker", "container", "create"),
    ("docker", "image", "pull"),
    ("docker", "service", "create"),
}
# The options of these commands that take no value; every other takes one.
_FLAG = re.compile(
    r"--(all-tags|detach|disable-content-trust|help|init|interactive|no-healthcheck|no-resolve-image|oom-kill-disable"
    r"|privileged|publish-all|quiet|read-only|rm|sig-proxy|tty|with-registry-auth)|-[diPqt]+"
)


def undeclared_images(subject: LintContext) -> Iterator[Problem]:
    """An image that a command, a Dockerfile or a Compose file names is declared, where labs knows one of that name."""
    if not subject.page.has_valid_front_matter:
        return
    declared = {_whole(image) for image in subject.lesson.images}
    made = {
        _whole(name) for _, command in subject.commands for match in _MADE.findall(command.script) for name in match
    }
    known = recipe.stand_ins().keys() - declared - made
    for path, line, name in _named(subject):
        if _whole(name) in known:
            yield Problem(path, line, f"the image {_whole(name)} is not declared in the front matter's 'images'")


def images_without_recipe(subject: LintContext) -> Iterator[Problem]:
    """Every image that a lab of ours declares has a recipe, so that the lab works without a network too."""
    if subject.is_built_in and subject.page.has_valid_front_matter:
        for image in subject.lesson.images:
            if image not in recipe.stand_ins():
                yield Problem(
                    subject.page.path, subject.page.find_key_line("images"), f"no recipe makes the image {image}"
                )


def _named(subject: LintContext) -> Iterator[tuple[Path, int, str]]:
    for page, command in subject.commands:
        # What is meant to fail may name what is not there.
        if command.exit_status == 0:
            for line, name in (*_in_script(command.script), *_in_text(command.script)):
                yield page.path, command.line + line, name
    for path, text in subject.text_files:
        if path.is_relative_to(subject.folder / "files"):
            yield from ((path, line, name) for line, name in _in_text(text))


def _in_text(text: str) -> Iterator[tuple[int, str]]:
    for pattern in (_IN_FILE, _OPTION):
        for match in pattern.finditer(text):
            name = next(group for group in match.groups() if group)
            yield text.count("\n", 0, match.start(match.lastindex or 0)) + 1, name


def _in_script(script: str) -> Iterator[tuple[int, str]]:
    lines = script.split("\n")
    for number in range(len(lines)):
        end = next((at for at in range(number, len(lines)) if not lines[at].endswith("\\")), len(lines) - 1)
        if number == 0 or not lines[number - 1].endswith("\\"):
            whole = " ".join(line.removesuffix("\\") for line in lines[number : end + 1])
            yield from ((number + 1, name) for name in _in_line(whole))


def _in_line(line: str) -> Iterator[str]:
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    # Else a word would end at every colon.
    reader.whitespace_split = True
    try:
        words = list(reader)
    except ValueError:
        # A word goes on in the next line; what is in it is text, and no command of its own.
        return
    for start in range(len(words)):
        for length in (2, 3):
            if tuple(words[start : start + length]) in _STARTERS:
                yield from _first_argument(words[start + length :])


def _first_argument(words: Sequence[str]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word and not _FLAG.fullmatch(word)
        else:
            yield word
            return


def _whole(name: str) -> str:
    """Return a name as the front matter has it: without registry and digest, with its tag."""
    short = name.partition("@")[0].removeprefix("docker.io/").removeprefix("library/")
    return short if ":" in short else f"{short}:latest"
