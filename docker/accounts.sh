#!/bin/sh
# Makes the accounts that compose.yaml needs and that are not there yet: an administrator's, whose name is given,
# and one for each worker; and copies the public key of the sign-in. Each goes into a file in docker/secrets.
set -eu
if [ $# -ne 1 ]; then
    echo "accounts: expected the name of who administers this; run: sh docker/accounts.sh NAME" >&2
    exit 2
fi
secrets=$(dirname "$0")/secrets

put() { # its name, then the words of a command of Sendoff that prints it
    file=$secrets/$1
    if [ ! -s "$file" ]; then
        name=$1
        shift
        # A file is filled whole or not at all: a password is shown only once.
        if ! docker compose run --rm -T --no-deps server-1 sendoff users "$@" >"$file.new" </dev/null; then
            rm -f "$file.new"
            echo "accounts: docker/secrets/$name: was not filled, expected it; mend what is said above" >&2
            exit 1
        fi
        chmod 444 "$file.new"
        mv -f "$file.new" "$file"
        echo "filled docker/secrets/$name"
    fi
}

put operator add "$1" --role admin --generate
put worker-1 add worker-1 --role worker --generate
put worker-2 add worker-2 --role worker --generate
put stamps.pub key
