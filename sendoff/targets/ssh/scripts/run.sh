# run.sh ROOT RELEASE NUMBER KEY PAST WORD…: runs a command in the folder of a release. With a key it changes the host: under
# the fence, and not again once it has ended well under that key since the last switch, nor, when it is one that precedes a
# switch, after that: PAST is =RELEASE, or = for none, as `current` is then.
root=$1 release=$2 number=$3 key=$4 past=$5
shift 5
[ -d "$root/releases/$release" ] || refuse "$release is not on this host; deploy it first"
if [ -n "$key" ]; then
  hold "$root" "$number" run
  current=$(readlink "$root/current")
  if [ "$past" = "=${current##*/}" ] || grep -qxF "$key" "$root/.sendoff/ran" 2>/dev/null; then
    say "ran"
    exit 0
  fi
fi
cd "$root/releases/$release" || exit 3
say "runs"
# Whoever is told to end while the command does its work, still writes down that it was done.
trap : HUP INT TERM PIPE
"$@" 9>&-
code=$?
[ -z "$key" ] || [ "$code" -ne 0 ] || echo "$key" >>"$root/.sendoff/ran"
exit "$code"
