# Read before each of the scripts about releases. Nothing here starts a process for each file of a release.
set -u
umask 022
LC_ALL=C
export LC_ALL
unset CDPATH

enter_root() {
  cd "$1" 2>/dev/null || fail "cannot enter $1, expected a folder; see that it exists and whose it is"
  root=$(pwd)
}

# The release that is live: the last part of where `current` points, if that is among the releases.
live() {
  target=$(readlink current 2>/dev/null) || return 0
  case $target in
  releases/*/*) ;;
  releases/?*) echo "${target#releases/}" ;;
  "$root"/releases/*/*) ;;
  "$root"/releases/?*) echo "${target#"$root"/releases/}" ;;
  esac
}

# What stands in the way of `current`; nothing when it is a link to a release, or absent.
obstacle() {
  if [ -L current ]; then
    [ -n "$(live)" ] || echo "current points to $(readlink current), expected a release below releases/; remove it"
  elif [ -e current ]; then
    echo "current is not a link, expected a link or nothing; move it out of the way"
  fi
}

is_sealed() { [ -f ".sendoff/manifests/$1/digest" ] && [ -d "releases/$1" ] && [ ! -L "releases/$1" ]; }

# Sealed releases, oldest first.
sealed() {
  [ -d .sendoff/manifests ] || return 0
  ls -1tr .sendoff/manifests | while IFS= read -r each; do
    if is_sealed "$each"; then echo "$each"; fi
  done
}

count() { find "$@" -print0 | tr -dc '\0' | wc -c; }

# Hash the files of a list in its order: one hash a line, for openssl is faster but writes names differently.
hashes() {
  if command -v openssl >/dev/null 2>&1; then
    xargs -0 -r openssl dgst -sha256 -r
  else
    xargs -0 -r sha256sum
  fi | sed 's/^\\//; s/[ *].*//'
}

first_wrong() {
  hashes <"$1/files" 2>/dev/null | {
    line=1
    while IFS= read -r wanted <&3 && IFS= read -r found && [ "$found" = "$wanted" ]; do line=$((line + 1)); done
    tr '\0' '\n' <"$1/files" | sed -n "${line}p"
  } 3<"$1/hashes"
}

# Compare the tree in this folder with lists (an absolute path); says what differs first, or nothing.
differs() {
  hashes <"$1/files" 2>/dev/null | cmp -s - "$1/hashes" || {
    echo "$(first_wrong "$1") is not what its hash says"
    return
  }
  found=$(xargs -0 -r sh -c 'exec find "$@" -prune -type f -perm -100 -print0' sh <"$1/executables" 2>/dev/null | tr -dc '\0' | wc -c)
  wanted=$(tr -dc '\0' <"$1/executables" | wc -c)
  [ "$found" -eq "$wanted" ] || { echo "$((wanted - found)) files cannot be executed that should be"; return; }
  [ "$(count . -type f -perm -100)" -eq "$wanted" ] || { echo "files can be executed that should not be"; return; }
  { xargs -0 -r readlink <"$1/links" || xargs -0 -r -n 1 readlink <"$1/links"; } 2>/dev/null | cmp -s - "$1/targets" || {
    xargs -0 -r -n 1 readlink <"$1/links" 2>/dev/null | cmp -s - "$1/targets" || { echo "links point elsewhere"; return; }
  }
  found=$(xargs -0 -r sh -c 'exec find "$@" -prune -type d -print0' sh <"$1/folders" 2>/dev/null | tr -dc '\0' | wc -c)
  [ "$found" -eq "$(tr -dc '\0' <"$1/folders" | wc -c)" ] || { echo "an empty folder is missing"; return; }
}

# Count what is in this folder, as the list `counts` does: all, folders, links.
counts() { echo "$(count .) $(count . -type d) $(count . -type l)"; }
