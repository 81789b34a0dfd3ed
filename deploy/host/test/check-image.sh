#!/usr/bin/env bash
# The image, built by buildah and run by podman, which need no engine: read-only, without a capability, and used through the AWS SDK.
set -euo pipefail
. "$(dirname "$0")/common.sh"

export STORAGE_DRIVER=overlay BUILDAH_ISOLATION=chroot
export CONTAINERS_STORAGE_CONF=$work/storage.conf
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$work/storage" "$work/run-storage" >"$CONTAINERS_STORAGE_CONF"
base=$(sed -n 's/^ARG BASE=//p' "$root/Dockerfile")
image=localhost/pinhole:check
world=
leave() {
  podman rm --all --force --time 0 >/dev/null 2>&1 || true
  [ -z "$world" ] || kill "$world" 2>/dev/null || true
  [ -z "$world" ] || wait "$world" 2>/dev/null || true
  umount -l "$work/storage/overlay" 2>/dev/null || true
}
trap leave EXIT

# No registry of images is at hand: what the base's name says, of Debian 12 with this Node and npm, stands in for it under that very name.
stand_in_for_base() {
  local tree folder=$work/base npm cafile
  tree=$(debian_tree image libatomic1,ca-certificates) || return 1
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  # What this machine's npm trusts, at the place where its settings have it.
  cafile=$(npm_setting cafile)
  cp -a "$tree" "$folder" &&
    cp "$node" "$folder/usr/local/bin/node" &&
    mkdir -p "$folder/usr/local/lib/node_modules" &&
    cp -a "$npm" "$folder/usr/local/lib/node_modules/npm" &&
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/usr/local/bin/npm" &&
    { [ "$cafile" = null ] || cp "$cafile" "$folder$cafile"; } &&
    tar -C "$folder" -c . | podman import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$base" &&
    rm -rf "$folder"
}
check 'a base of the name that the Dockerfile wants is at hand' stand_in_for_base

build() {
  local npmrc=$work/npmrc key
  for key in registry cafile; do [ "$(npm_setting $key)" = null ] || echo "$key=$(npm_setting $key)"; done >"$npmrc"
  buildah build --quiet --format docker --network host --pull-never --secret "id=npmrc,src=$npmrc" --build-arg "COMMIT=$(git -C "$root" rev-parse HEAD)" --tag "$image" "$root"
}
check 'the image is built' build
[ "$failed" -eq 0 ] || { finish; exit 1; }

in_image() {
  podman --runtime runc run --rm --network none --ulimit nofile=10000:10000 --ulimit nproc=10000:10000 --entrypoint "$1" "$image" "${@:2}"
}
says() {
  local words=$1
  shift
  grep -q -- "$words" <<<"$("$@")"
}
# Amazon Linux and Debian people look for these first.
check 'it runs as nobody of weight' says '^10001:10001$' podman image inspect --format '{{.Config.User}}' "$image"
# finds_nothing COMMAND: run in the image by its shell, it prints no line; the last line says that it has run at all.
finds_nothing() {
  local said
  said=$(in_image /bin/sh -c "$1; echo looked" 2>/dev/null)
  [ "$said" = looked ] || { echo "found: $said"; return 1; }
}
check 'no program in it makes another user of a user' finds_nothing 'find / -xdev -type f -perm /6000'
check 'no compiler, no npm, no test and no stand-in is in it' finds_nothing 'command -v cc gcc npm npx yarn; find /opt/pinhole -path "*/node_modules" -prune -o "(" -name "*.test.ts" -o -name sandbox -o -name agent ")" -print; ls -d /opt/pinhole/node_modules/typescript'
check 'no secret of the build is in it' finds_nothing 'find / -xdev -name .npmrc; grep -rIl registry= /etc /opt/pinhole/package.json'
check 'it is under 300 MB, Node’s 143 among them' eval 'size=$(podman image inspect --format "{{.Size}}" "$image"); echo "$size bytes"; [ "$size" -lt 300000000 ]'
echo "  its size: $(podman image inspect --format '{{.Size}}' "$image") bytes"


# AWS IoT's stand-in, and a device's files.
mkdir "$work/etc" "$work/world"
"$node" "$root/deploy/host/test/far-end.ts" "$work/world" "$work/etc/pinhole.yaml" >"$work/world.log" 2>&1 &
world=$!
within 60 test -s "$work/world.log" && within 5 test -s "$work/etc/pinhole.yaml" || { cat "$work/world.log"; exit 1; }
read -r host port <"$work/world.log"
# The node's user is nobody of this machine.
chmod a+x "$work" "$work/etc"

