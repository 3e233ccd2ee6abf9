#!/bin/bash
# Create the VMs' base disk, the sandbox's root directory and the registry mirror's certificates from the VM image.
# Runs in its own mount namespace, so the mounted image is unmounted when it exits.
# usage: pack_artifacts.sh IMAGE FOLDER SIZE BUILDAH...    prints its progress
set -euo pipefail
image=$1 folder=$2 size=$3
shift 3
PATH=$PATH:/usr/sbin:/sbin

mkdir "$folder/tls" "$folder/sandbox"
container=$("$@" from --pull-never "$image")
root=$("$@" mount "$container")

echo 'creating certificates'
cache=/var/lib/labs-layer-cache
"$@" run --isolation=chroot --volume "$folder/tls:$cache/tls" "$container" labs-layer-cache certificates
mkdir -p "$root$cache/tls"
cp -r "$folder/tls/ca" "$root$cache/tls/"
# The registry mirror drops its privileges before it reads the key. The key is used only within labs clusters.
chmod 644 "$folder/tls/mirror.key"

echo 'copying the kernel and its sandbox'
"$@" run --isolation=chroot --volume "$folder/sandbox:/sandbox" "$container" labs-sandbox-root /sandbox

echo 'creating the disk'
# Leftovers of the commands above, in directories over which the VM mounts other file systems.
rm -rf "${root:?}/sandbox" "${root:?}"/run/* "${root:?}"/tmp/*
truncate -s "$size" "$folder/disk.img"
# Initialize everything now. What is left for the kernel to write in the background would grow every VM's own disk file.
mkfs.ext4 -q -F -b 4096 -m 0 -J size=16 -L labs -E lazy_itable_init=0,lazy_journal_init=0,nodiscard \
    -d "$root" "$folder/disk.img"
"$@" rm "$container" >/dev/null
