"""Submissions for the tests' lab 'ladder', and what comes of grading them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from runner.grading import grade_model
from runner.grading.grade_model import Grade
from tests.conftest import LabsRunner

SWARM = "```sh node1\ndocker swarm init --advertise-addr eth0\n```\n"
VOLUMES = "```sh node1\ndocker volume create --label node=node1 first\ndocker volume create second\n```\n"
THIRD = "```sh node1\ndocker volume create third\n```\n"

HIDDEN = """
from checks import expect, step

@step("volumes", points=3)
def test_nobody_knows_this(nodes):
    '''The label is the name of the node.'''
    labels = {one.name: one.attrs["Labels"] or {} for one in nodes["node1"].api.volumes.list()}
    expect(nodes["node1"], labels.get("first", {}).get("node"), "node1", of="a label nobody knows of", see="docker")
"""


def block(script: str) -> str:
    """Return a shell block for node1."""
    return f"```sh node1\n{script}\n```\n"


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write submissions, each into a folder of its name, and return the folder that holds them."""
    for name, text in texts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        front = "" if text.startswith("---\n") else "---\nlab: ladder\n---\n"
        (folder / name / "submission.md").write_text(front + text, "utf-8")
    return folder


def hidden(root: Path) -> Path:
    """Write a hidden check, worth three points, and return the folder that it lies in."""
    folder = root / "hidden"
    folder.mkdir(exist_ok=True)
    (folder / "test_ladder.py").write_text(HIDDEN, "utf-8")
    return folder


def table(printed: str) -> dict[str, str]:
    """Return the points of each submission in a table, and what is noted of it; how long each took is left out."""
    rows = re.findall(r"^(\S+) +ladder +(\S+ of \S+) +\d+(?: +(\S.*?))? *$", printed, re.MULTILINE)
    return {name: f"{points} {note}".rstrip() for name, points, note in rows}


def graded(labs: LabsRunner, folder: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Grade]]:
    """Grade all submissions in a folder, and return how the command ended and the grades by name."""
    report = folder.parent / "grades.json"
    done = labs("grade", str(folder), *words, "--report", f"json={report}", timeout=900)
    return done, read(report) if report.exists() else {}


def read(report: Path) -> dict[str, Grade]:
    """Return the grades in a report by name."""
    grades = [grade_model.parse_grade(one) for one in json.loads(report.read_text("utf-8"))["grades"]]
    return {one.submission: one for one in grades}


def outcomes(one: Grade) -> list[str]:
    """Return the outcome of each check."""
    return [mark.outcome.value for mark in one.marks]
