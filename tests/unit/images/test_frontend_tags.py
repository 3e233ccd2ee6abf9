"""The tags of the Dockerfile frontend in the registry mirror's storage."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.images import recipe

_LINK = "sha256:" + "1" * 64


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repositories of a storage that had only docker/dockerfile:1."""
    storage = tmp_path_factory.mktemp("storage")
    repositories = storage / "docker" / "registry" / "v2" / "repositories"
    for file in ("_manifests/tags/1/current/link", "_layers/sha256/2/link"):
        path = repositories / "docker" / "dockerfile" / file
        path.parent.mkdir(parents=True)
        path.write_text(_LINK)
    subprocess.run(["bash", recipe.RECIPES_FOLDER / recipe.NODE / "labs-frontend-tags", storage], check=True)
    return repositories


@pytest.mark.parametrize("repository", ["docker/dockerfile", "docker/dockerfile-upstream"])
@pytest.mark.parametrize(
    "tag", ["1", "latest", "1.0", "1.4", "1.4.3", "1.7.1", "1.20", "1-labs", "1.3-labs", "experimental"]
)
def test_tags(repository: str, tag: str, repositories: Path) -> None:
    """The versions and channels that Dockerfiles name lead to the same image, in both repositories."""
    assert _LINK == (repositories / repository / "_manifests" / "tags" / tag / "current" / "link").read_text()
    assert (repositories / repository / "_layers" / "sha256" / "2" / "link").exists()


def test_other_major_version(repositories: Path) -> None:
    """A major version that understands other Dockerfiles has no tag."""
    assert not (repositories / "docker" / "dockerfile" / "_manifests" / "tags" / "2").exists()
