"""`labs list --json`."""

from __future__ import annotations

import json
from pathlib import Path

from runner import __version__
from tests.support import helpers

_LESSON = """\
---
title: A lab
summary: What it is about.
level: advanced
minutes: 90
topology: {nodes: [{name: node1, role: manager}, {name: node2, role: worker}]}
images: ["redis:alpine", "nginx:alpine"]
needs: [vxlan, ipvs]
after: [tiny]
---
## Look around {#look}
"""


def test_labs(tmp_path: Path) -> None:
    """Each lab is listed with what its lesson declares, after its prerequisites."""
    helpers.write_lab(tmp_path, _LESSON, name="advanced-lab")
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    result = helpers.run_labs(tmp_path, "list", "--json")
    assert (0, "") == (result.returncode, result.stderr)
    data = json.loads(result.stdout)
    assert ["tiny", "advanced-lab"] == [lab["name"] for lab in data["labs"]]
    assert ("labs-list/1", __version__, []) == (data["format"], data["version"], data["broken"])
    assert {
        "name": "advanced-lab",
        "title": "A lab",
        "summary": "What it is about.",
        "level": "advanced",
        "minutes": 90,
        "after": ["tiny"],
        "needs": ["ipvs", "vxlan"],
        "nodes": [{"name": "node1", "role": "manager"}, {"name": "node2", "role": "worker"}],
        "images": ["redis:alpine", "nginx:alpine"],
        "steps": [{"id": "look", "title": "Look around"}],
    } == data["labs"][1]


def test_broken_lab(tmp_path: Path) -> None:
    """A lab with problems is listed separately, with its problems, and the command exits with 3."""
    helpers.write_lab(tmp_path, "no front matter")
    result = helpers.run_labs(tmp_path, "list", "--json")
    data = json.loads(result.stdout)
    assert (3, [], ["tiny"]) == (result.returncode, data["labs"], [lab["name"] for lab in data["broken"]])
    assert "lesson.md" in data["broken"][0]["problem"]


def test_no_labs(tmp_path: Path) -> None:
    """Without labs the list is empty."""
    (tmp_path / "labs").mkdir()
    result = helpers.run_labs(tmp_path, "list", "--json")
    assert (0, []) == (result.returncode, json.loads(result.stdout)["labs"])
