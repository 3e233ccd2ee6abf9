#!/bin/sh
# Runs a program where it sees nothing of the host: in a root of its own that holds the few files it needs, read-only,
# one file it may write to, and no rights. Runs in mount and process namespaces of its own.
# usage: sandbox.sh ROOT FILES SHARED NAMES OWN MEGABYTES USER GROUPS PROGRAM...
#   ROOT       an empty folder, the new root
#   FILES      what becomes /usr, /lib, ...
#   SHARED     where NAMES lie, files and folders, separated by spaces; they become /shared/NAME, read-only
#   OWN        a file, becomes /own
#              (a file and no folder: whoever breaks out of a kernel could fill the host's disk through a folder)
#   MEGABYTES  how much its /dev/shm may hold, where a kernel keeps its machine's memory, and each process of its own
#   USER       the number of the user it becomes, where root starts it; else empty
#   GROUPS     the folders of the control groups that it joins, one a line
# shellcheck disable=SC3045 # Debian's sh has these limits
set -eu
root=$1 files=$2 shared=$3 names=$4 own=$5 megabytes=$6 user=$7 groups=$8
shift 8

IFS='
'
for group in $groups; do echo 0 >"$group/cgroup.procs" || echo "$group cannot be joined"; done
unset IFS

mount -t tmpfs -o size=1m,mode=755 jail "$root"
mkdir -p "$root/usr" "$root/shared" "$root/proc" "$root/tmp" "$root/dev/shm"
mount --bind "$files/usr" "$root/usr"
mount -o remount,bind,ro,nosuid,nodev "$root/usr"
for name in $names; do
    if [ -d "$shared/$name" ]; then mkdir "$root/shared/$name"; else touch "$root/shared/$name"; fi
    mount --bind "$shared/$name" "$root/shared/$name"
    mount -o remount,bind,ro,nosuid,nodev,noexec "$root/shared/$name"
done
touch "$root/own"
mount --bind "$own" "$root/own"
mount -o remount,bind,nosuid,nodev,noexec "$root/own"
for link in bin lib lib64; do ln -s "usr/$link" "$root/$link"; done
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
# Each file there takes the host's memory for itself too, be it empty.
mount -t tmpfs -o "size=${megabytes}m,nr_inodes=1000,mode=1777,nosuid,nodev" shm "$root/dev/shm"
mount -t proc -o nosuid,nodev,noexec,subset=pid proc "$root/proc"
mount -o remount,bind,ro "$root"

# No file larger than its disk or its memory, and no more processes than a node full of services has: each process of a
# machine is one here.
blocks=$(($(stat --format=%s "$own") / 512 + 1))
least=$((megabytes * 2048))
ulimit -f $((blocks > least ? blocks : least))
ulimit -d $((megabytes * 1024))
ulimit -n 1024
# Called so by bash, and so by dash.
ulimit -u 3000 2>/dev/null || ulimit -p 3000

chroot=$(command -v chroot) setpriv=$(command -v setpriv)
cd /
if [ "$user" = "" ]; then
    # An ordinary user is already nobody else's root than their own, and gives that up too.
    exec env -i TMPDIR=/dev/shm "$chroot" "$root" /usr/bin/setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
fi
# Root gives itself up before the first program of the jail's runs. The numbers are marked as such, lest they be looked
# up as names by libraries of the jail's.
exec env -i TMPDIR=/dev/shm \
    "$setpriv" --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid --inh-caps=-all \
    "$chroot" --groups= --userspec="+$user:+$user" "$root" "$@"
