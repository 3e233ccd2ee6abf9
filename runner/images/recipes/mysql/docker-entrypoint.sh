#!/bin/bash
# Prepares the database on an empty /var/lib/mysql as the official images do, then runs the server.
# Every MYSQL_ variable is also understood as MARIADB_, and each of them as NAME_FILE, which names a file.
set -euo pipefail
shopt -s nullglob

readonly DATA=/var/lib/mysql

say() { printf '%s [Note] [Entrypoint]: %s\n' "$(date -Iseconds)" "$*"; }
fail() {
    printf '%s [ERROR] [Entrypoint]: %s\n' "$(date -Iseconds)" "$*" >&2
    exit 1
}

declare -A given

# setting NAME: gives NAME whichever of MYSQL_NAME, MARIADB_NAME and their files there is
setting() {
    local prefix variable file
    given[$1]=
    for prefix in MYSQL MARIADB; do
        variable=${prefix}_$1
        file=${variable}_FILE
        if [[ -n ${!file-} ]]; then
            [[ -z ${!variable-} ]] || fail "Both $variable and $file are set (but are exclusive)"
            [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read"
            given[$1]=$(<"${!file}")
        elif [[ -n ${!variable-} ]]; then
            given[$1]=${!variable}
        fi
    done
}

# A text in SQL, with what would end it taken for what it is.
quoted() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

# shellcheck disable=SC2016 # these are the quotes that SQL puts around names
named() { printf '`%s`' "${1//\`/\`\`}"; }

statements() {
    local password host user database
    password=$(quoted "${given[ROOT_PASSWORD]}")
    host=$(quoted "${given[ROOT_HOST]}")
    # Where the image was built the host had a name, from which nobody comes.
    echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
    echo "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';"
    echo 'FLUSH PRIVILEGES;'
    # A root user that comes from this container itself is there already.
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $password;"
    if [[ ${given[ROOT_HOST]} != localhost ]]; then
        echo "CREATE USER 'root'@$host IDENTIFIED BY $password;"
        echo "GRANT ALL ON *.* TO 'root'@$host WITH GRANT OPTION;"
    fi
    if [[ -n ${given[DATABASE]} ]]; then
        echo "CREATE DATABASE IF NOT EXISTS $(named "${given[DATABASE]}");"
    fi
    if [[ -n ${given[USER]} ]]; then
        user=$(quoted "${given[USER]}")@\'%\'
        echo "CREATE USER $user IDENTIFIED BY $(quoted "${given[PASSWORD]}");"
        # In a grant a bare underscore would mean any letter.
        database=$(named "${given[DATABASE]//_/\\_}")
        [[ -z ${given[DATABASE]} ]] || echo "GRANT ALL ON $database.* TO $user;"
    fi
}

prepare() {
    say 'Initializing database files'
    tar -xzf /usr/local/share/mysql.tar.gz -C $DATA --no-same-owner --no-overwrite-dir
    chown -R mysql:mysql $DATA
    statements | mariadbd --bootstrap >/run/mysqld/bootstrap.log 2>&1 || {
        cat /run/mysqld/bootstrap.log >&2
        # What is half done must not count as done at the next start.
        find $DATA -mindepth 1 -delete
        fail 'The database could not be initialized'
    }
    run_scripts /docker-entrypoint-initdb.d/*
    say 'MariaDB init process done. Ready for start up.'
}

# The learner's own SQL and scripts, on a server that nobody else can reach yet.
run_scripts() {
    local server script
    [[ $# -gt 0 ]] || return 0
    mariadbd --skip-networking >/run/mysqld/temporary.log 2>&1 &
    server=$!
    export MYSQL_PWD=${given[ROOT_PASSWORD]}
    until mariadb-admin -uroot ping >/dev/null 2>&1; do
        kill -0 $server || fail 'The server for the scripts did not start'
        sleep 0.1
    done
    for script; do
        say "running $script"
        # shellcheck source=/dev/null
        case $script in
            *.sql) mariadb -uroot ${given[DATABASE]:+"${given[DATABASE]}"} <"$script" ;;
            *.sql.gz) gzip -dc "$script" | mariadb -uroot ${given[DATABASE]:+"${given[DATABASE]}"} ;;
            *.sh) if [[ -x $script ]]; then "$script"; else . "$script"; fi ;;
            *) say "ignoring $script" ;;
        esac
    done
    unset MYSQL_PWD
    kill $server
    wait $server
}

settings() {
    local name
    for name in ROOT_PASSWORD RANDOM_ROOT_PASSWORD ALLOW_EMPTY_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD ROOT_HOST \
        DATABASE USER PASSWORD; do
        setting $name
    done
    given[ROOT_HOST]=${given[ROOT_HOST]:-%}
}

require_settings() {
    local empty=${given[ALLOW_EMPTY_PASSWORD]}${given[ALLOW_EMPTY_ROOT_PASSWORD]}
    if [[ -z ${given[ROOT_PASSWORD]}${given[RANDOM_ROOT_PASSWORD]}$empty ]]; then
        fail 'Database is uninitialized and password option is not specified
    You need to specify one of the following as an environment variable:
    - MYSQL_ROOT_PASSWORD
    - MYSQL_ALLOW_EMPTY_PASSWORD
    - MYSQL_RANDOM_ROOT_PASSWORD'
    fi
    [[ ${given[USER]} != root ]] || fail 'MYSQL_USER="root" cannot be: MYSQL_USER and MYSQL_PASSWORD are for a regular user
    Remove MYSQL_USER="root" and use MYSQL_ROOT_PASSWORD'
    [[ -z ${given[USER]} || -n ${given[PASSWORD]} ]] || fail 'MYSQL_USER specified, but missing MYSQL_PASSWORD'
    if [[ -n ${given[RANDOM_ROOT_PASSWORD]} ]]; then
        given[ROOT_PASSWORD]=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
        say "GENERATED ROOT PASSWORD: ${given[ROOT_PASSWORD]}"
    fi
}

case ${1-} in
    -*) set -- mariadbd "$@" ;;
    mysqld)
        shift
        set -- mariadbd "$@"
        ;;
esac
if [[ ${1-} = mariadbd ]]; then
    say 'Entrypoint script for MariaDB Server, standing in for the official image, started.'
    if [[ ! -d $DATA/mysql ]]; then
        settings
        require_settings
        prepare
    fi
    chown mysql:mysql $DATA /run/mysqld
fi
exec "$@"
