"""Comments that ignore findings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from runner.lessons.lint.context import LintContext
from runner.lessons.lint.ignore_comments import IgnoreComment
from runner.lessons.lint.rule import Finding, LintRule
from runner.lessons.problems import Problem


def invalid_ignores(context: LintContext, rules: Collection[LintRule]) -> Iterator[Problem]:
    """Every comment that ignores findings names rules that exist and can be ignored."""
    rules_by_code = {rule.code: rule for rule in rules}
    for comment in context.ignore_comments:
        for message in _find_messages(comment, context, rules_by_code):
            yield Problem(comment.path, comment.line, message)


def _find_messages(comment: IgnoreComment, context: LintContext, rules_by_code: dict[str, LintRule]) -> Iterator[str]:
    if not comment.codes:
        yield "the comment names no rule; write the code after 'ignore', as in 'labs: ignore L016'"
    for code in comment.codes:
        if code not in rules_by_code:
            yield f"there is no rule {code}"
        elif not rules_by_code[code].can_be_ignored:
            yield f"{code} {rules_by_code[code].name} cannot be ignored; fix the problem"
    if comment.other_words:
        words = " ".join(comment.other_words)
        yield f"'{words}' is not a code; only a comment in the front matter of lesson.md can also name one file"
    if comment.file and comment.file not in context.folder.rglob("*"):
        yield f"the lab has no file {str(comment.file).removeprefix(f'{context.folder}/')}"


def unused_ignores(
    comments: Sequence[IgnoreComment], findings: Sequence[Finding], rules: Collection[LintRule]
) -> Iterator[Problem]:
    """Every comment that ignores findings is needed: without it, there would be a finding."""
    codes = {rule.code for rule in rules if rule.can_be_ignored}
    for comment in comments:
        ignored = {finding.rule.code for finding in findings if comment.ignores(finding)}
        for code in comment.codes:
            if code in codes and code not in ignored and not comment.other_words:
                yield Problem(comment.path, comment.line, f"there is no {code} to ignore here; remove the comment")
