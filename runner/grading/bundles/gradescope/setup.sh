#!/usr/bin/env bash
# Gradescope runs this once as root, in the image in which it grades later. It installs labs and builds its images.
set -euo pipefail

root=${AUTOGRADER_ROOT:-/autograder}
source=$root/source
# shellcheck source=/dev/null
. "$source/settings.sh"
if [[ -d $source/tree ]]; then export LABS_ROOT=$source/tree; fi
export DEBIAN_FRONTEND=noninteractive PATH=$PATH:/usr/sbin:/sbin

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then return; fi
    done
    return 1
}
install() { apt-get install --yes --quiet=2 --no-install-recommends "$@"; }

missing=()
need() { command -v "$1" >/dev/null || missing+=("${@:2}"); }
if [[ $DRIVER = uml ]]; then
    need ip iproute2
    need unshare util-linux
    if [[ ! -f $source/labs-artifacts.tar.gz ]]; then
        need mmdebstrap mmdebstrap debian-archive-keyring
        need buildah buildah
        need mkfs.ext4 e2fsprogs
    fi
fi
if ! find_python || ((${#missing[@]})); then
    apt-get update --quiet=2
    ((!${#missing[@]})) || install "${missing[@]}"
    # On Ubuntu 22.04, only python3.11 is new enough.
    find_python || { install python3 python3-venv && find_python; } || { install python3.11-venv && find_python; }
fi

"$python" -m venv "$root/labs"
"$root/labs/bin/pip" install --quiet --disable-pip-version-check "$source"/orchestration_labs-*.whl
if [[ -f $source/labs-artifacts.tar.gz ]]; then
    "$root/labs/bin/labs" images import "$source/labs-artifacts.tar.gz"
    rm "$source/labs-artifacts.tar.gz"
else
    "$root/labs/bin/labs" images build --driver "$DRIVER" "$LAB"
fi
