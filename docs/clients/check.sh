#!/usr/bin/env bash
# The program of every client guide, through every door that it can use and at a target that is refused, against a sandbox of its own.
# A program's word is not enough: the node's log must have the connection, at that door. Prints a table; ends with 1 if a row failed.
#
#   docs/clients/check.sh [WORD]      only rows that have the word
#
# Debian packages: curl iproute2 jq maven mosquitto-clients npm openjdk-17-jdk-headless openssl python3-venv socat util-linux.
# What the clients need comes from the registries of npm, PyPI and Maven, into PINHOLE_CLIENTS_CACHE (default: ~/.cache/pinhole-clients).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
started=${PINHOLE_CHECK_STARTED:-$(date +%s)}
# A proxy of this machine's own would lead the clients elsewhere.
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy NODE_OPTIONS NODE_TEST_CONTEXT

for program in curl ip jq mvn mosquitto_pub npm javac openssl python3 socat unshare; do
  command -v "$program" >/dev/null || { echo "$program is missing; the Debian packages are named in $0" >&2; exit 69; }
done

cache=${PINHOLE_CLIENTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pinhole-clients}
# A folder for each language and each state of what it is made from.
place() { echo "$cache/$1-$(cat "${@:2}" | sha256sum | cut -c1-16)"; }
javascript=$(place javascript "$here/javascript/package.json")
python=$(place python "$here/python/requirements.txt")
java=$(place java "$here/java/pom.xml" "$here"/java/*.java)
work=$(mktemp -d)
sandbox= forward=
finish() {
  [ -z "$forward" ] || kill "$forward"
  [ -z "$sandbox" ] || { kill "$sandbox" 2>/dev/null; wait "$sandbox" 2>/dev/null; }
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Each into a folder of its own, which is there under its name only when it is whole.
install_javascript() { cp "$here/javascript/package.json" . && npm install --silent --ignore-scripts --no-audit --no-fund; }
install_python() { python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"; }
install_java() {
  mvn -q -B -f "$here/java/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/lib" &&
    javac -d classes -cp 'lib/*' "$here"/java/*.java
}
install() {
  local place=${!1} fresh=${!1}.$$ pause
  [ -d "$place" ] && return
  # A registry may fail to answer for a moment.
  for pause in 0 10; do
    sleep "$pause"
    mkdir -p "$fresh" && (cd "$fresh" && "install_$1") >"$work/$1.log" 2>&1 && mv "$fresh" "$place" && return
    rm -rf "$fresh"
  done
  sed "s/^/$1: /" "$work/$1.log" >&2
  return 1
}
if [ "${1:-}" != --inside ]; then
  pids=()
  for language in javascript python java; do
    install "$language" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || { echo 'the clients could not be installed' >&2; exit 1; }; done
  echo "clients: $(($(date +%s) - started)) s, in $cache"
  rm -rf "$work"
  # A network of its own: the usual ports are free there, 443 too, and nothing leads past the proxy.
  PINHOLE_CHECK_STARTED=$started exec unshare -rnm bash "$0" --inside "$@"
fi
only=${2:-}
ip link set lo up

"$root/pinhole" sandbox --dir "$work/world" >"$work/sandbox.log" 2>&1 &
sandbox=$!
for _ in $(seq 300); do
  grep -q 'Ctrl-C ends everything' "$work/sandbox.log" && break
  kill -0 "$sandbox" 2>/dev/null || { cat "$work/sandbox.log" >&2; exit 1; }
  sleep 0.2
done
# The node's own probe comes through the same doors; here every connection counts.
sed -i 's/^probe: .*/probe: off/' "$work/world/pinhole.yaml"
runtime=$(sed -n 's/.* status --runtime //p' "$work/sandbox.log")
"$root/pinhole" reload --runtime "$runtime" >"$work/reload.log" 2>&1 || { cat "$work/reload.log" >&2; exit 1; }
# Where a device would find a proxy without being given a port.
socat TCP-LISTEN:443,bind=127.0.0.1,fork,reuseaddr TCP:127.0.0.1:8443 &
forward=$!

export ENDPOINT=a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com REGION=eu-west-1
export CREDENTIALS_ENDPOINT=c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com THING=sandbox-device ROLE_ALIAS=sandbox-role-alias
export CA=$work/world/ca.pem CERT=$work/world/device.pem KEY=$work/world/device.key PROXY_CA=$work/world/ca.pem GATEWAY=gw.sandbox.test
export PKCS12=$work/device.p12 PKCS12_PASSWORD=changeit
openssl pkcs12 -export -in "$CERT" -inkey "$KEY" -out "$PKCS12" -passout "pass:$PKCS12_PASSWORD"
other=z9y8x7w6v5u4t3-ats.iot.eu-west-1.amazonaws.com
# What a site's DNS would do for programs that know no proxy; and for mosquitto, whose socat listens on this machine.
echo "127.0.0.1 localhost $ENDPOINT $GATEWAY $other" >"$work/hosts"
echo '127.0.0.1 localhost' >"$work/no-hosts"
credentials=$(curl -sS -x "http://127.0.0.1:8443" --cacert "$CA" --cert "$CERT" --key "$KEY" -H "x-amzn-iot-thingname: $THING" \
  "https://$CREDENTIALS_ENDPOINT/role-aliases/$ROLE_ALIAS/credentials")
eval "$(jq -r '.credentials | "export AWS_ACCESS_KEY_ID=\(.accessKeyId) AWS_SECRET_ACCESS_KEY=\(.secretAccessKey) AWS_SESSION_TOKEN=\(.sessionToken)"' <<<"$credentials")"

cp -r "$here/javascript" "$work/javascript" && ln -s "$javascript/node_modules" "$work/javascript/node_modules"
node=$(ls -d "$root"/node_modules/node-linux-*/bin/node 2>/dev/null | head -1)
js() { "${node:-node}" "$work/javascript/$1"; }
py() { "$python/venv/bin/python" "$here/python/$1"; }
java_main() { java -cp "$java/classes:$java/lib/*" "$1"; }
# Programs of a virtual environment have its first place in their first line; this one has been moved.
mkdir "$work/bin" && printf '#!/bin/sh\nexec "%s" -m awscli "$@"\n' "$python/venv/bin/python" >"$work/bin/aws" && chmod +x "$work/bin/aws"
cli() { PATH=$work/bin:$PATH sh "$here/aws-cli.sh"; }
mosquitto() { sh "$here/mosquitto.sh"; }

export -f js py java_main cli mosquitto
export here python java work node
count=0 failed=0
lines() { wc -l <"$work/world/pinhole.log"; }
decisions() { tail -n "+$(($1 + 1))" "$work/world/pinhole.log" | grep '"event":"decision"'; }

# row CLIENT DOOR PROGRAM ARGUMENT: what the program says last, and whether the node has it as it should.
row() {
  local client=$1 door=$2 since said code ended from
  shift 2
  case "$client $door" in *"$only"*) ;; *) return ;; esac
  count=$((count + 1))
  since=$(lines) from=$(date +%s%N)
  local -x ENDPOINT=$ENDPOINT CLIENT_ID=test-$count TOPIC=test/guide/$count PORT=443 PROXY=http://127.0.0.1:8443 SOCAT_PORT=$((20000 + count))
  local hosts=$work/no-hosts
  [ "$client" != mosquitto ] || hosts=$work/hosts
  case $door in
    connect-tls) PROXY=https://localhost:8443 ;;
    sni | gateway) unset PROXY; hosts=$work/hosts ;;
    refused) ENDPOINT=$other ;;
  esac
  said=$(timeout 40 unshare -m bash -c 'mount --bind "$0" /etc/hosts && "$@"' "$hosts" "$@" 2>&1)
  code=$?
  local seen verdict=FAILED wanted="\"door\":\"$door\".*\"allow\":true"
  [ "$door" != refused ] || wanted=TARGET_NOT_ALLOWED
  # The node writes its log in the background.
  for _ in $(seq 50); do
    seen=$(decisions "$since")
    grep -q "$wanted" <<<"$seen" && verdict=ok && break
    sleep 0.2
  done
  [ "$door" = refused ] && ended=$((code == 0)) || ended=$code
  [ "$ended" -eq 0 ] || verdict=FAILED
  printf '%-34s %-12s %-7s %4s s  %s\n' "$client" "$door" "$verdict" "$(awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $from) / 1e9 }")" \
    "$({ grep -m1 -E 'came back|published|closed|TARGET_NOT_ALLOWED|CONNECT_FAILED' || grep -m1 -E 'failed|xception|rror' <<<"$said"; } <<<"$said" | cut -c1-100)"
  [ $verdict = ok ] && return
  failed=$((failed + 1))
  printf '%s\n' "--- it ended with $code and said:" "$said" '--- the node has:' "$(jq -c '{door, target_host, sni, alpn, reason}' <<<"$seen")" '---'
}
rows() {
  local client=$1 doors=$2 door
  shift 2
  for door in $doors; do row "$client" "$door" "$@"; done
}

