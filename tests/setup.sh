#!/bin/sh
# Installs the Debian packages that the tests need, when it may; else says exactly what is missing.
# Other tests name theirs: PROGRAM=PACKAGE …
set -eu
USUAL='git=git sshd=openssh-server ssh=openssh-client chromium=chromium rsync=rsync initdb=postgresql
    redis-server=redis-server haproxy=haproxy prometheus=prometheus'
NEEDED=${*:-$USUAL}

missing() { # in a subshell; some programs are not on everybody's PATH
    PATH=$PATH:/usr/sbin:/sbin$(printf ':%s' /usr/lib/postgresql/*/bin)
    for pair in $NEEDED; do
        command -v "${pair%%=*}" >/dev/null 2>&1 || printf '%s ' "${pair#*=}"
    done
}

packages=$(missing)
[ -n "$packages" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests: $packages"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # one word a package
    if ! { apt-get update && apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
    fi
    rm -f "$log"
    packages=$(missing)
    [ -n "$packages" ] || exit 0
fi

echo "tests: not installed: ${packages% }; install them as root and run it again:" >&2
echo "  apt-get update && apt-get install -y --no-install-recommends ${packages% }" >&2
exit 1
