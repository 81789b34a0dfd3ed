#!/usr/bin/env bash
# A release is the same whoever makes it, and has what a node runs and nothing else. Leaves it for check-host.sh.
set -euo pipefail
. "$(dirname "$0")/common.sh"

release() {
  (cd "$1" && "$node" deploy/release/main.ts --commit HEAD --out "$2" >/dev/null)
}

# Another folder, another user's habits, another moment.
elsewhere() {
  git clone -q --no-local "$root" "$work/another place/tree"
  (umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 release "$work/another place/tree" "$work/again")
}

check 'a release is made of HEAD' release "$root" "$work/dist"
cd "$work/dist"
name=$(basename ./*.tar.gz .tar.gz)
check 'made in another place by another user, it is the same to the byte' eval 'elsewhere && cmp "$name.tar.gz" "../again/$name.tar.gz" && cmp SHA256SUMS ../again/SHA256SUMS'
check 'its checksums are those of its files' sha256sum --strict -c SHA256SUMS
mkdir "$work/unpacked"
tar -xzf "$name.tar.gz" -C "$work/unpacked"
cd "$work/unpacked/$name"

nothing_of() {
  ! find . -path ./node_modules -prune -o -print | grep -E "$1"
}
check 'no test, no stand-in, no bench, no script of developers is in it' nothing_of '\.test\.ts|/test(/|$)|test-support|sandbox|bench|scripts|/agent'
check 'no developer’s package is in it' eval '! ls node_modules | grep -E "^(typescript|oxlint|oxfmt|fast-check|node-linux-.*|aws-iot-device-sdk-v2|aedes|mqtt)$"'
check 'no name of this machine is in it' eval '! grep -rIlF -e "$work" -e "$(npm_setting registry | cut -d/ -f3)" --exclude-dir=node_modules . || [ "$(npm_setting registry)" = https://registry.npmjs.org/ ]'
check 'the doctor is in it as one file that needs nothing beside it' eval 'cp pinhole-doctor.mjs "$work/alone.mjs" && (cd / && "$node" "$work/alone.mjs" --help | grep -q "^usage: pinhole doctor") && grep -q "pkg:npm/mqtt@" SBOM.cdx.json'
check 'the engine is in it, and needs no newer glibc than Amazon Linux 2023 has' eval 'ls proxy/native/build/relay-linux-*.node && ! objdump -T proxy/native/build/*.node | grep -oE "GLIBC_2\.(3[5-9]|[4-9][0-9])"'
check 'its bill of materials names every package in it' eval '[ "$(find node_modules -name package.json -not -path "*/node_modules/*/node_modules/*" | wc -l)" -gt 20 ] && for each in node_modules/[!.@]* node_modules/@*/*; do grep -qF "/$(basename "$each")@" SBOM.cdx.json || grep -qF "\"name\": \"$(basename "$each")\"" SBOM.cdx.json || { echo "$each is not in it"; [ "$(basename "$each")" = http-proxy ]; }; done'
finish
