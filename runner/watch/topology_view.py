"""Draws the nodes and services: as boxes where there is room, and else as a line for each node."""

from __future__ import annotations

from rich.text import Text

from runner.watch.cluster_snapshot import NodeSight, Picture, ServiceSight, Standing, Unit
from runner.watch.text_layout import fitted, joined, line

_BOX_COLUMNS = 24
_BOX_LINES = 8
_UNITS_IN_BOX = 4


def lines(picture: Picture, width: int, height: int) -> list[Text]:
    """Draw the picture.

    Args:
        picture: The nodes and services.
        width: How many columns there are.
        height: How many lines it may take.

    Returns:
        At most so many lines, none wider.

    """
    if not picture.nodes or height < 1:
        return []
    below = _below(picture, width)
    boxes = _boxes(picture.nodes, width)
    if boxes and len(boxes) + len(below) <= height:
        return [*boxes, *below]
    rows = _rows(picture.nodes, width)
    if len(rows) + len(below) <= height:
        return [*rows, *below]
    if len(rows) <= height:
        return rows
    return [joined([_short(node) for node in picture.nodes], "  ", width)]


def _below(picture: Picture, width: int) -> list[Text]:
    found = []
    if picture.services:
        named = [_service(service) for service in picture.services]
        found.append(joined(named, "   ", width - 2))
    if picture.waiting:
        names = [line((unit.name, "yellow")) for unit in picture.waiting]
        found.append(Text.assemble(("no node for ", "yellow"), joined(names, " ", width - 14), end=""))
    return [Text.assemble(" ", one, no_wrap=True, end="") for one in found]


def _service(service: ServiceSight) -> Text:
    style = "green" if service.running == service.wanted else "yellow"
    ports = "".join(f" :{port}" for port in service.ports)
    return line((service.name, "bold"), " ", (f"{service.running}/{service.wanted}", style), (ports, "cyan"))


def _rows(nodes: tuple[NodeSight, ...], width: int) -> list[Text]:
    names = max(len(node.name) for node in nodes)
    heads = [line(" ", _dot(node), " ", (f"{node.name:<{names}}", "bold"), *_about(node)) for node in nodes]
    widest = max(head.cell_len for head in heads)
    found = []
    for node, head in zip(nodes, heads, strict=True):
        head.pad_right(widest + 3 - head.cell_len)
        units = joined([_unit(unit) for unit in node.units], "  ", width - head.cell_len)
        found.append(Text.assemble(head, units, no_wrap=True, end=""))
    return found


def _short(node: NodeSight) -> Text:
    state = "" if node.ready else f" {node.state}"
    return line(" ", _dot(node), " ", (node.name, "bold"), (state, "yellow"))


def _boxes(nodes: tuple[NodeSight, ...], width: int) -> list[Text]:
    each = (width - 2 - (len(nodes) - 1)) // len(nodes)
    if each < _BOX_COLUMNS:
        return []
    inner = min(each, 40) - 4
    tall = max(1, *(min(len(node.units), _UNITS_IN_BOX) for node in nodes))
    columns = [_box(node, inner, tall) for node in nodes]
    rows = zip(*columns, strict=True)
    return [Text.assemble(" ", Text(" ", end="").join(row), no_wrap=True, end="") for row in rows]


def _box(node: NodeSight, inner: int, tall: int) -> list[Text]:
    edge = "dim" if node.ready else "yellow"
    title = line(_dot(node), " ", (node.name, "bold"), *_about(node))
    if title.cell_len > inner:
        # What is the matter with it is worth more than what it is.
        title = fitted(line(_dot(node), " ", (node.name, "bold"), *_about(node)[-1:]), inner)
    rule = "─" * (inner - title.cell_len)
    top = Text.assemble(("╭ ", edge), title, (f" {rule}╮", edge), no_wrap=True, end="")
    bottom = line((f"╰{'─' * (inner + 2)}╯", edge))
    inside = []
    for unit in _in_box(node.units, tall, inner):
        unit.pad_right(inner - unit.cell_len)
        inside.append(Text.assemble(("│ ", edge), unit, (" │", edge), no_wrap=True, end=""))
    return [top, *inside, bottom]


def _in_box(units: tuple[Unit, ...], tall: int, inner: int) -> list[Text]:
    """Return `tall` lines; where there are more units than lines the last ones share a line."""
    alone = [fitted(_unit(unit), inner) for unit in units]
    if len(alone) > tall:
        alone = [*alone[: tall - 1], joined([_unit(unit) for unit in units[tall - 1 :]], "  ", inner)]
    return [*alone, *(Text("", end="") for _ in range(tall - len(alone)))]


def _dot(node: NodeSight) -> tuple[str, str]:
    if node.ready:
        return ("●", "green")
    return ("◐", "yellow") if node.state in ("drained", "paused") else ("○", "red")


def _about(node: NodeSight) -> list[tuple[str, str]]:
    """Return what is worth saying of a node after its name."""
    standing = [] if node.standing is Standing.ALONE else [(f"  {node.standing}", "dim")]
    return standing if node.ready else [*standing, (f"  {node.state}", "yellow")]


def _unit(unit: Unit) -> Text:
    if unit.runs:
        return line(unit.name)
    return line((unit.name, "dim"), (f" {unit.state}", "yellow" if unit.is_task else "dim"))
