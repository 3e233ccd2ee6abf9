"""Extract the examples from the documentation: code blocks, and files whose block names a path."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from tests.support import helpers

DOCS = helpers.CHECKOUT / "docs"
# In the order in which an instructor can type their commands.
INSTRUCTOR_PAGES = (
    DOCS / "tutorial" / "grade-a-class.md",
    DOCS / "how-to" / "use-hidden-checks.md",
    DOCS / "how-to" / "give-each-learner-different-values.md",
    DOCS / "how-to" / "grade-in-gradescope.md",
    DOCS / "how-to" / "grade-in-classroom-50.md",
)
GITHUB_PAGE = DOCS / "how-to" / "grade-on-github.md"
GITLAB_PAGE = DOCS / "how-to" / "grade-on-gitlab.md"
GRADESCOPE_PAGE = DOCS / "how-to" / "grade-in-gradescope.md"
FROM_CLASSROOM_PAGE = DOCS / "how-to" / "move-from-github-classroom.md"
FIRST_LAB_PAGE = DOCS / "tutorial" / "write-a-lab.md"

VARIABLES_PAGE = DOCS / "reference" / "environment-variables.md"
FRONT_MATTER_PAGE = DOCS / "reference" / "front-matter.md"
CHECKS_PAGE = DOCS / "reference" / "checks.md"
REPORTS_PAGE = DOCS / "reference" / "report-formats.md"
JSON_PAGE = DOCS / "reference" / "json-output.md"
EXIT_CODES_PAGE = DOCS / "reference" / "exit-codes.md"
SUBMISSION_PAGE = DOCS / "reference" / "submission-format.md"


def write_worked_example(tree: Path) -> None:
    """Write the lab of the tutorial for authors as a tree of labs."""
    for name, content in list_example_files(FIRST_LAB_PAGE).items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


def list_example_files(page: Path, section: str = "") -> dict[str, str]:
    """Return the files that a page or one of its sections shows: the code blocks that name a path."""
    files: dict[str, str] = {}
    title = ""
    tokens = MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            title = tokens[index + 1].content
        words = token.info.split()
        if token.type == "fence" and len(words) == 2 and "/" in words[1] and section in ("", title):
            files[words[1]] = token.content
    return files


def list_code_blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in one language, without those that name a file."""
    tokens = MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    return [token.content for token in tokens if token.type == "fence" and token.info == language]
