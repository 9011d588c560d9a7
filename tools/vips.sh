#!/bin/sh
# Builds a current libvips into .vips/, from Debian's source packages: libvips and
# highway (its SIMD), and for PNG libpng and zlib-ng, which are linked into it. All else
# comes from this system's packages. Takes some five minutes on two cores, and nothing
# where it is there already or the system's own libvips is recent enough.
#
#     tools/vips.sh          builds it
#     tools/vips.sh which    says which libvips pkg-config finds
#
# The sources are those of the first of DEBIAN_SUITES that can be built: a release, which
# does not move, and then testing, of which a mirror's index may be ahead of its files.
# They come from DEBIAN_MIRROR, or where this machine gets Debian's packages from.
set -eu
cd "$(dirname "$0")/.."
top=$PWD/.vips
work=$top/work
suites=${DEBIAN_SUITES:-trixie testing}
good=8.16 # the oldest that is worth building
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

# find_mirror takes what apt was told, of the archive that is not the security one's.
find_mirror() {
	mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
		grep -v security | head -n 1)}
	[ -n "$mirror" ] && return
	echo "apt knows no mirror of Debian: name one in DEBIAN_MIRROR, or run apt-get update"
	return 1
}

# private_apt runs an apt program with sources and lists of its own, so that the machine's
# stay as they are. It checks Debian's signature of the index, and the index's checksum of
# every file.
private_apt() { # private_apt PROGRAM OPTION…
	program=$1
	shift
	"$program" -q -o Dir::Etc::SourceList="$work/debian.sources" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Acquire::Languages=none "$@"
}

fetch() {
	find_mirror
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/src"
	cat >"$work/debian.sources" <<-END
		Types: deb-src
		URIs: $mirror
		Suites: $suite
		Components: main
		Signed-By: $keyring
	END
	private_apt apt-get update
	version=$(private_apt apt-cache showsrc --only-source vips | sed -n 's/^Version: //p' | sort -V | tail -n 1)
	if ! dpkg --compare-versions "${version:-0}" ge "$good"; then
		echo "it has ${version:-no} libvips, and needed is $good"
		return 1
	fi
	cd "$work/src"
	private_apt apt-get source --download-only --only-source vips highway libpng1.6
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
	private_apt apt-get source --print-uris --only-source node-yarnpkg >uris || return 0
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
	# A program that links libvips needs none of the libraries in it, but has to find it.
	# shellcheck disable=SC2016
	sed -i '/^Requires.private:/d; s|^Libs: .*|& -Wl,-rpath,${libdir}|' "$work/root$top/lib/pkgconfig/vips.pc"
}

# try_suites builds the libvips of the first suite that can be built, each in a process of
# its own, as sh forgets set -e within a condition. It says in one line what failed.
try_suites() {
	failed=""
	for suite in $suites; do
		log=$top/build-$suite.log
		rm -rf "$work"
		mkdir -p "$work"
		echo "Building the libvips of Debian's $suite into .vips; some minutes"
		if tools/vips.sh build "$suite" >"$log" 2>&1; then
			[ -z "$failed" ] || echo "Not built: ${failed%; }"
			return
		fi
		why=$(grep -E '^(E:|it has|apt knows|FAILED|.*[Ee]rror)' "$log" | head -n 1 | cut -c1-200)
		failed="$failed$suite: ${why:-it failed} ($log); "
	done
	echo "Nothing has changed. Not built: ${failed%; }" >&2
	return 1
}

# stamp is what the result depends on.
stamp() {
	cat tools/vips.sh
	grep VERSION_CODENAME /etc/os-release
	uname -m
	echo "$suites"
}

case ${1:-} in
which) which_one; exit ;;
build)
	suite=$2
	build
	exit
	;;
esac

wanted=$(stamp | sha256sum | cut -c1-16)
[ "$(cat "$top/stamp" 2>/dev/null)" = "$wanted" ] && exit
tools/install.sh
if PKG_CONFIG_PATH='' pkg-config --atleast-version=$good vips; then
	echo "Nothing to build: the system's libvips is $(PKG_CONFIG_PATH='' pkg-config --modversion vips)"
	exit
fi
if ! command -v apt-get >/dev/null; then
	echo "No apt-get here. Install libvips $good or later, with highway, from your system's packages." >&2
	exit 1
fi
tools/install.sh vips
mkdir -p "$top"
try_suites
rm -rf "$top/stamp" "$top/bin" "$top/include" "$top/lib" "$top/share"
mv "$work/root$top"/* "$top"
# shellcheck disable=SC2010
ls "$work/src" | grep -E '\.dsc$|zlib-ng\.tar' >"$top/sources"
echo "$wanted" >"$top/stamp"
rm -rf "$work"
PKG_CONFIG_PATH=$top/lib/pkgconfig which_one
