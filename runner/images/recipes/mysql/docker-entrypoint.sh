#!/bin/bash
# Initializes the database in an empty /var/lib/mysql as the official images do, then runs the server.
# Each MYSQL_ variable may also be called MARIADB_, and each variable NAME may be given as NAME_FILE, which names a file.
set -euo pipefail
shopt -s nullglob

readonly DATA=/var/lib/mysql

log() { printf '%s [Note] [Entrypoint]: %s\n' "$(date -Iseconds)" "$*"; }
fail() {
    printf '%s [ERROR] [Entrypoint]: %s\n' "$(date -Iseconds)" "$*" >&2
    exit 1
}

declare -A settings

# read_setting NAME: sets settings[NAME] from MYSQL_NAME, MARIADB_NAME, or the file that one of them names
read_setting() {
    local prefix variable file
    settings[$1]=
    for prefix in MYSQL MARIADB; do
        variable=${prefix}_$1
        file=${variable}_FILE
        if [[ -n ${!file-} ]]; then
            [[ -z ${!variable-} ]] || fail "Both $variable and $file are set (but are exclusive)"
            [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read"
            settings[$1]=$(<"${!file}")
        elif [[ -n ${!variable-} ]]; then
            settings[$1]=${!variable}
        fi
    done
}

# Quote a string for SQL.
quote_string() {
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

# shellcheck disable=SC2016 # SQL puts backticks around names
quote_name() { printf '`%s`' "${1//\`/\`\`}"; }

initial_sql() {
    local password host user database
    password=$(quote_string "${settings[ROOT_PASSWORD]}")
    host=$(quote_string "${settings[ROOT_HOST]}")
    # Remove the users of the build container's host name.
    echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
    echo "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';"
    echo 'FLUSH PRIVILEGES;'
    # root@localhost exists already.
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $password;"
    if [[ ${settings[ROOT_HOST]} != localhost ]]; then
        echo "CREATE USER 'root'@$host IDENTIFIED BY $password;"
        echo "GRANT ALL ON *.* TO 'root'@$host WITH GRANT OPTION;"
    fi
    if [[ -n ${settings[DATABASE]} ]]; then
        echo "CREATE DATABASE IF NOT EXISTS $(quote_name "${settings[DATABASE]}");"
    fi
    if [[ -n ${settings[USER]} ]]; then
        user=$(quote_string "${settings[USER]}")@\'%\'
        echo "CREATE USER $user IDENTIFIED BY $(quote_string "${settings[PASSWORD]}");"
        # In a GRANT, an unescaped underscore matches any character.
        database=$(quote_name "${settings[DATABASE]//_/\\_}")
        [[ -z ${settings[DATABASE]} ]] || echo "GRANT ALL ON $database.* TO $user;"
    fi
}

initialize_database() {
    log 'Initializing database files'
    tar -xzf /usr/local/share/mysql.tar.gz -C $DATA --no-same-owner --no-overwrite-dir
    chown -R mysql:mysql $DATA
    initial_sql | mariadbd --bootstrap >/run/mysqld/bootstrap.log 2>&1 || {
        cat /run/mysqld/bootstrap.log >&2
        # A partial initialization must not count as complete at the next start.
        find $DATA -mindepth 1 -delete
        fail 'The database could not be initialized'
    }
    run_scripts /docker-entrypoint-initdb.d/*
    log 'MariaDB init process done. Ready for start up.'
}

# Run the learner's SQL files and scripts on a server that accepts no network connections yet.
run_scripts() {
    local server script
    [[ $# -gt 0 ]] || return 0
    mariadbd --skip-networking >/run/mysqld/temporary.log 2>&1 &
    server=$!
    export MYSQL_PWD=${settings[ROOT_PASSWORD]}
    until mariadb-admin -uroot ping >/dev/null 2>&1; do
        kill -0 $server || fail 'The server for the scripts did not start'
        sleep 0.1
    done
    for script; do
        log "running $script"
        # shellcheck source=/dev/null
        case $script in
            *.sql) mariadb -uroot ${settings[DATABASE]:+"${settings[DATABASE]}"} <"$script" ;;
            *.sql.gz) gzip -dc "$script" | mariadb -uroot ${settings[DATABASE]:+"${settings[DATABASE]}"} ;;
            *.sh) if [[ -x $script ]]; then "$script"; else . "$script"; fi ;;
            *) log "ignoring $script" ;;
        esac
    done
    unset MYSQL_PWD
    kill $server
    wait $server
}

read_settings() {
    local name
    for name in ROOT_PASSWORD RANDOM_ROOT_PASSWORD ALLOW_EMPTY_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD ROOT_HOST \
        DATABASE USER PASSWORD; do
        read_setting $name
    done
    settings[ROOT_HOST]=${settings[ROOT_HOST]:-%}
}

check_settings() {
    local empty=${settings[ALLOW_EMPTY_PASSWORD]}${settings[ALLOW_EMPTY_ROOT_PASSWORD]}
    if [[ -z ${settings[ROOT_PASSWORD]}${settings[RANDOM_ROOT_PASSWORD]}$empty ]]; then
        fail 'Database is uninitialized and password option is not specified
    You need to specify one of the following as an environment variable:
    - MYSQL_ROOT_PASSWORD
    - MYSQL_ALLOW_EMPTY_PASSWORD
    - MYSQL_RANDOM_ROOT_PASSWORD'
    fi
    [[ ${settings[USER]} != root ]] || fail 'MYSQL_USER="root" is not allowed: MYSQL_USER and MYSQL_PASSWORD are for a regular user
    Remove MYSQL_USER="root" and use MYSQL_ROOT_PASSWORD'
    [[ -z ${settings[USER]} || -n ${settings[PASSWORD]} ]] || fail 'MYSQL_USER specified, but missing MYSQL_PASSWORD'
    if [[ -n ${settings[RANDOM_ROOT_PASSWORD]} ]]; then
        settings[ROOT_PASSWORD]=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
        log "GENERATED ROOT PASSWORD: ${settings[ROOT_PASSWORD]}"
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
    log 'Entrypoint script for MariaDB Server, standing in for the official image, started.'
    if [[ ! -d $DATA/mysql ]]; then
        read_settings
        check_settings
        initialize_database
    fi
    chown mysql:mysql $DATA /run/mysqld
fi
exec "$@"
