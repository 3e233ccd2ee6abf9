"""Where the image bundles of releases are, and the public key that their signatures are verified with.

Releases are not signed yet, so the two constants are empty: no download is offered, and a download needs a key or a
checksum from the user. A project that publishes signed bundles sets both; nothing else has to change.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import runner
from runner.errors import UsageError

# The minisign public key of releases: the second line of the file `labs.pub` that `minisign -G` writes.
PUBLIC_KEY = ""
# The folder with a release's bundles; `{version}` stands for the version of labs.
BUNDLES_URL = ""
URL_VARIABLE, KEY_VARIABLE = "LABS_BUNDLES_URL", "LABS_BUNDLES_KEY"


@dataclass(frozen=True, slots=True)
class BundleSource:
    """A folder on a server with image bundles, and the key that signs them.

    Attributes:
        folder_url: Ends with a slash; empty if no folder is configured.
        public_key: A minisign public key, or the path of its file; empty if none is known.

    """

    folder_url: str
    public_key: str


def load_bundle_source() -> BundleSource:
    """Return the source that the environment configures, else that of this release.

    `LABS_BUNDLES_URL` without `LABS_BUNDLES_KEY` is a copy of the release's bundles, signed with the release's key.
    """
    folder_url = os.environ.get(URL_VARIABLE) or BUNDLES_URL
    if folder_url:
        folder_url = folder_url.replace("{version}", runner.__version__).rstrip("/") + "/"
    return BundleSource(folder_url, os.environ.get(KEY_VARIABLE) or PUBLIC_KEY)


def require_folder_url() -> str:
    """Return the URL of the folder with image bundles.

    Raises:
        UsageError: None is configured.

    """
    source = load_bundle_source()
    if not source.folder_url:
        raise UsageError(
            "Which image bundle? No download location is configured.",
            f"Run 'labs images import FILE' or 'labs images import URL', or set {URL_VARIABLE}.",
        )
    return source.folder_url
