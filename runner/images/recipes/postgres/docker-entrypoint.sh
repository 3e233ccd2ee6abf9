#!/bin/bash
# Prepares the database in an empty PGDATA as the official image does, then runs the server as the user postgres.
# POSTGRES_PASSWORD, POSTGRES_USER and POSTGRES_DB are also understood as NAME_FILE, which names a file.
set -euo pipefail
shopt -s nullglob

fail() {
    echo "$*" >&2
    exit 1
}

from_files=()

# setting NAME OTHERWISE: sets $NAME from itself, or the file that NAME_FILE names, and exports it
setting() {
    local file=${1}_FILE value=${!1-}
    if [[ -n ${!file-} ]]; then
        [[ -z $value ]] || fail "error: both $1 and $file are set (but are exclusive)"
        [[ -r ${!file} ]] || fail "error: $file names ${!file}, which cannot be read"
        value=$(<"${!file}")
        from_files+=("$1")
    fi
    export "$1=${value:-$2}"
    unset "$file"
}

require_password() {
    [[ $POSTGRES_HOST_AUTH_METHOD = trust || -n $POSTGRES_PASSWORD ]] || fail 'Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.'
}

# A text in SQL.
quoted() { printf "'%s'" "${1//\'/\'\'}"; }
named() { printf '"%s"' "${1//\"/\"\"}"; }

# One line is one statement to a server that runs for nobody else.
single() { postgres --single -j -D "$PGDATA" "${1:-postgres}" >/dev/null; }

make() {
    if [[ $POSTGRES_USER = postgres ]]; then
        tar -xzf /usr/local/share/postgres.tar.gz -C "$PGDATA" --no-overwrite-dir
    else
        initdb --username="$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --no-sync -D "$PGDATA" >/dev/null
    fi
    echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
    {
        [[ -z $POSTGRES_PASSWORD ]] || printf 'ALTER ROLE %s PASSWORD %s;\n\n' "$(named "$POSTGRES_USER")" "$(quoted "$POSTGRES_PASSWORD")"
        [[ $POSTGRES_DB = postgres ]] || printf 'CREATE DATABASE %s OWNER %s;\n\n' "$(named "$POSTGRES_DB")" "$(named "$POSTGRES_USER")"
    } | single
}

# The learner's own SQL and scripts, on a server that nobody else can reach yet.
run_scripts() {
    local script
    [[ $# -gt 0 ]] || return 0
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start >/dev/null
    export PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB
    for script; do
        echo "$0: running $script"
        # shellcheck source=/dev/null
        case $script in
            *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc -f "$script" ;;
            *.sql.gz) gzip -dc "$script" | psql -v ON_ERROR_STOP=1 --no-psqlrc ;;
            *.sh) if [[ -x $script ]]; then "$script"; else . "$script"; fi ;;
            *) echo "$0: ignoring $script" ;;
        esac
    done
    unset PGUSER PGDATABASE
    pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
}

prepare() {
    setting POSTGRES_PASSWORD ''
    setting POSTGRES_USER postgres
    setting POSTGRES_DB "$POSTGRES_USER"
    setting POSTGRES_HOST_AUTH_METHOD scram-sha-256
    require_password
    # What is half done must not count as done at the next start.
    trap 'find "$PGDATA" -mindepth 1 -delete' ERR
    make
    run_scripts /docker-entrypoint-initdb.d/*
    trap - ERR
    # The server's environment need not tell what was in a file.
    unset "${from_files[@]}"
    echo
    echo 'PostgreSQL init process complete; ready for start up.'
    echo
}

case ${1-} in
    -*) set -- postgres "$@" ;;
esac
if [[ ${1-} = postgres && $(id -u) = 0 ]]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    chown -R postgres:postgres "$PGDATA" /run/postgresql
    export HOME=/var/lib/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [[ ${1-} = postgres ]]; then
    if [[ -s $PGDATA/PG_VERSION ]]; then
        echo
        echo 'PostgreSQL Database directory appears to contain a database; Skipping initialization'
        echo
    else
        prepare
    fi
    shift
    set -- postgres -c listen_addresses='*' "$@"
fi
exec "$@"
