"""The driver `docker`: nodes are containers on the host's engine, each with an engine of its own inside."""
