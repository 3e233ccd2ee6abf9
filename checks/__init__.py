"""The vocabulary for writing checks.

A check is a function marked with the lesson step that it belongs to. Learners read the first line of its docstring:

    @step("create-swarm")
    def test_node1_is_in_a_swarm(nodes: Nodes) -> None:
        '''node1 is in a swarm.'''
        node1 = nodes["node1"]
        expect_equal(node1, node1.api.info()["Swarm"]["LocalNodeState"], "active", see="docker info")
"""

from checks.expect import NotYet, eventually, expect_equal, fail
from checks.lab_nodes import CheckNode, Nodes
from checks.pytest_plugin import Values, step

__all__ = ["CheckNode", "Nodes", "NotYet", "Values", "eventually", "expect_equal", "fail", "step"]
