"""Images that a lab uses and declares."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.images import recipe
from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

_IN_FILE = re.compile(r"^\s*(?:-\s+)?image:\s*[\"']?([^\s\"'#]+)|^FROM\s+(?:--\S+\s+)*(\S+)", re.MULTILINE)
_IMAGE_OPTION = re.compile(r"--image[= ]([^\s\"']+)")
_BUILT_BY_LAB = re.compile(
    r"(?:\s-t|--tag)[= ]([^\s\"']+)|docker (?:image )?(?:tag|commit)\s+.*?(\S+)\s*$", re.MULTILINE
)
_COMMANDS_WITH_IMAGE = {
    ("docker", "run"),
    ("docker", "create"),
    ("docker", "pull"),
    ("docker", "container", "run"),
    ("docker", "container", "create"),
    ("docker", "image", "pull"),
    ("docker", "service", "create"),
}
# The options of these commands that take no value; all others take one.
_FLAG = re.compile(
    r"--(all-tags|detach|disable-content-trust|help|init|interactive|no-healthcheck|no-resolve-image|oom-kill-disable"
    r"|privileged|publish-all|quiet|read-only|rm|sig-proxy|tty|with-registry-auth)|-[diPqt]+"
)


def undeclared_images(context: LintContext) -> Iterator[Problem]:
    """Every image with a recipe that a command, a Dockerfile or a Compose file uses is declared in `images`."""
    if not context.page.has_valid_front_matter:
        return
    declared = {_normalize_name(image) for image in context.lesson.images}
    built_by_lab = {
        _normalize_name(name)
        for _, command in context.commands_with_pages
        for match in _BUILT_BY_LAB.findall(command.script)
        for name in match
    }
    undeclared = recipe.map_image_names_to_recipes().keys() - declared - built_by_lab
    for path, line, name in _find_images(context):
        if _normalize_name(name) in undeclared:
            yield Problem(
                path, line, f"the image {_normalize_name(name)} is not declared in the front matter's 'images'"
            )


def images_without_recipe(context: LintContext) -> Iterator[Problem]:
    """Every image that a built-in lab declares has a recipe, so that the lab also works offline."""
    if context.is_built_in and context.page.has_valid_front_matter:
        for image in context.lesson.images:
            if image not in recipe.map_image_names_to_recipes():
                line = context.page.find_front_matter_line_number("images")
                yield Problem(context.page.path, line, f"there is no recipe for the image {image}")


def _find_images(context: LintContext) -> Iterator[tuple[Path, int, str]]:
    for page, command in context.commands_with_pages:
        # A command that is expected to fail may use an image that does not exist.
        if command.exit_status == 0:
            for line, name in (*_find_in_script(command.script), *_find_in_text(command.script)):
                yield page.path, command.line + line, name
    for path, text in context.text_files:
        if path.is_relative_to(context.folder / "files"):
            yield from ((path, line, name) for line, name in _find_in_text(text))


def _find_in_text(text: str) -> Iterator[tuple[int, str]]:
    for pattern in (_IN_FILE, _IMAGE_OPTION):
        for match in pattern.finditer(text):
            name = next(group for group in match.groups() if group)
            yield text.count("\n", 0, match.start(match.lastindex or 0)) + 1, name


def _find_in_script(script: str) -> Iterator[tuple[int, str]]:
    lines = script.split("\n")
    for first in range(len(lines)):
        last = next((index for index in range(first, len(lines)) if not lines[index].endswith("\\")), len(lines) - 1)
        if first == 0 or not lines[first - 1].endswith("\\"):
            joined = " ".join(line.removesuffix("\\") for line in lines[first : last + 1])
            yield from ((first + 1, name) for name in _find_in_command_line(joined))


def _find_in_command_line(line: str) -> Iterator[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    # Without this, shlex ends a word at every colon.
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        # A quoted word continues on the next line, so this line is text and not a command.
        return
    for start in range(len(words)):
        for length in (2, 3):
            if tuple(words[start : start + length]) in _COMMANDS_WITH_IMAGE:
                yield from _find_first_argument(words[start + length :])


def _find_first_argument(words: Sequence[str]) -> Iterator[str]:
    is_option_value = False
    for word in words:
        if is_option_value:
            is_option_value = False
        elif word.startswith("-"):
            is_option_value = "=" not in word and not _FLAG.fullmatch(word)
        else:
            yield word
            return


def _normalize_name(name: str) -> str:
    """Return an image name as in front matter: without registry and digest, and with its tag."""
    short = name.partition("@")[0].removeprefix("docker.io/").removeprefix("library/")
    return short if ":" in short else f"{short}:latest"
