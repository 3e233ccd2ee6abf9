"""Submissions for the tests' lab 'ladder', and their grades."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from runner.grading import grade_model
from runner.grading.grade_model import Grade
from tests.support.labs_command import LabsRunner

SWARM_BLOCK = "```sh node1\ndocker swarm init --advertise-addr eth0\n```\n"
VOLUMES_BLOCK = "```sh node1\ndocker volume create --label node=node1 first\ndocker volume create second\n```\n"
THIRD_BLOCK = "```sh node1\ndocker volume create third\n```\n"

HIDDEN_CHECK = """
from checks import expect_equal, step

@step("volumes", points=3)
def test_confidential_label(nodes):
    '''The label is the name of the node.'''
    labels = {volume.name: volume.attrs["Labels"] or {} for volume in nodes["node1"].api.volumes.list()}
    expect_equal(nodes["node1"], labels.get("first", {}).get("node"), "node1", of="a confidential label", see="docker")
"""


def make_block(script: str) -> str:
    """Return a shell block for node1."""
    return f"```sh node1\n{script}\n```\n"


def write_submissions(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write submissions, each to a folder named after it, and return the folder that contains them."""
    for name, text in texts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        front = "" if text.startswith("---\n") else "---\nlab: ladder\n---\n"
        (folder / name / "submission.md").write_text(front + text, "utf-8")
    return folder


def write_hidden_checks(root: Path) -> Path:
    """Write a hidden check that is worth three points, and return its folder."""
    folder = root / "hidden"
    folder.mkdir(exist_ok=True)
    (folder / "test_ladder.py").write_text(HIDDEN_CHECK, "utf-8")
    return folder


def parse_table(printed: str) -> dict[str, str]:
    """Return the points and the note of each submission in a printed table."""
    rows = re.findall(r"^(\S+) +ladder +(\S+ of \S+) +\d+(?: +(\S.*?))? *$", printed, re.MULTILINE)
    return {name: f"{points} {note}".rstrip() for name, points, note in rows}


def grade_folder(
    labs: LabsRunner, folder: Path, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Grade]]:
    """Grade all submissions in a folder, and return the finished command and the grades by name."""
    report = folder.parent / "grades.json"
    result = labs("grade", str(folder), *arguments, "--report", f"json={report}", timeout=900)
    return result, read_grades(report) if report.exists() else {}


def read_grades(report: Path) -> dict[str, Grade]:
    """Return the grades in a report by name."""
    grades = [grade_model.parse_grade_dict(grade) for grade in json.loads(report.read_text("utf-8"))["grades"]]
    return {grade.submission: grade for grade in grades}


def list_outcomes(grade: Grade) -> list[str]:
    """Return the outcome of each check."""
    return [mark.outcome.value for mark in grade.marks]
