#!/bin/bash
# Copies WordPress into an empty /var/www/html and writes its settings, as the official image does, then runs Apache.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

copy() {
    say "WordPress not found in $PWD - copying now..."
    [[ -z $(ls -A) ]] || say "WARNING: $PWD is not empty! (copying anyhow)"
    # What is looked for comes last, or a copy that was broken off would be taken for a whole one for good.
    tar -c --directory /usr/src/wordpress --exclude=./wp-config-docker.php --exclude=./index.php . | tar -x
    cp -p /usr/src/wordpress/index.php .
    chown www-data:www-data .
    say "Complete! WordPress has been successfully copied to $PWD"
}

# Each of the eight secrets is another one.
configure() {
    local line
    say "No 'wp-config.php' found in $PWD, but 'WORDPRESS_...' variables supplied; copying 'wp-config-docker.php'"
    while IFS= read -r line; do
        if [[ $line = *'put your unique phrase here'* ]]; then
            line=${line/put your unique phrase here/$(head -c 48 /dev/urandom | base64 -w0 | tr '+/' '-_')}
        fi
        printf '%s\n' "$line"
    done </usr/src/wordpress/wp-config-docker.php >wp-config.php.new
    chown www-data:www-data wp-config.php.new
    mv wp-config.php.new wp-config.php
}

if [[ ${1-} = apache2* ]]; then
    [[ -e index.php && -e wp-includes/version.php ]] || copy
    [[ -s wp-config.php || -z $(compgen -A variable WORDPRESS_) ]] || configure
fi
exec "$@"
