#!/bin/sh
# Builds the Debian package into a directory, for the release of Debian or Ubuntu that this
# runs on: it needs that one's libvips. Called by make deb.
#
#     deploy/debian/build.sh VERSION [DIRECTORY]
#
# VERSION is as git describe prints it; alone, it is printed as Debian writes it. Everything
# comes from here and from the flags, and the times are those of the last commit, so that the
# same commit gives the same package.
set -eu
umask 022
version=$1
[ $# = 1 ] || {
	mkdir -p "$2"
	out=$(cd "$2" && pwd)
}
cd "$(dirname "$0")/../.."

# Debian's versions begin with a digit: a commit without a tag comes before all releases, and
# one with a tag such as v1.0.0-rc1 before its release.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
case $version in
v[0-9]*) DEB_VERSION=$(echo "${version#v}" | sed 's/-\(alpha\|beta\|rc\)/~\1/; s/-/+/; s/-/./g') ;;
*) DEB_VERSION="0~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$(echo "$version" | tr - .)" ;;
esac
[ $# = 2 ] || {
	echo "$DEB_VERSION"
	exit
}

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
here=deploy/debian
put() { # put MODE FILE... DIRECTORY
	mode=$1
	shift
	for to in "$@"; do :; done
	mkdir -p "$stage/$to"
	while [ $# -gt 1 ]; do
		install -m "$mode" "$1" "$stage/$to/"
		shift
	done
}

DEB_ARCH=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH DEB_VERSION DEB_ARCH

mkdir -p "$stage/usr/bin"
flags="-s -w -X main.version=$version"
CGO_ENABLED=0 go build -ldflags "$flags" -o "$stage/usr/bin/" ./cmd/thumbery
go build -ldflags "$flags" -o "$stage/usr/bin/" ./cmd/thumbery-worker
thumbery=$stage/usr/bin/thumbery

"$thumbery" manual "$stage/usr/share/man/man1"
put 644 $here/thumbery-worker.1 usr/share/man/man1
gzip -9n "$stage"/usr/share/man/man1/*
completion() { # completion SHELL FILE
	mkdir -p "$stage/usr/share/$(dirname "$2")"
	"$thumbery" completion "$1" >"$stage/usr/share/$2"
}
completion bash bash-completion/completions/thumbery
completion zsh zsh/vendor-completions/_thumbery
completion fish fish/vendor_completions.d/thumbery.fish

# The units are those of deploy/systemd, with Debian's paths.
put 644 deploy/systemd/*.service deploy/systemd/*.socket deploy/systemd/*.timer usr/lib/systemd/system
sed -i -e '1,/^\[Unit\]/{/^#/d}' -e 's|/usr/local/bin/|/usr/bin/|' -e 's|/etc/thumbery\.env|/etc/thumbery/env|' \
	-e 's|^Environment=THUMBERY_CACHE=.*|Environment=THUMBERY_CONFIG=/etc/thumbery/thumbery.toml|' \
	"$stage"/usr/lib/systemd/system/*
put 644 $here/thumbery.conf usr/lib/sysusers.d

# The settings are those of deploy/thumbery.toml, of which a few are set.
put 644 deploy/thumbery.toml etc/thumbery
sed -i -e 's|thumbery \([a-z]*\) --config /etc/thumbery.toml|thumbery \1 --config /etc/thumbery/thumbery.toml|' \
	-e '/^# Secrets (key/,/^# of S3 are never/c\# Secrets (key, hook-secret, admin-token, credentials of S3) belong into /etc/thumbery/env.\n#\n# What follows without a # is what the package sets.' \
	-e 's|^#source = .*|source = ["/=file:///usr/share/thumbery/pictures"] # examples: replace them by yours|' \
	-e 's|^#cache = .*|cache = "/var/cache/thumbery"|' -e 's|^#older-than = .*|older-than = "90d"|' \
	-e 's|^#max-size = .*|max-size = "50GiB"|' -e 's|^#min-free = .*|min-free = "10%"|' "$stage/etc/thumbery/thumbery.toml"
put 640 $here/env etc/thumbery
put 644 testdata/photos/* usr/share/thumbery/pictures/photos

doc=usr/share/doc/thumbery
put 644 $here/copyright README.md $doc
put 644 docs/* $doc/docs
sed -i 's|](\.\./|](https://github.com/thumbery/thumbery/blob/main/|g' "$stage/$doc"/docs/*.md
put 644 deploy/nginx.conf deploy/nginx-cache.conf deploy/varnish.vcl deploy/lighttpd.conf deploy/prometheus/alerts.yml $doc/examples
sed -i 's|^    server 127.0.0.1:8080; .*|    server unix:/run/thumbery/http.sock;|' "$stage/$doc"/examples/nginx*.conf
put 644 $here/lintian-overrides usr/share/lintian/overrides
mv "$stage/usr/share/lintian/overrides/lintian-overrides" "$stage/usr/share/lintian/overrides/thumbery"
cat >"$stage/$doc/changelog" <<END
thumbery ($DEB_VERSION) stable; urgency=medium

  * Built of $version; the changes are in the history of the repository.

 -- The Thumbery authors <thumbery@users.noreply.github.com>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
# The licences of what is linked ask to be passed on.
go list -deps -f '{{with .Module}}{{.Path}} {{.Dir}}{{end}}' ./cmd/thumbery ./cmd/thumbery-worker | sort -u |
	while read -r module dir; do
		for licence in "$dir"/LICENSE* "$dir"/COPYING* "$dir"/NOTICE*; do
			[ ! -f "$licence" ] || printf '==== %s\n\n%s\n\n' "$module" "$(cat "$licence")"
		done
	done >"$stage/$doc/licences-of-modules"
gzip -9n "$stage/$doc/changelog" "$stage/$doc/licences-of-modules"

# What the worker links, in the versions that it needs; and on Debian 13, what writes AVIF.
mkdir "$stage/debian"
printf 'Source: thumbery\n\nPackage: thumbery\nArchitecture: any\n' >"$stage/debian/control"
DEB_DEPENDS=$(cd "$stage" && dpkg-shlibdeps --warnings=0 -O usr/bin/thumbery-worker | sed -n 's/^shlibs:Depends=//p')
rm -r "$stage/debian"
for plugins in /usr/lib/*/libheif/plugins; do
	[ ! -d "$plugins" ] || DEB_DEPENDS="$DEB_DEPENDS, libheif-plugin-aomenc"
done
export DEB_DEPENDS

find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
root=$PWD
go build -modfile=tools/nfpm.mod -o "$stage.nfpm" github.com/goreleaser/nfpm/v2/cmd/nfpm
trap 'rm -rf "$stage" "$stage.nfpm"' EXIT
cd "$stage"
cp -p "$root/$here/postinst" "$root/$here/prerm" "$root/$here/postrm" .
"$stage.nfpm" package --config "$root/$here/nfpm.yaml" --packager deb --target "$out/"
