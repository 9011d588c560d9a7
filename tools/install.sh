#!/bin/sh
# Installs what is missing to build Thumbery, and with "test", "bench" or "vips"
# what those need, too. Does nothing, quickly, where everything is there.
set -eu

PATH="$PATH:/usr/sbin:/sbin" # where nginx is
missing=""
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need_lib() { # need_lib PKG-CONFIG-NAME PACKAGE
	pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"
}

# need_for_vips is what tools/vips.sh builds libvips with.
need_for_vips() {
	need c++ g++
	need meson meson
	need ninja ninja-build
	need cmake cmake
	need dpkg-source dpkg-dev
	need xz xz-utils
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
	need_lib gio-2.0 libglib2.0-dev
	need_lib cgif libcgif-dev
	need_lib expat libexpat1-dev
	need_lib imagequant libimagequant-dev
	need_lib lcms2 liblcms2-dev
	need_lib libexif libexif-dev
	need_lib libheif libheif-dev
	need_lib libjpeg libjpeg-dev
	need_lib libjxl libjxl-dev
	need_lib libopenjp2 libopenjp2-7-dev
	need_lib librsvg-2.0 librsvg2-dev
	need_lib libtiff-4 libtiff-dev
	need_lib libwebpdemux libwebp-dev
	need_lib pangoft2 libpango1.0-dev
	need_lib poppler-glib libpoppler-glib-dev
	need_lib zlib zlib1g-dev
}

# need_avif is for the systems where what writes AVIF is a package of its own, which
# libvips does not bring: Debian 13 and later.
need_avif() {
	for plugins in /usr/lib/*/libheif/plugins; do
		if [ -d "$plugins" ] && [ ! -e "$plugins/libheif-aomenc.so" ]; then
			missing="$missing libheif-plugin-aomenc"
		fi
	done
}

# need_for_clients is what the libraries in clients/ are tested with: small packages.
need_for_clients() {
	need node nodejs
	need php php-cli
	need ruby ruby
	[ "$(uname)" = Darwin ] && return # there, only what needs no framework can be tested
	need_file /etc/php/*/cli/conf.d/*-mbstring.ini php-mbstring
	need_file /usr/share/php/Twig php-twig
	need_file /usr/share/php/Illuminate/Support php-illuminate-support
	need_file /usr/lib/python3/dist-packages/jinja2 python3-jinja2
	need_file /usr/lib/python3/dist-packages/django python3-django
	need_file /usr/lib/python3/dist-packages/flask python3-flask
	need_file /usr/share/rubygems-integration/*/specifications/railties-*.gemspec ruby-railties
}
need_file() { # need_file PATH... PACKAGE
	[ -e "$1" ] || missing="$missing $(eval echo "\${$#}")"
}

# need_for_terminals is what completion and man pages are tested with: small packages.
need_for_terminals() {
	need zsh zsh
	need fish fish
	need mandoc mandoc
	need groff groff-base
}

need pkg-config pkg-config
need cc gcc
case "${1:-}" in
vips) need_for_vips ;;
*) need_lib vips libvips-dev ;;
esac
need_avif
case "${1:-}" in
deb) need dpkg-shlibdeps dpkg-dev ;;
test)
	need nginx nginx-light
	need varnishd varnish
	need haproxy haproxy
	[ "$(uname)" = Darwin ] || need chromium chromium # for the tests of the page, with npm for axe-core
	[ "$(uname)" = Darwin ] || need npm npm
	[ "$(uname)" = Darwin ] || need iptables iptables # for partitions, in network namespaces
	[ "$(uname)" = Darwin ] || ls /usr/lib/*/varnish/vmods/libvmod_xkey.so >/dev/null 2>&1 || missing="$missing varnish-modules"
	need lighttpd lighttpd
	need promtool prometheus
	need vips libvips-tools
	need_for_clients
	need_for_terminals
	[ "$(uname)" = Darwin ] || need dpkg-shlibdeps dpkg-dev # for the Debian package
	;;
bench)
	need nginx nginx-light
	need wrk wrk
	need vips libvips-tools
	need jpegtran libjpeg-turbo-progs
	;;
esac

[ -z "$missing" ] && exit 0

if [ "$(uname)" = Darwin ]; then
	echo "Missing:$missing. Install them with:  brew install pkg-config vips nginx varnish haproxy lighttpd prometheus node php ruby zsh fish mandoc groff" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo "Missing:$missing (names of Debian's packages). Install them with your system's package manager." >&2
	exit 1
fi

as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
echo "Installing$missing"

# Debian starts a server when it installs one, and at every boot. The tests start
# their own, so this tells Debian not to start any now, unless the system has a rule
# of its own, and stops and disables those that were not there before.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod +x $policy
	trap '$as_root rm -f $policy' EXIT
fi
log=$(mktemp)
if ! {
	$as_root apt-get update -q &&
		case "$missing" in
		*libvips-dev*) missing="$missing $(apt-cache pkgnames libheif-plugin-aomenc)" ;;
		esac &&
		# shellcheck disable=SC2086
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
} >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
rm -f "$log"

command -v systemctl >/dev/null || exit 0
for package in $missing; do
	case $package in
	nginx-light) service=nginx ;;
	varnish | haproxy | lighttpd | prometheus) service=$package ;;
	*) continue ;;
	esac
	$as_root systemctl disable --now "$service" >/dev/null 2>&1 ||
		$as_root systemctl disable "$service" >/dev/null 2>&1 ||
		echo "Cannot disable the service $service: it may start at the next boot." >&2
done
