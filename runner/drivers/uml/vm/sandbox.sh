#!/bin/sh
# Run a program so that it sees nothing of the host: with its own root directory, which contains the few files it needs
# (read-only) and one file it may write to, and without privileges. Runs in its own mount and process namespaces.
# usage: sandbox.sh ROOT FILES SHARED NAMES WRITABLE MEGABYTES USER GROUPS PROGRAM...
#   ROOT       an empty directory, the new root
#   FILES      the directory whose usr becomes /usr
#   SHARED     the directory that contains NAMES: files and directories, separated by spaces; they become /shared/NAME,
#              read-only
#   WRITABLE   a file, becomes /writable
#              (not a directory: a process that breaks out of a kernel could fill the host's disk through a directory)
#   MEGABYTES  the maximum size of its /dev/shm, where a kernel keeps its VM's memory, and of each process's own memory
#   USER       the id of the user to run as, if root starts it; empty otherwise
#   GROUPS     the directories of the control groups to join, one per line
# shellcheck disable=SC3045 # Debian's sh has these limits
set -eu
root=$1 files=$2 shared=$3 names=$4 writable=$5 megabytes=$6 user=$7 groups=$8
shift 8

IFS='
'
for group in $groups; do echo 0 >"$group/cgroup.procs" || echo "cannot join control group $group"; done
unset IFS

mount -t tmpfs -o size=1m,mode=755 sandbox "$root"
mkdir -p "$root/usr" "$root/shared" "$root/proc" "$root/tmp" "$root/dev/shm"
mount --bind "$files/usr" "$root/usr"
mount -o remount,bind,ro,nosuid,nodev "$root/usr"
for name in $names; do
    if [ -d "$shared/$name" ]; then mkdir "$root/shared/$name"; else touch "$root/shared/$name"; fi
    mount --bind "$shared/$name" "$root/shared/$name"
    mount -o remount,bind,ro,nosuid,nodev,noexec "$root/shared/$name"
done
touch "$root/writable"
mount --bind "$writable" "$root/writable"
mount -o remount,bind,nosuid,nodev,noexec "$root/writable"
for link in bin lib lib64; do ln -s "usr/$link" "$root/$link"; done
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
# The number of files is limited too, because even an empty file takes some of the host's memory.
mount -t tmpfs -o "size=${megabytes}m,nr_inodes=1000,mode=1777,nosuid,nodev" shm "$root/dev/shm"
mount -t proc -o nosuid,nodev,noexec,subset=pid proc "$root/proc"
mount -o remount,bind,ro "$root"

# Limit file sizes to the disk or the memory, whichever is larger, and processes to what a node full of services needs:
# each process of a VM is a process here.
blocks=$(($(stat --format=%s "$writable") / 512 + 1))
minimum=$((megabytes * 2048))
ulimit -f $((blocks > minimum ? blocks : minimum))
ulimit -d $((megabytes * 1024))
ulimit -n 1024
# bash calls this limit -u, dash calls it -p.
ulimit -u 3000 2>/dev/null || ulimit -p 3000

chroot=$(command -v chroot) setpriv=$(command -v setpriv)
cd /
if [ "$user" = "" ]; then
    # Started by an ordinary user: the process is root only in its own user namespace, and gives up that privilege too.
    exec env -i TMPDIR=/dev/shm "$chroot" "$root" /usr/bin/setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
fi
# Root's privileges are dropped before the first program of the sandbox runs. The plus sign marks the ids as numbers, so
# that libraries of the sandbox do not look them up as names.
exec env -i TMPDIR=/dev/shm \
    "$setpriv" --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid --inh-caps=-all \
    "$chroot" --groups= --userspec="+$user:+$user" "$root" "$@"
