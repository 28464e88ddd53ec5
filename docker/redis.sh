#!/bin/sh
# Starts Redis with the password in the file of its URL, or asks it whether it answers to that password.
set -eu
file=${SECRETS:-/run/secrets}/redis_url
password=$(sed -n 's|^redis://[^:@]*:\([^@]*\)@.*|\1|p' "$file")
if [ -z "$password" ]; then
    echo "redis: $file: holds no password, expected redis://default:PASSWORD@redis:6379/0" >&2
    exit 1
fi

case $1 in
start) # the settings come through a pipe, so that no command line shows the password
    exec redis-server - <<END
dir ${DATA:-/data}
port ${PORT:-6379}
appendonly yes
requirepass $password
END
    ;;
health) REDISCLI_AUTH=$password redis-cli -p "${PORT:-6379}" ping | grep -qx PONG ;;
esac
