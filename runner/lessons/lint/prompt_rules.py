"""Prompts in commands, which come from a terminal and are not part of what learners type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

# What no command starts with. A lone `#` starts a comment as well, and `>` redirects output.
_SIGNS = r"$%\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}\N{HEAVY ROUND-TIPPED RIGHTWARDS ARROW}"
_PROMPTS = (
    rf"[{_SIGNS}]>?\s+",  # $ docker ps, $> docker ps
    r"\[[^\s\[\]][^\]]*\]\s?\S*\s?[$#%>]\s+",  # [node1] ~ # docker ps, [root@node1 ~]# docker ps
    r"\[[^\s\[\]][^\]]*\]\s\(\w+\)\s",  # [node1] (local) root@192.168.0.8 ~
    r"[\w.-]+@[\w.-]+(?::\S*|\s\S+)?\s?[$#%>]\s*",  # root@node1:~# docker ps
    r"[\w.-]+:[~/]\S*\s?[$#%]\s+",  # node1:~$ docker ps
    r"(?:a|ba|da|k|z)?sh-\d[\d.]*[$#]\s*",  # bash-5.2# docker ps
    r"(?:[a-z_][\w-]*\$|(?:root|node\d*)#)\s+",  # node1$ docker ps
    r"[/~]\s#\s+",  # / # docker ps
    r"[/~]\S*(?:\s?\$|[#%])\s+",  # ~$ docker ps, ~/app $ docker ps, /app# docker ps
    r"(?:PS\s)?[A-Z]:\\[^>\n]*>\s*",  # PS C:\> docker ps
    r"(?:>>>|mysql>|MariaDB\s\[[^\]]*\]>|\w+[=-][#>]|sqlite>|[\d.]+:\d+>)\s+",  # mysql> select 1
)
# Before them, tools write the name of an environment: (venv) $ docker ps
_PROMPT = re.compile(rf"\s*(?:\([\w.-]+\)\s+)?(?:{'|'.join(_PROMPTS)})(?=\S)")
_HASH_PROMPT = re.compile(r"#\s+(?=\S)")
_CONTINUATION_PROMPT = re.compile(r"(?:>|dquote>|quote>|heredoc>|cmdand>|pipe>)\s+(?=\S)")
_CONTINUED = re.compile(r"(?:\\|\||&&)\s*$")
_HEREDOC = re.compile(r"(?<!<)<<-?\s*(?P<quote>[\"']?)(?P<end>[A-Za-z_][\w.-]*)(?P=quote)")
_SHELL_LANGUAGES = ("sh", "bash")


def prompts_in_commands(context: LintContext) -> Iterator[Problem]:
    """No command starts with a prompt, such as `$`, which is not part of the command."""
    for page in context.all_markdown_pages:
        for token in page.tokens:
            if token.type == "fence" and token.map and token.info.split()[:1] in ([name] for name in _SHELL_LANGUAGES):
                first_line = token.map[0] + 2
                for index, prompt in _find_prompts(token.content.split("\n")):
                    effect = "with it, the line is a comment" if prompt == "#" else "it is not part of the command"
                    message = f"remove the prompt '{prompt}': {effect}"
                    yield Problem(page.path, first_line + index, message)


def _find_prompts(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the index and the prompt of each line of a block that starts with one."""
    is_all_comments = all(_HASH_PROMPT.match(line) for line in lines if line.strip())
    previous, has_prompt, heredoc_end = "", False, ""
    for index, line in enumerate(lines):
        if heredoc_end:
            heredoc_end = "" if line.strip() == heredoc_end else heredoc_end
            continue
        match = _PROMPT.match(line)
        if is_all_comments:
            match = match or _HASH_PROMPT.match(line)
        if has_prompt or _CONTINUED.search(previous):
            match = match or _CONTINUATION_PROMPT.match(line)
        if match:
            yield index, match[0].strip()
        heredoc = None if match else _HEREDOC.search(line)
        previous, has_prompt, heredoc_end = line, bool(match), heredoc["end"] if heredoc else ""
