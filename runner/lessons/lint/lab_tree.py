"""What lint knows of all labs together: what links can point to, and in which languages the site is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.lessons import catalog, glossary, glossary_resolver, parse, translation
from runner.lessons.glossary import Glossary
from runner.lessons.links import LinkResolver
from runner.lessons.model import Lesson
from runner.lessons.problems import BrokenLessonError, Problem


@dataclass(frozen=True, slots=True)
class LabTree:
    """All labs, and the glossary.

    Attributes:
        prerequisites: The names of the prerequisites of each lab; none for a lab that cannot be read.
        step_ids: The step ids of each lab.
        glossaries: The glossary in each language of the site.
        glossary_problems: What is wrong with the glossaries.

    """

    prerequisites: Mapping[str, tuple[str, ...]]
    step_ids: Mapping[str, frozenset[str]]
    glossaries: Mapping[str, Glossary]
    glossary_problems: tuple[Problem, ...]

    def create_link_resolver(self, lab: str, path: Path) -> LinkResolver:
        """Return what resolves the links of a Markdown file of a lab."""
        parts = path.name.split(".")
        language = parts[1] if path.parent.name == lab and len(parts) > 2 else translation.ENGLISH
        terms = self.glossaries.get(language) or self.glossaries[translation.ENGLISH]
        return LinkResolver(lab, path, paths.labs_folder(), self.step_ids, terms.term_ids, "")


def load_lab_tree() -> LabTree:
    """Load all labs and the glossaries; labs that cannot be read are reported elsewhere."""
    lessons = {name: _load_lesson(name) for name in catalog.list_lab_names()}
    glossaries: dict[str, Glossary] = {}
    problems: list[Problem] = []
    languages = translation.list_site_languages(paths.labs_folder() / name for name in lessons)
    for language in languages:
        glossaries[language], new_problems = glossary.load_glossary(language)
        problems += new_problems
        # The definitions are only resolved to find what is wrong with them.
        list(glossary_resolver.resolve_definitions(glossaries[language], problems))
    return LabTree(
        {name: lesson.prerequisites if lesson else () for name, lesson in lessons.items()},
        {name: frozenset(step.id for step in lesson.steps) for name, lesson in lessons.items() if lesson},
        glossaries,
        tuple(problems),
    )


def _load_lesson(name: str) -> Lesson | None:
    try:
        return catalog.load_lab(name).lesson
    except BrokenLessonError:
        pass
    try:
        # Links to a lab with problems are not broken, too.
        return parse.parse_lab_leniently(paths.labs_folder() / name)[1].lesson
    except BrokenLessonError:
        return None
