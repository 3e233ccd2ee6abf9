"""Which labs a change can affect, and the reason that users see."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking import affected_labs
from runner.checking.affected_labs import ChangedFiles
from runner.images import recipe
from runner.lessons import catalog
from runner.lessons.model import Lab
from tests.support import git_repository, helpers
from tests.support.git_repository import GitRepository

_STEP = "## Look {#look}\n"


def _write_labs(root: Path) -> list[Lab]:
    """Write three labs: one whose checks import the swarm vocabulary, one with an image, and one with neither."""
    plain, with_image = helpers.FRONT_MATTER, helpers.FRONT_MATTER.replace("images: []", 'images: ["mysql:8"]')
    helpers.write_lab(root, plain + _STEP, name="swarm", checks="from checks.swarm_expectations import x")
    helpers.write_lab(root, with_image + _STEP, name="image", checks="from checks import step", setup="true\n")
    helpers.write_lab(root, plain + _STEP, name="third-lab", checks="import json")
    return [catalog.load_lab(name) for name in catalog.list_lab_names()]


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Lab]:
    """Return three labs, which are in a `LABS_ROOT` outside any repository."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    return _write_labs(tmp_path)


@pytest.fixture
def repository(labs: list[Lab], tmp_path: Path) -> GitRepository:
    """Return a git repository with the three labs."""
    return git_repository.create_repository(tmp_path)


def _explain(labs: list[Lab], *files: Path, old_content: bytes | None = None) -> dict[str, str]:
    return affected_labs.explain_effects(labs, ChangedFiles([*files], lambda _file: old_content))


@pytest.mark.parametrize(
    "name",
    ["lesson.md", "setup.sh", "files/compose.yaml", "solution/look.md", "wrong/typo.md", "incidents/x.md", "new"],
)
def test_file_of_a_lab(name: str, labs: list[Lab], tmp_path: Path) -> None:
    """Any file in a lab's folder affects this lab only."""
    changed = _explain(labs, tmp_path / "labs" / "swarm" / name)
    assert {"swarm": f"labs/swarm/{name} changed"} == changed


def test_several_files(labs: list[Lab], tmp_path: Path) -> None:
    """If several files affect a lab, the reason is one of its own files and the number of others."""
    files = [tmp_path / name for name in ("Makefile", "checks/test_swarm.py", "labs/swarm/setup.sh")]
    changed = _explain(labs, *files)
    assert "labs/swarm/setup.sh changed, and 2 more files" == changed["swarm"]
    assert "Makefile changed (it can affect all labs)" == changed["image"]
    assert "labs/swarm/setup.sh changed, and 1 more file" == _explain(labs, *files[1:])["swarm"]


def test_checks_of_a_lab(labs: list[Lab], tmp_path: Path) -> None:
    """The file with a lab's checks affects this lab only; its name has underscores."""
    changed = _explain(labs, tmp_path / "checks" / "test_third_lab.py")
    assert {"third-lab": "checks/test_third_lab.py changed"} == changed


def test_imported_vocabulary(labs: list[Lab]) -> None:
    """A module affects the labs whose checks import it, also if it is imported by an imported module."""
    for name in ("swarm_expectations", "swarm", "shared_snapshot"):
        file = helpers.CHECKOUT / "checks" / f"{name}.py"
        assert f"{file} changed (its checks import it)" == _explain(labs, file)["swarm"]
    assert ["swarm"] == list(_explain(labs, helpers.CHECKOUT / "checks" / "swarm_expectations.py"))


@pytest.mark.parametrize("name", ["pytest_plugin.py", "expect.py", "lab_nodes.py", "__init__.py", "data.json"])
def test_plugin_of_all_checks(name: str, labs: list[Lab]) -> None:
    """What the checks' plugin imports affects all labs, and so does a file that is not a Python module."""
    assert ["image", "swarm", "third-lab"] == list(_explain(labs, helpers.CHECKOUT / "checks" / name))


def test_unused_vocabulary(labs: list[Lab]) -> None:
    """A module that no lab imports affects no lab."""
    assert {} == _explain(labs, helpers.CHECKOUT / "checks" / "wordpress.py")


@pytest.mark.parametrize(("name", "names"), [("mysql", ["image"]), ("wordpress", []), ("gone", [])])
def test_recipe(name: str, names: list[str], labs: list[Lab]) -> None:
    """A recipe affects the labs that use an image that it builds."""
    file = recipe.RECIPES_FOLDER / name / "Dockerfile"
    assert names == list(_explain(labs, file))
    assert {f"{file} changed (its image mysql:8)"} >= {*_explain(labs, file).values()}


@pytest.mark.parametrize("name", ["base/labs-install", "node/Dockerfile", "vm/Dockerfile", "shared.sh"])
def test_recipe_of_all_nodes(name: str, labs: list[Lab]) -> None:
    """The recipes of the base image and of nodes affect all labs, and so does a file outside all recipes."""
    assert ["image", "swarm", "third-lab"] == list(_explain(labs, recipe.RECIPES_FOLDER / name))


