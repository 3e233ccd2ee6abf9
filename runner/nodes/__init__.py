"""Nodes as everything above a driver sees them: the topology, the driver interface, a Docker client for each."""
