#!/bin/sh
# Adds what the official image adds: a master process, which reloads on SIGUSR2, in the foreground.
set -eu
case ${1-} in
    -*) set -- haproxy "$@" ;;
esac
if [ "${1-}" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
