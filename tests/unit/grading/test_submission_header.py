"""The front matter of a submission: what people write by hand is read, and what cannot be read is explained."""

from __future__ import annotations

import time

import pytest

from runner.grading.submission_header import LabClaim, parse_lab_claim

LABS = ("swarm-basics", "secrets")


@pytest.mark.parametrize(
    "text",
    [
        "---\nlab: secrets\n---\n",
        "---\nname: Ada\nlab: 'secrets'\n---\n",
        "---\nlab: secrets   # the second one\n---\n",
        "---\n# lab: swarm-basics\nlab: secrets\n---\n",
        "---\nLab: Secrets\n---\n",
        "---\nLAB: SECRETS\n---\n",
        "---\nlab : secrets\n---\n",
        "---\nlab:secrets\n---\n",
        "--- \n  lab: secrets  \n---\t\n",
        "---\nlab:\tsecrets\n---\n",
        "---\n\tlab: secrets\n---\n",
        "---\r\nlab: secrets\r\n---\r\n",
        "---\rlab: secrets\r---\r## Look\r",
        "\ufeff---\nlab: secrets\n---\n",
        "\n\n---\nlab: secrets\n---\n",
        "# My work\n\n---\nlab: secrets\n---\n",
        "Ada Lovelace\n---\n\n---\nlab: secrets\n---\n",
        "-----\nlab: secrets\n-----\n",
        "---\nlab: secrets\n...\n",
        "---\nname: Ada: the first\nlab: secrets\n---\n",
        "---\nlab: secrets\nLab: secrets\n---\n",
    ],
)
def test_lab(text: str) -> None:
    """The lab is read wherever the front matter leaves no doubt about it."""
    assert LabClaim("secrets") == parse_lab_claim(text, LABS)


def test_spaces_in_the_name() -> None:
    """A lab may be written as words."""
    assert LabClaim("swarm-basics") == parse_lab_claim("---\nlab: Swarm Basics\n---\n", LABS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it does not say which lab it is for; start submission.md with three lines: '---', 'lab: LAB' and '---'"),
        ("---\nname: Ada\n---\n", "it does not say which lab it is for"),
        ("---\nlab = secrets\n---\n", "it does not say which lab it is for"),
        ("lab: secrets\n", "'lab:' is not between two lines of '---' at the top"),
        ("---\nlab: secrets\n", "'lab:' is not between two lines of '---' at the top"),
        ("```sh node1\n---\nlab: secrets\n---\n```\n", "'lab:' is not between two lines of '---' at the top"),
        ("---\nlab:\n---\n", "its front matter on line 1 names no lab after 'lab:'"),
        ("\n---\nlab: [1\n---\n", "line 3: the front matter is not valid YAML: expected ',' or ']'"),
        ("---\nlab: &a secrets\n---\n", "line 2: the front matter is not valid YAML: anchors (&)"),
        ("---\nlab: ../../etc\n---\n", "its front matter names the lab '../../etc', which is not a name"),
        ("---\nlab: [secrets, swarm-basics]\n---\n", "its front matter names the lab ['secrets', 'swarm-basics'],"),
        ("---\nlab: secrets\nlab: swarm-basics\n---\n", "its front matter on line 1 names more than one lab"),
        ("---\nlab: secrets\nLab: swarm-basics\n---\n", "its front matter on line 1 names more than one lab"),
        (f"---\nlab: {'x/' * 900}\n---\n", f"its front matter names the lab '{'x/' * 30}...', which is not a name"),
    ],
)
def test_no_lab(text: str, problem: str) -> None:
    """If there is no lab, the message says why, and on which line."""
    claim = parse_lab_claim(text, LABS)
    assert ("", problem) == (claim.lab, claim.problem[: len(problem)])


def test_unknown_lab() -> None:
    """A lab that does not exist is named, with a similar name."""
    problem = "its front matter names the lab 'Secret', which does not exist. Did you mean secrets?"
    assert LabClaim("secret", problem) == parse_lab_claim("---\nlab: Secret\n---\n", LABS)


def test_long_front_matter() -> None:
    """Front matter that would take the parser minutes is not read to its end."""
    started_at = time.monotonic()
    assert "" == parse_lab_claim(f"---\na: [{'1,' * 500_000}]\nlab: secrets\n---\n", LABS).lab
    assert time.monotonic() - started_at < 20


def test_deeply_nested_yaml() -> None:
    """YAML that nests without end is a problem like any other."""
    assert "is not valid YAML" in parse_lab_claim(f"---\nlab: {'[' * 5000}\n---\n", LABS).problem
