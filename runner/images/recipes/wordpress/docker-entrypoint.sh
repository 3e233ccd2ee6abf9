#!/bin/bash
# Copies WordPress into an empty /var/www/html and writes its configuration, as the official image does, then runs Apache.
set -euo pipefail

log() { printf '%s\n' "$*" >&2; }

copy_wordpress() {
    log "WordPress not found in $PWD - copying now..."
    [[ -z $(ls -A) ]] || log "WARNING: $PWD is not empty! (copying anyhow)"
    # index.php is copied last, because its presence marks a complete copy.
    tar -c --directory /usr/src/wordpress --exclude=./wp-config-docker.php --exclude=./index.php . | tar -x
    cp -p /usr/src/wordpress/index.php .
    chown www-data:www-data .
    log "Complete! WordPress has been successfully copied to $PWD"
}

# Write wp-config.php, with a random value for each of the eight secrets.
write_config() {
    local line
    log "No 'wp-config.php' found in $PWD, but 'WORDPRESS_...' variables supplied; copying 'wp-config-docker.php'"
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
    [[ -e index.php && -e wp-includes/version.php ]] || copy_wordpress
    [[ -s wp-config.php || -z $(compgen -A variable WORDPRESS_) ]] || write_config
fi
exec "$@"
