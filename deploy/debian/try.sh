#!/bin/sh
# Installs a package, uses it, upgrades, removes and purges it, on a copy of this system that is
# thrown away: an overlay over its files, with processes and a network of its own. Needs root.
# systemd does not run there, so what it would do is done here: it starts the service by the
# unit's command, as the unit's user, with the unit's sockets.
#
#     deploy/debian/try.sh PACKAGE
#
# Exit status 77: this system cannot do that; standard error says why.
set -eu

cannot() {
	echo "cannot try the package: $*" >&2
	exit 77
}

case ${1:-} in
outside) # in namespaces of our own
	top=/mnt # which only these namespaces see
	mount -t tmpfs tmpfs "$top"
	mkdir "$top/changes" "$top/work" "$top/root"
	mount -t overlay -o "lowerdir=/,upperdir=$top/changes,workdir=$top/work" overlay "$top/root" 2>"$top/error" ||
		cannot "no overlay: $(cat "$top/error")"
	cd "$top/root"
	for dir in proc sys dev; do mount --rbind /$dir $dir; done
	mount -t proc proc proc
	mount -t tmpfs tmpfs run
	mount -t tmpfs tmpfs tmp
	mkdir tmp/changes run/lock
	mount --bind "$top/changes" tmp/changes
	cp "$2" tmp/thumbery.deb
	cp "$3" tmp/try.sh
	ip link set lo up 2>/dev/null || ifconfig lo up
	exec chroot . /bin/sh /tmp/try.sh inside
	;;
inside) ;;
*)
	[ "$(id -u)" = 0 ] || cannot "needs root"
	for program in unshare systemctl apt-get dpkg-deb systemd-socket-activate systemd-analyze setpriv curl; do
		command -v $program >/dev/null || cannot "there is no $program"
	done
	unshare --mount --net --pid --ipc true 2>/dev/null || cannot "no namespaces may be made"
	! dpkg-query -s thumbery >/dev/null 2>&1 || cannot "the package is installed here"
	self=$(readlink -f "$0")
	exec unshare --mount --net --pid --ipc --fork --kill-child "$self" outside "$(readlink -f "$1")" "$self"
	;;
esac

# From here on, we are inside.
export DEBIAN_FRONTEND=noninteractive
exec </dev/null
trap 'status=$?; [ $status = 0 ] || echo "failed after: $step" >&2' EXIT
step=start
check() { # check DESCRIPTION COMMAND…
	step=$1
	shift
	"$@" || {
		echo "$step: failed: $*" >&2
		exit 1
	}
}
is() { # is WANT COMMAND…
	want=$1
	shift
	got=$("$@") || true
	[ "$got" = "$want" ] || {
		echo "$*: $got, not $want" >&2
		return 1
	}
}
has() { grep -q -- "$1" "$2" || { cat "$2" >&2; return 1; }; }
not() { ! "$@"; }

# systemctl links units, which it does without systemd, and writes down what else it is told.
rm -f /usr/sbin/policy-rc.d
mkdir -p /run/systemd/system
told=/tmp/told
cat >/tmp/systemctl <<END
#!/bin/sh
case "\$*" in
--root=*) exec /tmp/systemctl.real "\$@" ;;
esac
echo "\$*" >>$told
case "\$*" in
*is-enabled*thumbery*) echo enabled ;;
*is-active*) exit 1 ;;
esac
END
chmod +x /tmp/systemctl
systemctl=$(command -v systemctl)
cp "$systemctl" /tmp/systemctl.real
mount --bind /tmp/systemctl "$systemctl"
rm -f /usr/local/bin/thumbery* /var/lib/man-db/auto-update # which takes seconds

: >$told
touch /tmp/before
apt-get install -q -y --no-install-recommends /tmp/thumbery.deb >/tmp/log 2>&1 || {
	cat /tmp/log >&2
	grep -q 'Unable to fetch\|Failed to fetch' /tmp/log && cannot "what the package needs is not installed here"
	exit 1
}
check "the user" id thumbery >/dev/null
check "cache directory" is "750 thumbery thumbery" stat -c "%a %U %G" /var/cache/thumbery
check "secrets" is "640 root thumbery" stat -c "%a %U %G" /etc/thumbery/env
for unit in sockets.target.wants/thumbery.socket sockets.target.wants/thumbery-admin.socket \
	multi-user.target.wants/thumbery.service timers.target.wants/thumbery-purge.timer; do
	check "enabled: $unit" test -L /etc/systemd/system/$unit
done
check "reloaded" has "daemon-reload" $told
check "started: sockets and timer" has "start thumbery.socket thumbery-admin.socket thumbery-purge.timer" $told
check "started: server" has "start thumbery.service" $told
units=/usr/lib/systemd/system
systemd-analyze verify --man=no $units/thumbery* >/tmp/verify 2>&1 || true
check "systemd-analyze verify" is "" grep thumbery /tmp/verify # of other units it may say more
check "version" sh -c "thumbery version >/tmp/version"
check "man page" sh -c 'man -w thumbery-serve >/dev/null 2>&1 || test -e /usr/share/man/man1/thumbery-serve.1.gz'
check "bash completes" bash -c '. /usr/share/bash-completion/completions/thumbery
	COMP_LINE="thumbery serve --ca" COMP_POINT=19; _thumbery thumbery --ca serve; [ "${COMPREPLY[*]}" = --cache ]'

