"""Eclipse Paho: MQTT with the device certificate, on port 443. With a proxy it needs PySocks (pip install PySocks)."""

import os
import ssl
import sys
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import socks

env = os.environ
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=env["CLIENT_ID"])

context = ssl.create_default_context(cafile=env.get("CA"))
context.load_cert_chain(env["CERT"], env["KEY"])
# AWS's name for MQTT by certificate on a port that it shares with HTTPS.
context.set_alpn_protocols(["x-amzn-mqtt-ca"])
client.tls_set_context(context)
if env.get("PROXY"):
    # In clear to the proxy: PySocks knows no TLS with one.
    proxy = urlsplit(env["PROXY"])
    client.proxy_set(proxy_type=socks.HTTP, proxy_addr=proxy.hostname, proxy_port=proxy.port or 80, proxy_rdns=True)


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
# A refusal is raised here, with its status and reason.
client.connect(env["ENDPOINT"], int(env.get("PORT", "443")), keepalive=60)
client.loop_forever()
sys.exit(0 if client.came_back else 1)
