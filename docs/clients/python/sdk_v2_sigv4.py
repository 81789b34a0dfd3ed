"""AWS IoT Device SDK v2: temporary credentials by the device certificate, then MQTT over WebSocket, signed with them."""

import os
import threading
from urllib.parse import urlsplit

from awscrt import auth, http, io, mqtt
from awsiot import mqtt_connection_builder

env = os.environ


def proxy_options(url):
    parts = urlsplit(url)
    if parts.scheme == "http":
        return http.HttpProxyOptions(host_name=parts.hostname, port=parts.port or 80)
    context = io.TlsContextOptions()
    if env.get("PROXY_CA"):
        context.override_default_trust_store_from_path(None, env["PROXY_CA"])
    tls = io.ClientTlsContext(context).new_connection_options()
    tls.set_server_name(parts.hostname)
    return http.HttpProxyOptions(
        host_name=parts.hostname,
        port=parts.port or 443,
        tls_connection_options=tls,
        connection_type=http.HttpProxyConnectionType.Tunneling,
    )


device = io.TlsContextOptions.create_client_with_mtls_from_path(env["CERT"], env["KEY"])
if env.get("CA"):
    device.override_default_trust_store_from_path(None, env["CA"])
# The proxy is given twice: the request for credentials would go past it otherwise.
provider = auth.AwsCredentialsProvider.new_x509(
    endpoint=env["CREDENTIALS_ENDPOINT"],
    thing_name=env["THING"],
    role_alias=env["ROLE_ALIAS"],
    tls_ctx=io.ClientTlsContext(device),
    http_proxy_options=proxy_options(env["PROXY"]),
)
connection = mqtt_connection_builder.websockets_with_default_aws_signing(
    region=env["REGION"],
    credentials_provider=provider,
    endpoint=env["ENDPOINT"],
    ca_filepath=env.get("CA"),
    client_id=env["CLIENT_ID"],
    clean_session=True,
    http_proxy_options=proxy_options(env["PROXY"]),
)
came_back = threading.Event()

# Without a time limit each of these waits for ever.
connection.connect().result(15)
subscribed, _ = connection.subscribe(env["TOPIC"], mqtt.QoS.AT_LEAST_ONCE, callback=lambda **_message: came_back.set())
subscribed.result(15)
connection.publish(env["TOPIC"], f"hello from {env['CLIENT_ID']}", mqtt.QoS.AT_LEAST_ONCE)[0].result(15)
if not came_back.wait(15):
    raise SystemExit("nothing came back")
print(f"came back: hello from {env['CLIENT_ID']}")
connection.disconnect().result(15)
