"""List what a project has on the host engine."""

from __future__ import annotations

import subprocess


def run_docker(*argv: str) -> str:
    """Run a docker command and return its output."""
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


class Leftovers:
    """The containers, networks and volumes of a project on the host engine."""

    def __init__(self, project: str) -> None:
        self.filter = ("--filter", f"label=labs.project={project}")

    def list_containers(self) -> list[str]:
        """Return the names of its containers."""
        return run_docker("ps", "--all", "--format", "{{.Names}}", *self.filter).split()

    def list_container_ids(self) -> set[str]:
        """Return the full ids of its containers."""
        return set(run_docker("ps", "--all", "--quiet", "--no-trunc", *self.filter).split())

    def list_networks(self) -> list[str]:
        """Return the names of its networks."""
        return run_docker("network", "ls", "--format", "{{.Name}}", *self.filter).split()

    def list_cluster_volumes(self) -> list[str]:
        """Return the names of the volumes of its clusters, without the layer cache."""
        names = run_docker("volume", "ls", "--format", "{{.Name}}", *self.filter, "--filter", "label=labs.lab")
        return names.split()

    def list_all(self) -> list[str]:
        """Return the names of everything that belongs to its clusters."""
        return self.list_containers() + self.list_networks() + self.list_cluster_volumes()
