# Read before each of the other scripts: how they speak, and who may change this host.
say() { printf 'sendoff:%s\n' "$*"; }
refuse() { say "refused $*"; exit 3; }
fail() { say "failed $*"; exit 4; }

# When a process started, in clock ticks of the host; nothing for one that has ended, also while nobody has noticed (a zombie).
born() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
  # shellcheck disable=SC2086  # one word a field
  set -- ${stat##*) }
  case $1 in Z | X) return 0 ;; esac
  shift 19
  echo "$1"
}

group() {
  read -r stat 2>/dev/null <"/proc/$$/stat" || { echo $$; return; }
  # shellcheck disable=SC2086  # one word a field
  set -- ${stat##*) }
  echo "$3"
}

# Tools say "wrote only so much" of a disk that is full: ask the disk, while all is still there.
full() {
  free=$(df -Pk "$1" | sed -n '$ { s/ *[0-9-]*%.*//; s/.* //; p; }')
  [ "${free:-9999}" -ge 1024 ] || printf ': no space left, %s KB are free in %s' "$free" "$1"
}

# hold ROOT NUMBER DOING: one at a time changes what is below the root, and none with a smaller number than the largest seen.
# A transfer of the same or a smaller number is ended, for nobody hears it any more; other work is short and waited for.
hold() {
  [ "$2" -gt 0 ] || fail "no number was given, expected that of a lease"
  mkdir -p "$1/.sendoff/tmp" || fail "cannot make folders in $1"
  exec 9>>"$1/.sendoff/lock"
  tries=0
  until flock -n 9; do
    tries=$((tries + 1))
    [ "$tries" -le 30 ] || fail "another process changes $1 for more than 30 s: $(cat "$1/.sendoff/holder"); see what it waits for"
    ! read -r other since number doing 2>/dev/null <"$1/.sendoff/holder" || [ "$doing" != deploy ] || [ "$number" -gt "$2" ] ||
      [ "$(born "$other")" != "$since" ] || kill -TERM "-$other" 2>/dev/null
    sleep 1
  done
  seen=$(cat "$1/.sendoff/fence" 2>/dev/null)
  [ "$2" -ge "${seen:-0}" ] || { say "fenced $seen"; exit 5; }
  # Whoever left something here is dead.
  rm -rf "$1/.sendoff/tmp/"* "$1/.current."*
  if [ "$2" != "$seen" ]; then
    echo "$2" >"$1/.sendoff/fence.new" && mv "$1/.sendoff/fence.new" "$1/.sendoff/fence" ||
      { rm -f "$1/.sendoff/fence.new"; fail "cannot write in $1/.sendoff$(full "$1")"; }
  fi
  other=$(group)
  # On a disk that is full this may fail: the worst of it is that a transfer is waited for instead of ended.
  echo "$other $(born "$other") $2 $3" 2>/dev/null >"$1/.sendoff/holder" || :
}
