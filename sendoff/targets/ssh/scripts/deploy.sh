# deploy.sh ROOT NUMBER RELEASE DIGEST: takes a release in over standard input, checks every hash, seals it by rename.
mkdir -p "$1/releases" "$1/shared" "$1/.sendoff/manifests" "$1/.sendoff/tmp" || fail "cannot make folders in $1"
enter_root "$1"
hold "$root" "$2" deploy
name=$3 digest=$4
work=$root/.sendoff/tmp/$name
manifests=$root/.sendoff/manifests
# Whoever is told to end while it tidies up, tidies up to the end.
tidy() {
  trap '' HUP INT TERM PIPE
  cd "$root" && rm -rf "$work"
}
trap tidy EXIT
trap 'tidy; exit 4' HUP INT TERM PIPE

problem=$(obstacle)
[ -z "$problem" ] || refuse "$problem"
mkdir "$work" "$work/tree" || fail "cannot make a temporary folder in $root/.sendoff/tmp"
if is_sealed "$name"; then
  problem="$name holds other content than this artifact"
  if [ "$(cat "$manifests/$name/digest")" = "$digest" ]; then
    problem=$(cd "releases/$name" && differs "$manifests/$name")
    [ -n "$problem" ] || { say "same"; exit 0; }
  fi
  [ "$(live)" != "$name" ] || refuse "$name is live and no longer what was sealed: $problem; put another release live first"
  say "damaged $problem"
  mv -T "releases/$name" "$work/old" || fail "cannot move the damaged $name away"
elif [ -e "releases/$name" ]; then
  refuse "releases/$name is there but was not put there by a release; move it away"
fi
current=$(live)
sealed | while IFS= read -r each; do
  [ "$each" = "$current" ] || say "base $each $(cat "$manifests/$each/digest")"
done
[ -z "$current" ] || ! is_sealed "$current" || say "base $current $(cat "$manifests/$current/digest")"
say "ready"

read -r answer base || exit 4
tar -xmpf - -C "$work/tree" || fail "unpacking failed$(full "$root")"
mv "$work/tree/.sendoff-$digest" "$work/lists" || fail "the stream ended too early"
if [ "$answer" = delta ]; then
  cp -al "releases/$base" "$work/whole" || fail "base $base cannot be linked$(full "$root")"
  cd "$work/whole" || exit 4
  xargs -0 -r rm -f <"$manifests/$base/shared" &&
    { xargs -0 -r rmdir <"$manifests/$base/made" 2>/dev/null || :; } &&
    xargs -0 -r rm -rf <"$work/lists/stale" &&
    cp -al "$work/tree/." . || fail "base $base does not fit"
  cd "$root" && rm -rf "$work/tree" && mv -T "$work/whole" "$work/tree" || exit 4
fi

cd "$work/tree" || exit 4
if [ "$(counts)" != "$(cat "$work/lists/counts")" ] && [ "$answer" = delta ]; then
  # An application may have written into its folder: what is not in the manifest does not go on.
  find . | sort >"$work/found"
  tr '\0' '\n' <"$work/lists/all" | sort | comm -23 "$work/found" - | tr '\n' '\0' | xargs -0 -r rm -rf
fi
problem=$(differs "$work/lists")
[ -n "$problem" ] || [ "$(counts)" = "$(cat "$work/lists/counts")" ] || problem="there is more or less than there should be"
[ -z "$problem" ] || fail "$problem"

xargs -0 -r mkdir -p <"$work/lists/made" || fail "cannot make the folders of shared paths"
tr '\0' '\n' <"$work/lists/shared" | while IFS= read -r path; do
  path=${path#./} up=../.. rest=$path
  while [ "$rest" != "${rest#*/}" ]; do rest=${rest#*/} up=../$up; done
  [ -e "$root/shared/$path" ] || mkdir -p "$root/shared/$path" || exit 4
  ln -s "$up/shared/$path" "./$path" || exit 4
done || fail "cannot link the shared paths"

cd "$root" || exit 4
if is_sealed "$name"; then
  say "same"
  exit 0
fi
rm -rf "$manifests/$name"
mv -T "$work/lists" "$manifests/$name" || fail "cannot write the manifest"
mv -T "$work/tree" "releases/$name" || fail "cannot move the release to releases/$name"
say "sealed"
