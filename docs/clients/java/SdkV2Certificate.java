// AWS IoT Device SDK v2: MQTT 5 with the device certificate, on port 443.

import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.crt.CRT;
import software.amazon.awssdk.crt.http.HttpProxyOptions;
import software.amazon.awssdk.crt.io.ClientTlsContext;
import software.amazon.awssdk.crt.io.TlsContextOptions;
import software.amazon.awssdk.crt.mqtt5.*;
import software.amazon.awssdk.crt.mqtt5.packets.*;
import software.amazon.awssdk.iot.AwsIotMqtt5ClientBuilder;

public class SdkV2Certificate {
    static String env(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    /** The SDK reads no system property for a proxy: it has to be given one. */
    static HttpProxyOptions proxyOptions(URI proxy) {
        HttpProxyOptions options = new HttpProxyOptions();
        boolean isTls = proxy.getScheme().equals("https");
        options.setHost(proxy.getHost());
        options.setPort(proxy.getPort() > 0 ? proxy.getPort() : isTls ? 443 : 80);
        options.setConnectionType(HttpProxyOptions.HttpProxyConnectionType.Tunneling);
        if (isTls) {
            TlsContextOptions trust = TlsContextOptions.createDefaultClient();
            if (env("PROXY_CA", null) != null) trust.withCertificateAuthorityFromPath(null, env("PROXY_CA", null));
            options.setTlsContext(new ClientTlsContext(trust));
        }
        return options;
    }

    public static void main(String[] args) throws Exception {
        String topic = env("TOPIC", "test/topic");
        CompletableFuture<String> cameBack = new CompletableFuture<>();

        AwsIotMqtt5ClientBuilder builder =
            AwsIotMqtt5ClientBuilder.newDirectMqttBuilderWithMtlsFromPath(env("ENDPOINT", ""), env("CERT", ""), env("KEY", ""));
        builder.withPort(Long.parseLong(env("PORT", "443")));
        if (env("CA", null) != null) builder.withCertificateAuthorityFromPath(null, env("CA", null));
        if (env("PROXY", null) != null) builder.withHttpProxyOptions(proxyOptions(URI.create(env("PROXY", null))));
        builder.withConnectProperties(
            new ConnectPacket.ConnectPacketBuilder().withClientId(env("CLIENT_ID", "")).withKeepAliveIntervalSeconds(60L));
        builder.withPublishEvents((client, received) -> cameBack.complete(new String(received.getPublishPacket().getPayload())));
        builder.withLifeCycleEvents(new Mqtt5ClientOptions.LifecycleEvents() {
            public void onAttemptingConnect(Mqtt5Client client, OnAttemptingConnectReturn info) {}

            public void onConnectionSuccess(Mqtt5Client client, OnConnectionSuccessReturn info) {
                client.subscribe(new SubscribePacket.SubscribePacketBuilder().withSubscription(topic, QOS.AT_LEAST_ONCE).build())
                    .thenCompose(ack -> client.publish(new PublishPacket.PublishPacketBuilder()
                        .withTopic(topic).withPayload("hello".getBytes()).withQOS(QOS.AT_LEAST_ONCE).build()));
            }

            // Every refusal looks the same here; the reason is in the proxy's log.
            public void onConnectionFailure(Mqtt5Client client, OnConnectionFailureReturn info) {
                cameBack.completeExceptionally(new Exception("failed: " + CRT.awsErrorString(info.getErrorCode())));
            }

            public void onDisconnection(Mqtt5Client client, OnDisconnectionReturn info) {}

            public void onStopped(Mqtt5Client client, OnStoppedReturn info) {}
        });

        try (Mqtt5Client client = builder.build()) {
            client.start();
            // It waits for ever on a proxy that says nothing; giving up is up to you.
            System.out.println("came back: " + cameBack.get(15, TimeUnit.SECONDS));
            client.stop();
        }
        builder.close();
        System.exit(0);
    }
}
