#!/bin/sh
# Makes two databases in an empty PostgreSQL, each with an owner of its own: Prefect's, and the ledger's.
set -eu

make() { # the name of both; the file with the URL that holds the password
    PASSWORD=$(sed -n 's|^[a-z+]*://[^:@]*:\([^@]*\)@.*|\1|p' "$2")
    if [ -z "$PASSWORD" ]; then
        echo "postgres: $2: holds no password, expected a URL such as postgresql://$1:PASSWORD@postgres:5432/$1" >&2
        exit 1
    fi
    export PASSWORD # so that no command line shows it
    psql --quiet --no-psqlrc --username=postgres --dbname=postgres --set=ON_ERROR_STOP=1 --set=name="$1" <<'SQL'
\getenv password PASSWORD
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
}

secrets=${SECRETS:-/run/secrets}
make prefect "$secrets/prefect_database_url"
make ledger "$secrets/ledger_url"
