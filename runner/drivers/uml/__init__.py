"""The driver `uml`: a VM per node, whose kernel is an ordinary process of the host; no Docker, no root, no KVM."""
