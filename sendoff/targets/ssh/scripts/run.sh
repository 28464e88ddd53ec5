# run.sh ROOT RELEASE WORD…: becomes a command in the folder of a release.
if ! cd "$1/releases/$2" 2>/dev/null; then
  echo "sendoff:refused $2 is not on this host; deploy it first"
  exit 3
fi
shift 2
echo "sendoff:runs"
exec "$@"
