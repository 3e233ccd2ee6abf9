"""Render the nodes and services of a cluster: as boxes if there is room, and otherwise as one line per node."""

from __future__ import annotations

from rich.text import Text

from runner.watch.cluster_snapshot import ClusterSnapshot, NodeSnapshot, ServiceSnapshot, SwarmRole, Workload
from runner.watch.text_layout import StyledSpan, join_styled_spans, join_until_full, truncate_line

_MIN_BOX_WIDTH = 24
_MAX_BOX_WIDTH = 40
_MAX_WORKLOADS_IN_BOX = 4


def render_topology(snapshot: ClusterSnapshot, width: int, height: int) -> list[Text]:
    """Return the lines that show a cluster, in as much detail as fits.

    Args:
        snapshot: The nodes and services.
        width: The maximum width of a line.
        height: The maximum number of lines.

    """
    if not snapshot.nodes or height < 1:
        return []
    service_lines = _render_services(snapshot, width)
    boxes = _render_boxes(snapshot.nodes, width)
    if boxes and len(boxes) + len(service_lines) <= height:
        return [*boxes, *service_lines]
    rows = _render_rows(snapshot.nodes, width)
    if len(rows) + len(service_lines) <= height:
        return [*rows, *service_lines]
    if len(rows) <= height:
        return rows
    return [join_until_full([_render_node_summary(node) for node in snapshot.nodes], "  ", width)]


def _render_services(snapshot: ClusterSnapshot, width: int) -> list[Text]:
    lines = []
    if snapshot.services:
        services = [_render_service(service) for service in snapshot.services]
        lines.append(join_until_full(services, "   ", width - 2))
    if snapshot.unassigned_tasks:
        names = [join_styled_spans((task.name, "yellow")) for task in snapshot.unassigned_tasks]
        lines.append(Text.assemble(("no node for ", "yellow"), join_until_full(names, " ", width - 14), end=""))
    return [Text.assemble(" ", line, no_wrap=True, end="") for line in lines]


def _render_service(service: ServiceSnapshot) -> Text:
    style = "green" if service.running_tasks == service.desired_tasks else "yellow"
    tasks = f"{service.running_tasks}/{service.desired_tasks}"
    ports = "".join(f" :{port}" for port in service.published_ports)
    return join_styled_spans((service.name, "bold"), " ", (tasks, style), (ports, "cyan"))


def _render_rows(nodes: tuple[NodeSnapshot, ...], width: int) -> list[Text]:
    name_width = max(len(node.name) for node in nodes)
    heads = [
        join_styled_spans(" ", _state_symbol(node), " ", (f"{node.name:<{name_width}}", "bold"), *_describe_node(node))
        for node in nodes
    ]
    head_width = max(head.cell_len for head in heads) + 3
    lines = []
    for node, head in zip(nodes, heads, strict=True):
        head.pad_right(head_width - head.cell_len)
        workloads = join_until_full(map(_render_workload, node.workloads), "  ", width - head.cell_len)
        lines.append(Text.assemble(head, workloads, no_wrap=True, end=""))
    return lines


def _render_node_summary(node: NodeSnapshot) -> Text:
    state = "" if node.is_ready else f" {node.state}"
    return join_styled_spans(" ", _state_symbol(node), " ", (node.name, "bold"), (state, "yellow"))


def _render_boxes(nodes: tuple[NodeSnapshot, ...], width: int) -> list[Text]:
    box_width = (width - 2 - (len(nodes) - 1)) // len(nodes)
    if box_width < _MIN_BOX_WIDTH:
        return []
    inner_width = min(box_width, _MAX_BOX_WIDTH) - 4
    inner_height = max(1, *(min(len(node.workloads), _MAX_WORKLOADS_IN_BOX) for node in nodes))
    boxes = [_render_box(node, inner_width, inner_height) for node in nodes]
    rows = zip(*boxes, strict=True)
    return [Text.assemble(" ", Text(" ", end="").join(row), no_wrap=True, end="") for row in rows]


def _render_box(node: NodeSnapshot, inner_width: int, inner_height: int) -> list[Text]:
    border = "dim" if node.is_ready else "yellow"
    title = join_styled_spans(_state_symbol(node), " ", (node.name, "bold"), *_describe_node(node))
    if title.cell_len > inner_width:
        # Show only the state, which is more important than the role.
        last = _describe_node(node)[-1:]
        title = truncate_line(join_styled_spans(_state_symbol(node), " ", (node.name, "bold"), *last), inner_width)
    rule = "─" * (inner_width - title.cell_len)
    top = Text.assemble(("╭ ", border), title, (f" {rule}╮", border), no_wrap=True, end="")
    bottom = join_styled_spans((f"╰{'─' * (inner_width + 2)}╯", border))
    rows = []
    for line in _render_box_content(node.workloads, inner_width, inner_height):
        line.pad_right(inner_width - line.cell_len)
        rows.append(Text.assemble(("│ ", border), line, (" │", border), no_wrap=True, end=""))
    return [top, *rows, bottom]


def _render_box_content(workloads: tuple[Workload, ...], inner_width: int, inner_height: int) -> list[Text]:
    """Return `inner_height` lines with one workload each; if there are more, the last line has several."""
    lines = [truncate_line(_render_workload(workload), inner_width) for workload in workloads]
    if len(lines) > inner_height:
        rest = map(_render_workload, workloads[inner_height - 1 :])
        lines = [*lines[: inner_height - 1], join_until_full(rest, "  ", inner_width)]
    return [*lines, *(Text("", end="") for _ in range(inner_height - len(lines)))]


def _state_symbol(node: NodeSnapshot) -> StyledSpan:
    if node.is_ready:
        return ("●", "green")
    return ("◐", "yellow") if node.is_drained_or_paused else ("○", "red")


def _describe_node(node: NodeSnapshot) -> list[StyledSpan]:
    """Return a node's swarm role, and its state unless it is ready."""
    role = [] if node.swarm_role is SwarmRole.NOT_IN_SWARM else [(f"  {node.swarm_role}", "dim")]
    return role if node.is_ready else [*role, (f"  {node.state}", "yellow")]


def _render_workload(workload: Workload) -> Text:
    if workload.is_running:
        return join_styled_spans(workload.name)
    return join_styled_spans((workload.name, "dim"), (f" {workload.state}", "yellow" if workload.is_task else "dim"))
