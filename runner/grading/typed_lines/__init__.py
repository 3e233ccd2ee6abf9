"""Turning lines that were typed on a terminal into scripts that run without one."""
