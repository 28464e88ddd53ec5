# switch.sh ROOT RELEASE BY: makes a release live by renaming a link over `current`; no RELEASE: none.
enter_root "$1"
name=$2 by=$3
problem=$(obstacle)
[ -z "$problem" ] || refuse "$problem"
before=$(live)
if [ "$before" = "$name" ]; then
  say "same $before"
  exit 0
fi
if [ -n "$name" ]; then
  is_sealed "$name" || refuse "$name is not sealed on this host, expected a release that was deployed whole; deploy it first"
  trap 'rm -f "$root/.current.$$"' EXIT
  trap 'exit 4' HUP INT TERM PIPE
  ln -sfn "releases/$name" ".current.$$" && mv -T ".current.$$" current || fail "cannot switch current"
else
  rm -f current || fail "cannot remove current"
fi
[ "$(live)" = "$name" ] || fail "current is $(live) after the switch, expected ${name:-none}"
echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) ${before:--} ${name:--} ${by:--}" >>.sendoff/journal || fail "cannot write the journal"
say "switched $before"
