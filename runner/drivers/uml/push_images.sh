#!/bin/bash
# Fills the hub's storage: runs the registry, and hands it images one after another.
# Runs in a network namespace of its own, where its port is free and nobody else can reach it.
# usage: push_images.sh JAIL STORAGE BUILDAH...    reads lines of "IMAGE NAME", prints each name
set -euo pipefail
jail=$1 storage=$2
shift 2
readonly PORT=5000
PATH=$PATH:/usr/sbin:/sbin

# It speaks of every layer that it does not have yet as an error, so its words matter only if something has failed.
log=$storage.log
trap 'cat "$log"' ERR

ip link set lo up
# The program and its libraries are the machines', which may be newer than this system's.
libraries=("$jail"/usr/lib/*-linux-gnu)
"$jail"/usr/lib64/ld-linux-x86-64.so.2 --library-path "${libraries[0]}" "$jail/usr/bin/docker-registry" serve /dev/stdin <<END >"$log" 2>&1 &
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
kill "$registry"
rm "$log"
