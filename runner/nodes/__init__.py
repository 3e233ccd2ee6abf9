"""Nodes, independent of the driver: the topology, the driver interface, and Docker clients for node engines."""
