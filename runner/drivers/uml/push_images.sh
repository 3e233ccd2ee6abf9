#!/bin/bash
# Fill the registry mirror's storage: run the registry and push images to it, one after another.
# Runs in its own network namespace, where the port is free and no other process can reach it.
# usage: push_images.sh SANDBOX STORAGE TAGS_SCRIPT BUILDAH...    reads lines of "IMAGE NAME", prints each name
set -euo pipefail
sandbox=$1 storage=$2 tags_script=$3
shift 3
readonly PORT=5000
PATH=$PATH:/usr/sbin:/sbin

# The registry logs an error for every layer that it does not have yet, so its log is shown only if something has failed.
log=$storage.log
trap 'cat "$log"' ERR

ip link set lo up
# The program comes from the VM image, whose libraries may be newer than this host's, so it runs with its own libraries.
libraries=("$sandbox"/usr/lib/*-linux-gnu)
"$sandbox"/usr/lib64/ld-linux-x86-64.so.2 --library-path "${libraries[0]}" "$sandbox/usr/bin/docker-registry" serve /dev/stdin <<END >"$log" 2>&1 &
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $storage}}
http: {addr: '127.0.0.1:$PORT'}
END
registry=$!
until exec 3<>/dev/tcp/127.0.0.1/$PORT; do
    kill -0 "$registry"
    sleep 0.05
done 2>/dev/null
exec 3>&-

while read -r image name; do
    echo "$name"
    "$@" push --quiet --tls-verify=false --format=v2s2 "$image" "docker://127.0.0.1:$PORT/$name"
done
bash "$tags_script" "$storage"
kill "$registry"
rm "$log"