def test_base_of_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that others are built from affects the labs that use the images of the others."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    lesson = helpers.FRONT_MATTER.replace("images: []", 'images: ["traefik/whoami:latest"]') + _STEP
    lab = helpers.make_lab(tmp_path, lesson)
    for name in ("whoami-traefik", "whoami", "web", "python"):
        assert ["tiny"] == list(_explain([lab], recipe.RECIPES_FOLDER / name / "Dockerfile")), name


def test_image_that_a_recipe_no_longer_builds(labs: list[Lab]) -> None:
    """A recipe also affects the labs that use an image that it built before the change, even if it is deleted now."""
    old = b'description = "an old recipe"\nimage_names = ["mysql:8"]\n'
    assert ["image"] == list(_explain(labs, recipe.RECIPES_FOLDER / "gone" / "recipe.toml", old_content=old))


@pytest.mark.parametrize("name", ["cli/verify.py", "drivers/uml/vm/agent.sh", "images/recipe.py", "gone.py"])
def test_engine(name: str, labs: list[Lab]) -> None:
    """Every file of labs itself affects all labs."""
    file = helpers.CHECKOUT / "runner" / name
    assert dict.fromkeys(["image", "swarm", "third-lab"], f"{file} changed (it can affect all labs)") == _explain(
        labs, file
    )


@pytest.mark.parametrize(
    "name",
    [
        *("docs/reference/cli.md", "tests/unit/test_paths.py", "site/page.html", ".github/workflows/ci.yml"),
        *("changelog.d/x.added.md", "README.md", "LICENSE", "labs/glossary.md", "labs/fixed_labs.toml"),
        *("labs/swarm/lesson.zh.md", "labs/deleted/lesson.md", "checks/test_deleted.py"),
    ],
)
def test_files_without_effect(name: str, labs: list[Lab], tmp_path: Path) -> None:
    """Documents, tests, the site, translations, and labs that were deleted affect no lab."""
    assert {} == _explain(labs, tmp_path / name)


@pytest.mark.parametrize("name", ["pyproject.toml", "Makefile", "x/README.md", ".ci/run", "labs/x.toml"])
def test_unknown_files(name: str, labs: list[Lab], tmp_path: Path) -> None:
    """A file that no rule is about affects all labs."""
    assert ["image", "swarm", "third-lab"] == list(_explain(labs, tmp_path / name))


def test_file_outside_the_tree(labs: list[Lab], tmp_path: Path) -> None:
    """A file of the same repository that is not in the tree with the labs affects all labs."""
    assert ["image", "swarm", "third-lab"] == list(_explain(labs, tmp_path.parent / "README.md"))


def test_uncommitted_changes(labs: list[Lab], repository: GitRepository) -> None:
    """An untracked file and a deleted file of a lab affect it."""
    repository.write_file("labs/swarm/files/new.txt")
    (repository.folder / "labs" / "image" / "setup.sh").unlink()
    assert {
        "image": "labs/image/setup.sh changed",
        "swarm": "labs/swarm/files/new.txt changed",
    } == affected_labs.explain_affected_labs(labs, "HEAD")


def test_rename_between_labs(labs: list[Lab], repository: GitRepository) -> None:
    """A file that moves from one lab to another affects both."""
    repository.run_git("mv", "labs/image/setup.sh", "labs/swarm/files.sh")
    assert ["image", "swarm"] == list(affected_labs.explain_affected_labs(labs, "HEAD"))


def test_committed_changes(labs: list[Lab], repository: GitRepository) -> None:
    """Only the commits after the revision count."""
    repository.write_file("labs/swarm/setup.sh")
    repository.commit_all()
    repository.write_file("labs/image/setup.sh")
    repository.commit_all()
    assert ["image"] == list(affected_labs.explain_affected_labs(labs, "HEAD~1"))
    assert ["image", "swarm"] == list(affected_labs.explain_affected_labs(labs, "HEAD~2"))


def test_labs_through_a_link(
    repository: GitRepository, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labs that are reached through a symbolic link are recognized as well."""
    link = tmp_path_factory.mktemp("links") / "tree"
    link.symlink_to(repository.folder)
    monkeypatch.setenv("LABS_ROOT", str(link))
    labs = [catalog.load_lab(name) for name in catalog.list_lab_names()]
    repository.write_file("labs/swarm/setup.sh")
    assert ["swarm"] == list(affected_labs.explain_affected_labs(labs, "HEAD"))


def test_no_repository(labs: list[Lab]) -> None:
    """Without a repository, all labs count as affected, whatever the revision."""
    reasons = affected_labs.explain_affected_labs(labs, "HEAD")
    assert dict.fromkeys(["image", "swarm", "third-lab"], affected_labs.NO_REPOSITORY) == reasons
