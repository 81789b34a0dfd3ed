"""AWS IoT Device SDK v2: MQTT 5 with the device certificate, on port 443."""

import os
import sys
import threading
from urllib.parse import urlsplit

from awscrt import http, io, mqtt5
from awsiot import mqtt5_client_builder

env = os.environ


def proxy_options(url):
    """The SDK reads no environment variable of its own for a proxy: it has to be given one."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return http.HttpProxyOptions(host_name=parts.hostname, port=parts.port or 80)
    context = io.TlsContextOptions()
    if env.get("PROXY_CA"):
        context.override_default_trust_store_from_path(None, env["PROXY_CA"])
    tls = io.ClientTlsContext(context).new_connection_options()
    # The name in the proxy's certificate has to be said: the SDK does not take it from the host.
    tls.set_server_name(parts.hostname)
    return http.HttpProxyOptions(
        host_name=parts.hostname,
        port=parts.port or 443,
        tls_connection_options=tls,
        connection_type=http.HttpProxyConnectionType.Tunneling,
    )


done = threading.Event()
outcome = ["nothing came back"]


def on_success(_data):
    subscription = mqtt5.Subscription(topic_filter=env["TOPIC"], qos=mqtt5.QoS.AT_LEAST_ONCE)
    subscribed = client.subscribe(mqtt5.SubscribePacket(subscriptions=[subscription]))
    subscribed.add_done_callback(lambda _future: publish())


def publish():
    payload = f"hello from {env['CLIENT_ID']}"
    client.publish(mqtt5.PublishPacket(topic=env["TOPIC"], payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE))


def end(words):
    outcome[0] = words
    done.set()


client = mqtt5_client_builder.mtls_from_path(
    endpoint=env["ENDPOINT"],
    port=int(env.get("PORT", "443")),
    cert_filepath=env["CERT"],
    pri_key_filepath=env["KEY"],
    ca_filepath=env.get("CA"),
    client_id=env["CLIENT_ID"],
    http_proxy_options=proxy_options(env["PROXY"]) if env.get("PROXY") else None,
    on_lifecycle_connection_success=on_success,
    # Every refusal looks the same here; the reason is in the proxy's log.
    on_lifecycle_connection_failure=lambda data: end(f"failed: {data.exception}"),
    on_publish_received=lambda data: end(f"came back: {data.publish_packet.payload.decode()}"),
)
client.start()
# It waits for ever on a proxy that says nothing; giving up is up to you.
done.wait(15)
client.stop()
print(outcome[0])
sys.exit(0 if outcome[0].startswith("came back") else 1)
