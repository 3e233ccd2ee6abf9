"""Link reference definitions (`[name]: target`): anywhere in a file, while its sections are shown one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markdown_it.common.utils import normalizeReference

_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.)+)\]")


@dataclass(frozen=True, slots=True)
class LinkDefinitions:
    """The definitions of a file.

    Attributes:
        references: The definitions by normalized name, as the parser stores them in its environment.

    """

    references: Mapping[str, Mapping[str, Any]]

    def append_used(self, text: str, first_line: int, end_line: int) -> str:
        """Return a part of the file with the definitions that it uses from elsewhere in the file.

        Args:
            text: The Markdown of the part.
            first_line: Its first line, counted from 0.
            end_line: The line after it.

        """
        labels = dict.fromkeys(_LABEL.findall(text)) if self.references else ()
        used = {name: label for label in labels if (name := normalizeReference(label)) in self.references}
        lines = [
            _format_definition(label, self.references[name])
            for name, label in used.items()
            if not first_line <= self.references[name]["map"][0] < end_line
        ]
        return "\n".join([text, "", *lines]) if lines else text


def _format_definition(label: str, reference: Mapping[str, Any]) -> str:
    title = str(reference["title"]).replace("\\", "\\\\").replace('"', '\\"')
    return f"[{label}]: <{reference['href']}>" + (f' "{title}"' if title else "")
