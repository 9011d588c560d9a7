#!/bin/sh
# Installs what is missing to build Thumbery, and with "test" or "bench" what
# those need, too. Does nothing, quickly, where everything is there.
set -eu

PATH="$PATH:/usr/sbin:/sbin" # where nginx is
missing=""
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need pkg-config pkg-config
need cc gcc
pkg-config --exists vips 2>/dev/null || missing="$missing libvips-dev"
case "${1:-}" in
test) need nginx nginx-light ;;
bench)
	need nginx nginx-light
	need wrk wrk
	;;
esac

[ -z "$missing" ] && exit 0

if [ "$(uname)" = Darwin ]; then
	echo "Missing:$missing. Install them with:  brew install pkg-config vips nginx" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo "Missing:$missing (names of Debian's packages). Install them with your system's package manager." >&2
	exit 1
fi

as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
echo "Installing$missing"

# Debian starts a server when it installs one. The tests start their own, so
# this tells Debian not to, unless the system has a rule of its own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod +x $policy
	trap '$as_root rm -f $policy' EXIT
fi
log=$(mktemp)
if ! {
	$as_root apt-get update -q &&
		# shellcheck disable=SC2086
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
} >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
rm -f "$log"
