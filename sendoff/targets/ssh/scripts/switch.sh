# switch.sh ROOT NUMBER RELEASE BY: makes a release live by renaming a link over `current`; no RELEASE: none.
enter_root "$1"
hold "$root" "$2" switch
name=$3 by=$4

journal() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) ${1:--} ${2:--} ${by:--}" >>.sendoff/journal || fail "cannot write the journal"; }
last() { sed -n '$ { s/^[^ ]* [^ ]* //; s/ .*//; p; }' .sendoff/journal 2>/dev/null; }

problem=$(obstacle)
[ -z "$problem" ] || refuse "$problem"
before=$(live)
# A switch that was cut short before it was written down is written down by whoever comes next.
known=$(last)
[ "${known:--}" = "${before:--}" ] || journal "$known" "$before"
if [ "$before" = "$name" ]; then
  say "same $before"
  exit 0
fi
rm -f .sendoff/ran || fail "cannot write in $root/.sendoff"
if [ -n "$name" ]; then
  is_sealed "$name" || refuse "$name is not sealed on this host, expected a release that was deployed whole; deploy it first"
  trap 'rm -f "$root/.current.$$"' EXIT
  trap 'exit 4' HUP INT TERM PIPE
  ln -sfn "releases/$name" ".current.$$" && mv -T ".current.$$" current || fail "cannot switch current"
else
  rm -f current || fail "cannot remove current"
fi
[ "$(live)" = "$name" ] || fail "current is $(live) after the switch, expected ${name:-none}"
journal "$before" "$name"
say "switched $before"