printf '\n%-34s %-12s\n' client door
rows 'SDK v2 JavaScript, certificate' 'connect connect-tls sni refused' js sdk-v2-certificate.mjs
rows 'SDK v2 JavaScript, SigV4' 'connect connect-tls refused' js sdk-v2-sigv4.mjs
rows 'SDK v1 JavaScript' 'connect connect-tls sni refused' js sdk-v1.mjs
rows 'MQTT.js, certificate' 'connect connect-tls sni refused' js mqttjs.mjs
rows 'MQTT.js, SigV4' 'gateway' js mqttjs-gateway.mjs
rows 'SDK v2 Python, certificate' 'connect connect-tls sni refused' py sdk_v2_certificate.py
rows 'SDK v2 Python, SigV4' 'connect connect-tls refused' py sdk_v2_sigv4.py
rows 'Paho Python, certificate' 'connect sni refused' py paho_certificate.py
rows 'Paho Python, SigV4' 'gateway' py paho_gateway.py
rows 'SDK v2 Java, certificate' 'connect connect-tls sni refused' java_main SdkV2Certificate
rows 'SDK v2 Java, SigV4' 'connect connect-tls refused' java_main SdkV2SigV4
rows 'Paho Java, certificate' 'connect sni refused' java_main PahoCertificate
rows 'mosquitto' 'connect sni refused' mosquitto
rows 'AWS CLI' 'connect connect-tls sni refused' cli

printf '\n%s of %s rows as they should be, in %s s\n' "$((count - failed))" "$count" "$(($(date +%s) - started))"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
