#!/bin/bash
# Takes a machine's disk, the jail and the hub's certificates out of the machine image.
# Runs in a mount namespace of its own, which takes the mounted image along when it ends.
# usage: pack_artifacts.sh IMAGE FOLDER SIZE BUILDAH...    prints what it is doing
set -euo pipefail
image=$1 folder=$2 size=$3
shift 3
PATH=$PATH:/usr/sbin:/sbin

mkdir "$folder/tls" "$folder/jail"
container=$("$@" from --pull-never "$image")
root=$("$@" mount "$container")

echo 'certificates'
"$@" run --isolation=chroot --volume "$folder/tls:/var/lib/labs-layer-cache/tls" "$container" labs-layer-cache certificates
mkdir -p "$root/var/lib/labs-layer-cache/tls"
cp -r "$folder/tls/ca" "$root/var/lib/labs-layer-cache/tls/"
# The hub gives up its rights before it reads the key, which serves for nothing but the labs.
chmod 644 "$folder/tls/mirror.key"

echo 'the kernel and what it runs in'
"$@" run --isolation=chroot --volume "$folder/jail:/jail" "$container" labs-sandbox-root /jail

echo 'the disk'
# What the commands above have left where the machine mounts other things.
rm -rf "${root:?}/jail" "${root:?}"/run/* "${root:?}"/tmp/*
truncate -s "$size" "$folder/disk.img"
# Nothing is left for the kernel to write in the background, which would grow every machine's own file.
mkfs.ext4 -q -F -b 4096 -m 0 -J size=16 -L labs -E lazy_itable_init=0,lazy_journal_init=0,nodiscard \
    -d "$root" "$folder/disk.img"
"$@" rm "$container" >/dev/null
