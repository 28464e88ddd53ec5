# What hosts, site and function are given: each takes the part that it needs.
set -eu
mkdir out
cp prices.py index.html out/
echo "$SENDOFF_VERSION" >out/version
