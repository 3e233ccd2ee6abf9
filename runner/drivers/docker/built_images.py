"""The images that the host engine has from earlier builds, whether or not this project's layer cache contains them.

All projects of an engine use the same images, but each has its own layer cache. `labs rm --all` of one project removes
the cache of another project that has no cluster. The images stay, so the other project need not build them again.
"""

from __future__ import annotations

from dataclasses import dataclass

import docker

from runner.drivers.docker import labels
from runner.images import debian_base, recipe


@dataclass(frozen=True, slots=True)
class BuiltImages:
    """What the engine has.

    Attributes:
        node_image: The id of the image that nodes run on; '' if the engine has none that is up to date.
        stand_in_count: How many stand-in images are up to date.
        has_outdated: Whether there are images that another version of labs built.

    """

    node_image: str = ""
    stand_in_count: int = 0
    has_outdated: bool = False


def find_built_images(client: docker.DockerClient) -> BuiltImages:
    """Look for images that were built from recipes, and compare them with the recipes of this version."""
    image_filter = {"label": [*(f"{key}={value}" for key, value in labels.IMAGES.items()), labels.RECIPE]}
    built = {tag: image["Id"] for image in client.api.images(filters=image_filter) for tag in image["RepoTags"] or ()}
    tags = recipe.compute_image_tags(debian_base.hash_host_inputs())
    stand_in_tags = {tags[source.name] for source in recipe.map_image_names_to_recipes().values()}
    return BuiltImages(
        node_image=built.get(tags[recipe.NODE], ""),
        stand_in_count=len(built.keys() & stand_in_tags),
        has_outdated=not built.keys() <= {*tags.values()},
    )