# as_unit UNIT PREFIX… starts a unit's command as systemd does.
as_unit() {
	unit=$units/$1
	shift
	key() { sed -n "s/^$1=//p" "$unit"; }
	# shellcheck disable=SC2046,SC2016
	"$@" setpriv --reuid="$(key User)" --regid="$(key Group)" --init-groups --no-new-privs \
		env $(key Environment) sh -c 'set -a; . "$1"; shift; exec "$@"' sh "$(key EnvironmentFile)" $(key ExecStart)
}
socket=$(sed -n 's/^ListenStream=//p' $units/thumbery.socket)
admin=$(sed -n 's/^ListenStream=//p' $units/thumbery-admin.socket)
step="start of the server"
mkdir -p "$(dirname "$socket")"
as_unit thumbery.service systemd-socket-activate --listen="$socket" --listen="$admin" --fdname=http:admin >/tmp/server 2>&1 &
tries=0
until [ -S "$socket" ] || [ $tries = 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
step="a picture"
check "$step" is "200 image/jpeg" curl -sS -o /tmp/cat.jpg -w '%{http_code} %{content_type}' --unix-socket "$socket" http://localhost/300x200/photos/cat.jpg
check "it is a JPEG" is "ffd8ff" sh -c "od -An -tx1 -N3 /tmp/cat.jpg | tr -d ' '"
step="health"
tries=0
until runuser -u thumbery -- thumbery health >/tmp/health 2>&1 || [ $tries = 20 ]; do # it waits for three seconds, and this machine may be busy
	tries=$((tries + 1))
done
check "$step" is ok cat /tmp/health
step="it runs as its user"
server=$(pgrep -u thumbery -x thumbery)
check "so do its child processes" pgrep -u thumbery thumbery-worker >/dev/null
as_unit thumbery-purge.service >/tmp/purged 2>&1 || { cat /tmp/purged >&2; exit 1; }
check "purge" has '^derivatives: looked at 1 file' /tmp/purged

# An upgrade keeps what was changed, also if the new package has other settings.
echo '# mine' >>/etc/thumbery/thumbery.toml
chmod 600 /etc/thumbery/env
: >$told
check "the same again" dpkg -i /tmp/thumbery.deb >/tmp/log 2>&1
check "settings are kept" has '^# mine$' /etc/thumbery/thumbery.toml
check "restarted" has "restart thumbery.service" $told
check "sockets stay" is "" grep "stop\|restart thumbery.socket" $told
dpkg-deb -R /tmp/thumbery.deb /tmp/next
sed -i 's/^Version: .*/&+next/' /tmp/next/DEBIAN/control
echo '# theirs' >>/tmp/next/etc/thumbery/thumbery.toml
step="links in the documentation"
cd /tmp/next/usr/share/doc/thumbery
for page in README.md docs/*.md; do
	for link in $(grep -o '](\(docs/\)\?[A-Za-z_.-]*\.[a-z]*[)#]' "$page" | tr -d ']()#'); do
		check "link in $page" test -e "$(dirname "$page")/$link"
	done
done
cd /
dpkg-deb -b -Znone /tmp/next /tmp/next.deb >/dev/null
check "upgrade" dpkg -i --force-confold /tmp/next.deb >/tmp/log 2>&1
check "settings are kept" has '^# mine$' /etc/thumbery/thumbery.toml
check "theirs are beside" has '^# theirs$' /etc/thumbery/thumbery.toml.dpkg-dist
check "modes are kept" is "600 thumbery" stat -c "%a %G" /etc/thumbery/env

: >$told
kill "$server"
wait
check "removal" apt-get remove -q -y thumbery >/tmp/log 2>&1
check "stopped" has "stop thumbery.socket thumbery-admin.socket thumbery.service thumbery-purge.timer" $told
check "settings stay" test -e /etc/thumbery/thumbery.toml
check "no program" not test -e /usr/bin/thumbery
check "no process" is "" pgrep -u thumbery
cache=/var/cache/thumbery
rm -f /etc/systemd/system/thumbery.service
echo '[Service]' >/etc/systemd/system/thumbery.service
check "purge beside an installation by hand" /var/lib/dpkg/info/thumbery.postrm purge
rm /etc/systemd/system/thumbery.service
check "its cache stays" test -e $cache/derivatives
mount --bind $cache $cache
check "purge of the package" dpkg --purge thumbery >/tmp/log 2>&1
check "the cache, a mount, is empty" is "" ls -A $cache
umount $cache
rmdir $cache
check "the user stays" id thumbery >/dev/null

# Nothing is left of what was not there before, but for the user and what dpkg, apt and others
# write about themselves.
left=$(cd /tmp/changes && find . -newer /tmp/before ! -type d ! -type c | grep -v -E \
	'^\./(etc/(passwd|group|shadow|gshadow|subuid|subgid|ld.so.cache|\.pwd\.lock)-?|var/(lib/(dpkg|apt|systemd/(catalog|deb-systemd-helper-masked))|log|cache/(apt|debconf|man|ldconfig)|backups)($|/).*|usr/(share/info|lib/x86_64.*cache).*)$' || true)
check "no file is left: $left" test -z "$left"
check "no unit is left" is "" find /etc/systemd/system /var/lib/systemd/deb-systemd-helper-enabled -name 'thumbery*'
echo "installed, served, upgraded, removed and purged"
