"""Runs hands-on container-orchestration labs on real Docker nodes."""

__version__ = "0.2.0"
