# remove.sh ROOT NUMBER RELEASE…: takes releases away, never the live one.
enter_root "$1"
hold "$root" "$2" remove
shift 2
for name; do
  [ "$(live)" != "$name" ] || refuse "$name is live; put another release live first"
done
for name; do
  [ -e "releases/$name" ] || [ -e ".sendoff/manifests/$name" ] || continue
  gone=.sendoff/tmp/$name
  [ ! -e "releases/$name" ] || mv -T "releases/$name" "$gone" || fail "cannot move $name away"
  rm -rf ".sendoff/manifests/$name" "$gone" || fail "cannot remove all of $name"
  say "removed $name"
done
say "end"
