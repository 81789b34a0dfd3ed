#!/usr/bin/env bash
# Everything about releases, hosts and images that needs root and programs of Debian's: a release is made twice, installed on a real Debian 12 that is
# booted for it, upgraded there under open tunnels and broken; the image is built without a Docker engine, run read-only and used by the AWS SDK.
#
#   bash deploy/host/test/check.sh [release] [host] [image]
#
# Debian packages: debootstrap systemd systemd-container buildah podman runc catatonit podman-compose curl git gcc. Docs: docs/host.md.
set -euo pipefail
cd "$(dirname "$0")"

PINHOLE_CHECK_WORK=$(mktemp -d /var/tmp/pinhole-check.XXXXXX)
export PINHOLE_CHECK_WORK
trap 'rm -rf "$PINHOLE_CHECK_WORK"' EXIT

for program in debootstrap systemd-nspawn systemd-analyze buildah podman runc git cc curl; do
  command -v "$program" >/dev/null || { echo "$program is missing; the packages are in $0" >&2; exit 1; }
done

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(release host image)
failed=0
for part in "${parts[@]}"; do
  printf '\n== %s\n' "$part"
  started=$SECONDS
  bash "./check-$part.sh" || failed=1
  echo "($((SECONDS - started)) s)"
done
exit $failed
