"""The driver `uml`: a machine per node, each a Linux kernel run as an ordinary process; no Docker, no root, no KVM."""