# As compose.yaml has it. With the machine's network: the stand-in is on its loopback.
locked=(--read-only --cap-drop all --security-opt no-new-privileges --tmpfs /run/pinhole:mode=1777,size=64m --read-only-tmpfs=false
  --no-healthcheck --ulimit nofile=10000:10000 --ulimit nproc=10000:10000)
# The image's own, in a container of this name. podman's timer for it wants a systemd.
mapfile -t health < <(podman image inspect --format '{{range .Config.Healthcheck.Test}}{{println .}}{{end}}' "$image" | sed '/^CMD$/d; /^$/d')
lives() {
  podman exec "$1" "${health[@]}"
}
run_node() {
  podman --runtime runc run --detach --name node --network host "${locked[@]}" --volume "$work/etc:/etc/pinhole:ro" "$image" && within 60 logs node-ready
}
# logs EVENT [MORE]: a line of it is there. Not by a pipe: grep would be gone before podman has written all.
logs() {
  grep -q "\"event\":\"$1\".*${2:-}" <<<"$(podman logs node 2>&1)"
}
check 'it runs with a read-only root and without a capability' run_node
check 'the native engine runs in it' within 10 logs relay '"engine":"native"'
check 'it cannot write to its own files, nor anywhere else' fails_with 1 'Read-only file system' podman exec node /bin/bash -c 'echo >/opt/pinhole/x || echo >/tmp/x || exit 1'
check 'its health check says that it lives' within 20 lives node
publish() {
  (cd "$root" && "$node" deploy/host/test/sdk-client.mjs 127.0.0.1 "$port" "$host" "$work/world")
}
check 'the AWS IoT Device SDK publishes through it, by MQTT with the device’s certificate' publish
check 'that tunnel was its own, and is in its records' within 10 logs close "\"target_host\":\"$host\""
check 'what is not listed is refused' eval '[ "$(curl -s -o /dev/null -w %{http_connect} -x http://127.0.0.1:$port https://example.com/)" = 403 ]'

hangs() {
  local supervisor code=0
  supervisor=$(podman inspect --format '{{.State.Pid}}' node)
  kill -STOP "$supervisor"
  fails_with 1 'not live: no answer within 4 s' lives node || code=1
  kill -CONT "$supervisor"
  return $code
}
check 'its health check fails while its supervisor hangs' hangs
check 'it lives again after that' within 30 lives node
hears_hangup() {
  podman kill --signal HUP node && within 10 logs configuration-unchanged
}
check 'SIGHUP reaches the supervisor' hears_hangup
stops() {
  podman stop --time 20 node && [ "$(podman inspect --format '{{.State.ExitCode}}' node)" = 0 ] && within 10 logs node-ended
}
check 'SIGTERM ends it by itself, with 0' stops

# Nobody may bind 443 without a capability, unless the network of the container says so, as Docker's does.
privileged_port() {
  sed -i "s/127\.0\.0\.1:$port/0.0.0.0:443/" "$work/etc/pinhole.yaml"
  podman rm --force node && podman --runtime runc run --detach --name node --network none --sysctl net.ipv4.ip_unprivileged_port_start=0 "${locked[@]}" \
    --volume "$work/etc:/etc/pinhole:ro" "$image" && within 60 logs node-ready && within 20 lives node
}
check 'it serves on 443 as a user who is not root' privileged_port
podman rm --force --time 5 node >/dev/null

compose() {
  (cd "$root" && PINHOLE_DATA_ENDPOINT=$host podman-compose --dry-run up 2>&1) | grep -c 'podman create .*--read-only .*pinhole:local'
}
check 'compose.yaml is what a compose program understands: three nodes' says '^3$' compose
serves() {
  grep -q "\"event\":\"node-ready\",\"node\":\"$1\"" <<<"$(podman logs "$1" 2>&1)"
}
three() {
  local name
  for name in eu-1a eu-1b eu-1c; do
    podman --runtime runc run --detach --name "$name" --network none --init "${locked[@]}" --env "PINHOLE_NODE=$name" --env "PINHOLE_DATA_ENDPOINT=$host" \
      --volume "$root/deploy/host/compose-node.yaml:/etc/pinhole/pinhole.yaml:ro" "$image" || return 1
  done
  for name in eu-1a eu-1b eu-1c; do
    within 60 serves "$name" && within 20 lives "$name" || return 1
  done
  podman stop --time 20 eu-1a eu-1b eu-1c && [ "$(podman inspect --format '{{.State.ExitCode}}' eu-1a eu-1b eu-1c | xargs)" = '0 0 0' ]
}
check 'three of them live beside each other by its settings, and end' three
finish
