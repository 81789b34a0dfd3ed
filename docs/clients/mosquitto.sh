#!/bin/sh
# mosquitto's clients: MQTT with the device certificate. They know no HTTP proxy: where there is one, socat makes the CONNECT for them.
set -eu

host=$ENDPOINT port=${PORT:-443}
if [ -n "${PROXY:-}" ]; then
  proxy=${PROXY#http://} port=${SOCAT_PORT:-18883}
  # `fork`: one tunnel for each connection. The name has to lead to socat, by the device's hosts file for one.
  socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "PROXY:${proxy%:*}:$ENDPOINT:443,proxyport=${proxy##*:}" &
  socat=$!
fi

set -- -h "$host" -p "$port" --cafile "$CA" --cert "$CERT" --key "$KEY" --tls-alpn x-amzn-mqtt-ca -q 1 -t "$TOPIC"
tries=0
# The first may come before socat listens, or before the other one has subscribed.
publish() {
  while [ "$tries" -lt 5 ]; do
    tries=$((tries + 1))
    sleep 1
    mosquitto_pub "$@" -i "$CLIENT_ID" -m "hello from $CLIENT_ID" 2>/dev/null || continue
  done
}
publish "$@" &
publisher=$!
trap 'kill "$publisher" ${socat:-} 2>/dev/null || true' EXIT
until message=$(mosquitto_sub "$@" -i "$CLIENT_ID-sub" -C 1 -W 5); do
  tries=$((tries + 1))
  [ "$tries" -lt 5 ] || exit 1
  sleep 1
done
echo "came back: $message"
