#!/bin/sh
# Runs HAProxy as the official image does: in the foreground, with a master process that reloads on SIGUSR2.
set -eu
case ${1-} in
    -*) set -- haproxy "$@" ;;
esac
if [ "${1-}" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
