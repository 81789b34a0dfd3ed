#!/bin/sh
# Makes a host of Pinhole of a Debian 12 or an Amazon Linux 2023, or brings one up to this release's units. Run as root, from an unpacked release
# that was verified, or from a checkout. May be run again: what is there already stays, the configuration above all.
set -eu
umask 022

PREFIX=/opt/pinhole
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)

usage() {
  cat <<'END'
Usage: install.sh --release TARBALL --sha256 HEX [--node TARBALL] [--start]
       install.sh --units

Makes the user, the folders, the units, log rotation and kernel settings; adds the release and has the unit start it. Everything that it may have
to fetch is fetched here, so a machine made of an image of this host boots without.

  --release TARBALL  what `npm run release` made
  --sha256 HEX       its checksum, from a place that is trusted: a release of another one is refused
  --node TARBALL     the Node of nodejs.org that it is for; fetched from there unless given, and verified either way
  --start            starts the node too; without it, at the next boot
  --units            only the units, log rotation and kernel settings, of the release that this script is in

Exit codes: 0, 1 it failed, 64 wrong command line.
END
}

die() {
  echo "install.sh: $1" >&2
  exit "${2:-1}"
}

install_packages() {
  # Node is linked to libatomic, which neither system has from the beginning.
  if [ -e /usr/lib64/libatomic.so.1 ] || ldconfig -p | grep -q 'libatomic\.so\.1 '; then missing=; else missing=libatomic; fi
  command -v logrotate >/dev/null || missing="$missing logrotate"
  [ -n "$missing" ] || return 0
  if command -v dnf >/dev/null; then
    # shellcheck disable=SC2086
    dnf install -y $missing
  elif command -v apt-get >/dev/null; then
    [ "${missing#libatomic}" = "$missing" ] || missing="libatomic1${missing#libatomic}"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
  else
    die "neither apt-get nor dnf is here; install by hand: $missing"
  fi
}

make_user() {
  getent passwd pinhole >/dev/null || useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pinhole
  # Keys and tokens are in it: the node reads, root alone writes.
  [ -d /etc/pinhole ] || install -d -o root -g pinhole -m 0750 /etc/pinhole
}

install_units() {
  for unit in pinhole.service pinhole-address.service; do install -m 0644 "$here/$unit" /etc/systemd/system/; done
  install -m 0644 "$here/logrotate.conf" /etc/logrotate.d/pinhole
  install -m 0644 "$here/sysctl.conf" /etc/sysctl.d/60-pinhole.conf
  install -m 0755 "$here/pinhole-release" /usr/local/sbin/pinhole-release
  ln -sfn "$PREFIX/current/pinhole" /usr/local/bin/pinhole
  # In the making of an image there may be no systemd, and its kernel is not the host's.
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
  sysctl -q -p /etc/sysctl.d/60-pinhole.conf 2>/dev/null || echo 'install.sh: kernel settings are taken at the next boot' >&2
}

release=
sha256=
node=
start=
units=
while [ $# -gt 0 ]; do
  case $1 in
    --release | --sha256 | --node)
      [ $# -gt 1 ] || die "$1 wants a value" 64
      case $1 in --release) release=$2 ;; --sha256) sha256=$2 ;; --node) node=$2 ;; esac
      shift
      ;;
    --start) start=yes ;;
    --units) units=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) die "no such option: $1; see --help" 64 ;;
  esac
  shift
done
[ -n "$units" ] || { [ -n "$release" ] && [ -n "$sha256" ]; } || die '--release and --sha256 are missing; see --help' 64
[ "$(id -u)" -eq 0 ] || die 'run it as root'

if [ -z "$units" ]; then
  install_packages
  make_user
  # First of all: a release that is refused leaves a host that has nothing to start.
  name=$("$here/pinhole-release" add "$release" --sha256 "$sha256" ${node:+--node "$node"})
  install_units
  "$here/pinhole-release" use "$name"
  systemctl enable pinhole.service pinhole-address.service
  echo "installed $name; its configuration is /etc/pinhole/pinhole.yaml"
  [ -z "$start" ] || systemctl start pinhole.service pinhole-address.service
else
  install_units
fi
