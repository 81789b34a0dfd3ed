"""Eclipse Paho at the gateway: MQTT over WebSocket to a name of the proxy, signed for AWS's name."""

import datetime
import hashlib
import hmac
import os
import ssl
import sys
from urllib.parse import quote

import paho.mqtt.client as mqtt

env = os.environ


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed_path(host, region, access_key, secret_key, token):
    """To be made anew for each connection; `host` is the data endpoint of AWS, whatever name is dialled."""
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/iotdevicegateway/aws4_request"
    query = "&".join([
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        f"X-Amz-Credential={quote(f'{access_key}/{scope}', safe='')}",
        f"X-Amz-Date={stamp}",
        "X-Amz-Expires=300",
        "X-Amz-SignedHeaders=host",
    ])
    empty = hashlib.sha256(b"").hexdigest()
    canonical = "\n".join(["GET", "/mqtt", query, f"host:{host}\n", "host", empty])
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = sign(key, part)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = sign(key, "\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest])).hex()
    # AWS IoT wants the session token behind the signature, not in it.
    behind = f"&X-Amz-Security-Token={quote(token, safe='')}" if token else ""
    return f"/mqtt?{query}&X-Amz-Signature={signature}{behind}"


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=env["CLIENT_ID"], transport="websockets")
client.tls_set_context(ssl.create_default_context(cafile=env.get("PROXY_CA")))
path = signed_path(
    env["ENDPOINT"], env["REGION"], env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN")
)
client.ws_set_options(path=path)


def on_connect(client, _userdata, _flags, reason, _properties):
    print(f"connected: {reason}")
    client.subscribe(env["TOPIC"], qos=1)


def on_subscribe(client, _userdata, _mid, _reasons, _properties):
    client.publish(env["TOPIC"], f"hello from {env['CLIENT_ID']}", qos=1)


def on_message(client, _userdata, message):
    print(f"came back: {message.payload.decode()}")
    client.came_back = True
    client.disconnect()


client.came_back = False
client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
client.connect_timeout = 15.0
client.connect(env["GATEWAY"], int(env.get("PORT", "443")), keepalive=60)
client.loop_forever()
sys.exit(0 if client.came_back else 1)
