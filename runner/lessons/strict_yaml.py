"""A strict subset of YAML: mappings, lists, strings, numbers, true, false and null, without implicit surprises."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

_MAX_DEPTH = 20
_SUPPORTED_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")


class _Loader(yaml.SafeLoader):
    """A loader without dates and octal numbers, which reads `on`, `yes` and `1:30` as strings."""

    # The constructors for other tags are not made for untrusted input.
    yaml_constructors: ClassVar[dict[str | None, Any]] = {
        tag: constructor
        for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in _SUPPORTED_TAGS
    }
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Reject anchors, aliases, tags and deep nesting."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        problem = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "anchors (&) and aliases (*) are not supported; quote text that starts with & or *"
        elif getattr(event, "tag", None):
            problem = "tags (!) are not supported; quote text that starts with !"
        elif self._depth > _MAX_DEPTH:
            problem = "it is nested too deeply"
        if problem:
            raise ComposerError(None, None, problem, event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Reject duplicate keys, of which YAML would silently use the last."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise ConstructorError(None, None, f"the key '{key.value}' appears twice", key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first_chars in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", [*"-+0123456789"]),
    ("float", r"[-+]?[0-9]*\.[0-9]+|[-+]?[0-9]+\.", [*"-+.0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first_chars)


def parse_strict_yaml(text: str) -> tuple[Any, yaml.Node | None]:
    """Return the data in a YAML text, and the root of its node tree, which has the line of each key and value.

    Raises:
        yaml.MarkedYAMLError: The text is not in this subset of YAML.
        yaml.reader.ReaderError: The text contains characters that YAML does not allow.

    """
    loader = _Loader(text)
    root = loader.get_single_node()
    return (loader.construct_document(root) if root else None), root
