"""One VM: its supervisor, sandbox, control groups, disk and network uplink."""
