"""YAML without its surprises: mappings, lists, words, numbers, true, false and null, each as it looks."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

_DEEPEST = 20
_SIMPLE = ("null", "bool", "int", "float", "str", "seq", "map")


class _Loader(yaml.SafeLoader):
    """Knows neither dates nor octal numbers, and takes `on`, `yes` and `1:30` for the words that they are."""

    # All else that YAML has kinds for would be built by code that trusts its input.
    yaml_constructors: ClassVar[dict[str | None, Any]] = {
        tag: build
        for tag, build in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in _SIMPLE
    }
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse what stands for something else, and what is nested without end."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        complaint = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            complaint = "anchors (&) and aliases (*) are not known here; put words that begin so into quotes"
        elif getattr(event, "tag", None):
            complaint = "tags (!) are not known here; put words that begin so into quotes"
        elif self._depth > _DEEPEST:
            complaint = "it is nested too deeply"
        if complaint:
            raise ComposerError(None, None, complaint, event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse keys that stand twice, of which only the last would count."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise ConstructorError(None, None, f"the key '{key.value}' stands here twice", key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", [*"-+0123456789"]),
    ("float", r"[-+]?[0-9]*\.[0-9]+|[-+]?[0-9]+\.", [*"-+.0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def parse_strict_yaml(text: str) -> tuple[Any, yaml.Node | None]:
    """Return the data that a text holds, and the nodes that tell where each piece of it stands.

    Raises:
        yaml.MarkedYAMLError: It is no such YAML.
        yaml.reader.ReaderError: It holds characters that YAML does not allow.

    """
    loader = _Loader(text)
    root = loader.get_single_node()
    return (loader.construct_document(root) if root else None), root
