#!/bin/sh
# Makes the secrets of compose.yaml that are not there yet, each in a file of its own.
set -eu
cd "$(dirname "$0")"
# Each part reads its own ones as another user, so that the files are open; nobody else gets into the folder.
mkdir -p secrets
chmod 700 secrets

random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }
put() { # its name, its content
    if [ ! -e "secrets/$1" ]; then
        printf '%s' "$2" >"secrets/$1.new"
        chmod 444 "secrets/$1.new"
        mv "secrets/$1.new" "secrets/$1"
        echo "made docker/secrets/$1"
    fi
}

put postgres_password "$(random)"
put prefect_database_url "postgresql+asyncpg://prefect:$(random)@postgres:5432/prefect"
put ledger_url "postgresql://ledger:$(random)@postgres:5432/ledger"
put redis_url "redis://default:$(random)@redis:6379/0"
put encryption_key "$(key)"
# For building only: empty as long as packages come from where pip looks by itself.
put pip.conf ''
put pip.pem ''
# Empty until accounts.sh fills them, as the sign-in itself makes what is in them.
put operator ''
put worker-1 ''
put worker-2 ''
put stamps.pub ''
