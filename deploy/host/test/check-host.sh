#!/usr/bin/env bash
# A real systemd of Debian 12, booted in a folder, gets the release as a host would, and everything that may go wrong there is made to.
set -euo pipefail
. "$(dirname "$0")/common.sh"

tree=$(debian_tree host systemd,systemd-sysv,dbus,procps,logrotate,libatomic1,ca-certificates)
machine=$work/machine
mkdir -p "$work/upper" "$work/overlay" "$machine"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/overlay" "$machine"
nspawn=
leave() {
  [ -z "$nspawn" ] || kill -KILL "$nspawn" 2>/dev/null || true
  [ -z "$nspawn" ] || wait "$nspawn" 2>/dev/null || true
  umount -l "$machine"
}
trap leave EXIT

# The official Node cannot be had without nodejs.org. This one is the same binary as npm brings it, so releases for it carry its checksum; the release
# as it was made has the official one, and must refuse it.
[ -d "$work/dist" ] || { echo 'check-release.sh makes the release: run it first' >&2; exit 1; }
made=$(basename "$work"/dist/*.tar.gz .tar.gz)
version=$("$node" --version)
platform=${made##*-linux-}
brought=node-$version-linux-$platform
mkdir -p "$work/$brought/bin" "$machine/root/in"
cp "$node" "$work/$brought/bin/node"
cp "$(dirname "$(dirname "$node")")/LICENSE" "$work/$brought/"
tar -C "$work" -c "$brought" | gzip -1 >"$machine/root/in/$brought.tar.gz"
cp "$work/dist/$made.tar.gz" "$machine/root/in/"

# variant VERSION [COMMAND]: the release as another version, after this change in its folder.
variant() {
  local name=pinhole-$1-linux-$platform
  rm -rf "$work/variant"
  mkdir "$work/variant"
  cp -a "$work/unpacked/$made" "$work/variant/$name"
  (
    cd "$work/variant/$name"
    sed -i "s/^  \"version\": .*/  \"version\": \"$1\",/" package.json RELEASE.json
    echo "$(sum_of "$machine/root/in/$brought.tar.gz")  $brought.tar.gz" >deploy/host/node.sums
    eval "${2:-:}"
  )
  tar -C "$work/variant" -c "$name" | gzip -1 >"$machine/root/in/$name.tar.gz"
}
variant 9.0.1
tar -C "$machine/root/in" -xzf "$machine/root/in/pinhole-9.0.1-linux-$platform.tar.gz"
variant 9.0.2
variant 9.0.3 'echo "process.exit(3);" >proxy/carrier.ts'
cp "$root/deploy/host/test/in-host.sh" "$root/deploy/host/test/common.sh" "$root/deploy/host/test/tunnels.mjs" "$machine/root/in/"

systemd-nspawn --quiet --directory="$machine" --register=no --keep-unit --private-network --boot >"$work/boot.log" 2>&1 &
nspawn=$!
leader() {
  pgrep -P "$nspawn"
}
within 20 leader >/dev/null || { tail -20 "$work/boot.log"; exit 1; }
inside() {
  nsenter --target "$(leader)" --all -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}
within 60 inside systemctl is-system-running --quiet || { inside systemctl list-jobs; tail -20 "$work/boot.log"; exit 1; }
inside env PINHOLE_CHECK_WORK=/var/tmp PLATFORM="$platform" MADE="$made" NODE_TARBALL="$brought.tar.gz" bash /root/in/in-host.sh
