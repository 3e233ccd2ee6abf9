#!/bin/bash
# Initializes the database in an empty PGDATA as the official image does, then runs the server as the user postgres.
# POSTGRES_PASSWORD, POSTGRES_USER and POSTGRES_DB may be given as NAME_FILE, which names a file.
set -euo pipefail
shopt -s nullglob

fail() {
    echo "$*" >&2
    exit 1
}

settings_from_files=()

# read_setting NAME DEFAULT: sets and exports $NAME from itself or the file that $NAME_FILE names
read_setting() {
    local file=${1}_FILE value=${!1-}
    if [[ -n ${!file-} ]]; then
        [[ -z $value ]] || fail "error: both $1 and $file are set (but are exclusive)"
        [[ -r ${!file} ]] || fail "error: $file names ${!file}, which cannot be read"
        value=$(<"${!file}")
        settings_from_files+=("$1")
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

# Quote a string and a name for SQL.
quote_string() { printf "'%s'" "${1//\'/\'\'}"; }
quote_name() { printf '"%s"' "${1//\"/\"\"}"; }

# Run SQL in single-user mode: each statement ends with a semicolon and an empty line.
run_single_user() { postgres --single -j -D "$PGDATA" "${1:-postgres}" >/dev/null; }

create_database() {
    if [[ $POSTGRES_USER = postgres ]]; then
        tar -xzf /usr/local/share/postgres.tar.gz -C "$PGDATA" --no-overwrite-dir
    else
        initdb --username="$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --no-sync -D "$PGDATA" >/dev/null
    fi
    echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
    {
        [[ -z $POSTGRES_PASSWORD ]] || printf 'ALTER ROLE %s PASSWORD %s;\n\n' "$(quote_name "$POSTGRES_USER")" "$(quote_string "$POSTGRES_PASSWORD")"
        [[ $POSTGRES_DB = postgres ]] || printf 'CREATE DATABASE %s OWNER %s;\n\n' "$(quote_name "$POSTGRES_DB")" "$(quote_name "$POSTGRES_USER")"
    } | run_single_user
}

# Run the learner's SQL files and scripts on a server that accepts no network connections yet.
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

initialize_database() {
    read_setting POSTGRES_PASSWORD ''
    read_setting POSTGRES_USER postgres
    read_setting POSTGRES_DB "$POSTGRES_USER"
    read_setting POSTGRES_HOST_AUTH_METHOD scram-sha-256
    require_password
    # A partial initialization must not count as complete at the next start.
    trap 'find "$PGDATA" -mindepth 1 -delete' ERR
    create_database
    run_scripts /docker-entrypoint-initdb.d/*
    trap - ERR
    # Secrets from files must not appear in the server's environment.
    unset "${settings_from_files[@]}"
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
        initialize_database
    fi
    shift
    set -- postgres -c listen_addresses='*' "$@"
fi
exec "$@"
