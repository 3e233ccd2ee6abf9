"""Find the labs whose proofs a change can affect, and say why."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runner import paths
from runner.checking import git_changes
from runner.checking.check_imports import ImportGraph
from runner.checking.fixed_labs import FIXED_LABS_FILE
from runner.images import recipe
from runner.lessons.model import Lab

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKS_PACKAGE = _PACKAGE.parent / "checks"
_CHECKS_PLUGIN = _CHECKS_PACKAGE / "pytest_plugin.py"
_RECIPES = recipe.RECIPES_FOLDER.resolve()
# No proof reads these folders and files, which are next to `labs/`. Any file that no rule is about affects all labs.
_FOLDERS_WITHOUT_EFFECT = frozenset({".github", ".gitlab", "changelog.d", "docs", "site", "tests"})
_FILES_WITHOUT_EFFECT = frozenset({".gitignore", ".pre-commit-config.yaml", "LICENSE"})
NO_REPOSITORY = "there is no git repository that shows what changed"


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """The files that have changed.

    Attributes:
        files: Their absolute paths, without symbolic links.
        read_old_content: Returns the content that a file had before, or None if it did not exist.

    """

    files: Sequence[Path]
    read_old_content: Callable[[Path], bytes | None]


def explain_affected_labs(labs: Sequence[Lab], revision: str) -> dict[str, str]:
    """Return the names of the labs that the changes since a revision can affect, each with the reason.

    If the labs are not in a git repository, all of them count as affected.

    Args:
        labs: All labs.
        revision: The revision, as the user typed it.

    Raises:
        UsageError: git does not know the revision.
        HostError: git cannot read the repository.

    """
    repository = git_changes.find_repository(paths.labs_folder())
    if repository is None:
        return dict.fromkeys((lab.name for lab in labs), NO_REPOSITORY)
    commit = repository.resolve_revision(revision)
    files = repository.list_changed_files(commit)
    return explain_effects(labs, ChangedFiles(files, lambda file: repository.read_file_at(commit, file)))


def explain_effects(labs: Sequence[Lab], changes: ChangedFiles) -> dict[str, str]:
    """Return the names of the labs that changed files can affect, each with the reason."""
    effects = _Effects(labs, changes)
    reasons: dict[str, list[str]] = {}
    # The files of a lab come first, because they are the most specific reason.
    for file in sorted(changes.files, key=effects.is_outside_labs):
        for name, reason in effects.explain_file(file).items():
            reasons.setdefault(name, []).append(reason)
    return {name: _shorten(texts) for name, texts in sorted(reasons.items())}


def _shorten(reasons: Sequence[str]) -> str:
    """Return the first reason, and how many there are besides."""
    first, *others = reasons
    return f"{first}, and {len(others)} more {'file' if len(others) == 1 else 'files'}" if others else first


class _Effects:
    """What each changed file can affect."""

    def __init__(self, labs: Sequence[Lab], changes: ChangedFiles) -> None:
        self._labs = labs
        self._changes = changes
        self._labs_folder = paths.labs_folder().resolve()
        self._checks_folder = paths.checks_folder().resolve()
        self._root = self._labs_folder.parent

    def is_outside_labs(self, file: Path) -> bool:
        return not file.is_relative_to(self._labs_folder)

    def explain_file(self, file: Path) -> dict[str, str]:
        """Return the names of the labs that a changed file can affect, each with the reason."""
        for folder, explain in (
            (self._labs_folder, self._explain_lab_file),
            (self._checks_folder, self._explain_check_file),
            (_CHECKS_PACKAGE, self._explain_check_file),
            (_RECIPES, self._explain_recipe_file),
            (_PACKAGE, self._explain_other_file),
        ):
            if file.is_relative_to(folder):
                return explain(file)
        return {} if self._has_no_effect(file) else self._explain_other_file(file)

    def _explain_lab_file(self, file: Path) -> dict[str, str]:
        name, *inner = file.relative_to(self._labs_folder).parts
        if not inner:
            # The glossary is a part of the site, and the fixed labs are verified in any case.
            return {} if file.suffix == ".md" or name == FIXED_LABS_FILE else self._explain_other_file(file)
        is_translation = len(inner) == 1 and file.match("lesson.?*.md")
        # A lab that was deleted has nothing to prove.
        names = {lab.name for lab in self._labs} & {name}
        return {} if is_translation else dict.fromkeys(names, f"{self._display(file)} changed")

    def _explain_check_file(self, file: Path) -> dict[str, str]:
        if file.suffix != ".py":
            return self._explain_other_file(file)
        reasons = dict[str, str]()
        for name, imported_files in self._imported_files.items():
            if file == self._find_checks_file(name):
                reasons[name] = f"{self._display(file)} changed"
            elif file in imported_files:
                reasons[name] = f"{self._display(file)} changed (its checks import it)"
        return reasons

    @cached_property
    def _imported_files(self) -> Mapping[str, frozenset[Path]]:
        """The files that each lab's checks are loaded from."""
        graph = ImportGraph(_CHECKS_PACKAGE)
        plugin_files = graph.find_imported_files(_CHECKS_PLUGIN)
        return {
            lab.name: graph.find_imported_files(self._find_checks_file(lab.name)) | plugin_files for lab in self._labs
        }

    def _find_checks_file(self, lab: str) -> Path:
        return self._checks_folder / paths.checks_file(lab).name

    def _explain_recipe_file(self, file: Path) -> dict[str, str]:
        name, *inner = file.relative_to(_RECIPES).parts
        if not inner or any(name in _list_chain_names(node_recipe) for node_recipe in (recipe.NODE, recipe.VM)):
            return self._explain_other_file(file)
        recipes = recipe.map_image_names_to_recipes()
        old_images = self._read_old_image_names(file)
        reasons = dict[str, str]()
        for lab in self._labs:
            for image in lab.lesson.images:
                if image in old_images or (image in recipes and name in _list_chain_names(recipes[image].name)):
                    reasons.setdefault(lab.name, f"{self._display(file)} changed (its image {image})")
        return reasons

    def _read_old_image_names(self, file: Path) -> frozenset[str]:
        """Return the names of the images that a recipe built before its change; the recipe may be deleted now."""
        content = self._changes.read_old_content(file) if file.name == "recipe.toml" else None
        return frozenset(tomllib.loads(content.decode()).get("image_names", ())) if content else frozenset()

    def _has_no_effect(self, file: Path) -> bool:
        if not file.is_relative_to(self._root):
            return False
        first, *inner = file.relative_to(self._root).parts
        return first in _FOLDERS_WITHOUT_EFFECT if inner else first in _FILES_WITHOUT_EFFECT or file.suffix == ".md"

    def _explain_other_file(self, file: Path) -> dict[str, str]:
        return dict.fromkeys(
            (lab.name for lab in self._labs), f"{self._display(file)} changed (it can affect all labs)"
        )

    def _display(self, file: Path) -> str:
        return str(file.relative_to(self._root)) if file.is_relative_to(self._root) else str(file)


def _list_chain_names(recipe_name: str) -> Iterable[str]:
    return [part.name for part in recipe.resolve_recipe_chain(recipe_name)]
