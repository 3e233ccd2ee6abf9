"""The vocabulary that a lab's checks are written in.

A check is one function, marked with its step; its docstring is the line the learner reads:

    @step("create-swarm")
    def test_node1_leads(nodes: Nodes) -> None:
        '''node1 leads a swarm.'''
        node1 = nodes["node1"]
        expect(node1, node1.api.info()["Swarm"]["LocalNodeState"], "active", see="docker info")
"""

from checks.expect import NotYet, eventually, expect, fail
from checks.lab_nodes import CheckNode, Nodes
from checks.pytest_plugin import Values, step

__all__ = ["CheckNode", "Nodes", "NotYet", "Values", "eventually", "expect", "fail", "step"]
