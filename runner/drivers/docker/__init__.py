"""The driver `docker`: nodes are containers on the host engine, each with its own Docker Engine."""
