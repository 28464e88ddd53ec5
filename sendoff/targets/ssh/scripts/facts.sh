# facts.sh ROOT: says what is true now; changes nothing.
missing=
for tool in tar ln mv cp rm mkdir find xargs readlink tr wc cmp sed ls df date dd cat flock grep sleep; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
command -v sha256sum >/dev/null 2>&1 || command -v openssl >/dev/null 2>&1 || missing="$missing sha256sum"
say "clock $(date +%s)"
say "missing$missing"
near=$1
while [ ! -e "$near" ]; do
  near=${near%/*}
  near=${near:-/}
done
writable=yes
for each in "$near" "$1/releases" "$1/shared" "$1/.sendoff"; do
  [ ! -e "$each" ] || { [ -d "$each" ] && [ -w "$each" ] && [ -x "$each" ]; } || writable=no
done
say "writable $writable"
say "free $(df -Pk "$near" 2>/dev/null | sed -n '$p')"
if cd "$1" 2>/dev/null; then
  root=$(pwd)
  say "live $(live)"
  say "fence $(cat .sendoff/fence 2>/dev/null)"
  say "obstacle $(obstacle)"
  sealed | while IFS= read -r each; do say "release $each"; done
fi
say "end"
