#!/bin/sh
# Fetches 19 real photographs of 1.4 to 24 megapixels, from Debian's packages of
# wallpapers, into .photos/. They are free, but too large for this repository.
set -eu
cd "$(dirname "$0")/.."
[ -d .photos ] && exit 0
if ! command -v apt-get >/dev/null; then
	echo "No apt-get here: the tests with real photographs will be skipped." >&2
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt's own user must be able to write there.
chmod 777 "$work"
download() {
	(cd "$work" && apt-get download -q lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 >/dev/null 2>&1)
}
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! download && ! { $as_root apt-get update -q >/dev/null 2>&1 && download; }; then
	echo "Debian's packages of wallpapers cannot be had: the tests with real photographs will be skipped." >&2
	exit 0
fi
for package in "$work"/*.deb; do
	dpkg-deb -x "$package" "$work/x"
done
mkdir .photos.new
find "$work/x" -name '*.jpg' -type f -exec cp {} .photos.new/ \;
mv .photos.new .photos
