#!/bin/sh
# Builds a current libvips into .vips/, from the source packages of Debian's next
# release: libvips and highway (its SIMD), and for PNG libpng and zlib-ng, which
# are linked into it. All else comes from this system's packages. Takes some five
# minutes on two cores, and nothing when it is there already.
#
#     tools/vips.sh          builds it
#     tools/vips.sh which    says which libvips pkg-config finds
#
# DEBIAN_MIRROR and DEBIAN_SUITE name other places to take the sources from.
set -eu
cd "$(dirname "$0")/.."
top=$PWD/.vips
work=$top/work
log=$top/build.log
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=${DEBIAN_SUITE:-forky}
good=8.18 # the first that is fast
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

which_one() {
	have=$(pkg-config --modversion vips)
	case $(pkg-config --variable=libdir vips) in
	"$top"/*) echo "with libvips $have of .vips" ;;
	*)
		if pkg-config --atleast-version=$good vips; then
			echo "with the system's libvips $have"
		else
			echo "with the system's libvips $have; make vips builds a faster one"
		fi
		;;
	esac
}

# private_apt is apt-get with sources and lists of its own, so that the machine's
# stay as they are. It checks Debian's signature of the index, and the index's
# checksum of every file.
private_apt() {
	apt-get -q -o Dir::Etc::SourceList="$work/debian.sources" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Acquire::Languages=none "$@"
}

fetch() {
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/src"
	cat >"$work/debian.sources" <<-END
		Types: deb-src
		URIs: $mirror
		Suites: $suite
		Components: main
		Signed-By: $keyring
	END
	private_apt update
	cd "$work/src"
	private_apt source --download-only --only-source vips highway libpng1.6
	for name in vips highway libpng1.6; do
		dpkg-source --no-check -x "$name"_*.dsc "$name" # checked by apt
	done
	fetch_zlib_ng
	cd "$work"
}

# fetch_zlib_ng takes the source of zlib-ng, which Debian has as a part of
# another package. Without it the system's zlib will do: with this and the newer
# libpng a PNG took 87 ms of CPU, with the system's two 120.
fetch_zlib_ng() {
	private_apt source --print-uris --only-source node-yarnpkg >uris
	# shellcheck disable=SC2046
	set -- $(grep 'orig-zlib-ng\.tar' uris | tr -d "'")
	[ $# = 4 ] || return 0
	/usr/lib/apt/apt-helper download-file "$1" "$2" "$4" || return 0
	mkdir zlib-ng
	tar -xf "$2" -C zlib-ng --strip-components=1
}

# What reads hostile pictures gets what Debian gives to its own packages.
harden() {
	flags="-fstack-protector-strong -D_FORTIFY_SOURCE=2"
	export CFLAGS="$flags" CXXFLAGS="$flags" LDFLAGS="-Wl,-z,relro -Wl,-z,now"
}

build_static() { # build_static NAME OPTION…
	name=$1
	shift
	cmake -G Ninja -S "$work/src/$name" -B "$work/$name" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
		-DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$work/static" -DCMAKE_INSTALL_LIBDIR=lib \
		-DCMAKE_PREFIX_PATH="$work/static" "$@"
	ninja -C "$work/$name" install
}

# build_vips switches everything off that is not named: ImageMagick, OpenSlide
# and other loaders of what no web page shows. bimg needs what is deprecated.
build_vips() {
	# Tests, fuzzers, manuals and translations.
	sed -i -E "/^subdir\('(test|fuzz|man|po)'\)/d" "$work/src/vips/meson.build"
	# The symbols of the static libraries must not meet those of the system's
	# libpng and zlib, which other libraries bring into the process.
	hide=-Wl,--exclude-libs,libpng16.a:libz.a:libhwy.a
	wanted="cgif exif fontconfig heif highway imagequant jpeg jpeg-xl lcms openjpeg pangocairo png poppler rsvg tiff webp zlib"
	PKG_CONFIG_PATH=$work/static/lib/pkgconfig meson setup "$work/vips" "$work/src/vips" \
		--prefix="$top" --libdir=lib --buildtype=release --auto-features=disabled \
		-Ddeprecated=true -Dexamples=false -Dcplusplus=false -Dintrospection=disabled -Dmodules=disabled \
		-Dppm=false -Danalyze=false -Dradiance=false \
		-Dc_link_args="$LDFLAGS $hide" -Dcpp_link_args="$LDFLAGS $hide" \
		$(for feature in $wanted; do echo "-D$feature=enabled"; done)
	ninja -C "$work/vips"
	DESTDIR=$work/root meson install -C "$work/vips" --no-rebuild
}

build() {
	fetch
	harden
	build_static highway -DBUILD_TESTING=OFF -DHWY_ENABLE_TESTS=OFF -DHWY_ENABLE_EXAMPLES=OFF -DHWY_ENABLE_CONTRIB=OFF
	if [ -d "$work/src/zlib-ng" ]; then
		build_static zlib-ng -DZLIB_COMPAT=ON -DZLIB_ENABLE_TESTS=OFF -DZLIBNG_ENABLE_TESTS=OFF
	fi
	build_static libpng1.6 -DPNG_SHARED=OFF -DPNG_TESTS=OFF -DPNG_TOOLS=OFF
	# A static libpng needs zlib at link time, which its file says only to those
	# who link everything statically.
	sed -i 's/^Requires.private: zlib/Requires: zlib/; s/^Libs: .*/& -lm/' "$work"/static/lib/pkgconfig/libpng*.pc
	build_vips
	# Whoever links libvips needs nothing of what is in it, but has to find it.
	# shellcheck disable=SC2016
	sed -i '/^Requires.private:/d; s|^Libs: .*|& -Wl,-rpath,${libdir}|' "$work/root$top/lib/pkgconfig/vips.pc"
}

# stamp is what the result depends on.
stamp() {
	cat tools/vips.sh
	grep VERSION_CODENAME /etc/os-release
	uname -m
	echo "$mirror $suite"
}

case ${1:-} in
which) which_one; exit ;;
build) build; exit ;;
esac

wanted=$(stamp | sha256sum | cut -c1-16)
[ "$(cat "$top/stamp" 2>/dev/null)" = "$wanted" ] && exit
if ! command -v apt-get >/dev/null; then
	echo "No apt-get here. Install libvips $good or later, with highway, from your system's packages." >&2
	exit 1
fi
tools/install.sh vips
echo "Building libvips from the source of Debian's $suite into .vips; some minutes"
rm -rf "$work"
mkdir -p "$work"
# In a process of its own, as sh forgets set -e within a condition.
if ! tools/vips.sh build >"$log" 2>&1; then
	grep -E '^(E:|FAILED|.*[Ee]rror)' "$log" | tail -20 >&2
	echo "It failed, and nothing has changed; all of it is in $log" >&2
	exit 1
fi
rm -rf "$top/stamp" "$top/bin" "$top/include" "$top/lib" "$top/share"
mv "$work/root$top"/* "$top"
# shellcheck disable=SC2010
ls "$work/src" | grep -E '\.dsc$|zlib-ng\.tar' >"$top/sources"
echo "$wanted" >"$top/stamp"
rm -rf "$work"
PKG_CONFIG_PATH=$top/lib/pkgconfig which_one
