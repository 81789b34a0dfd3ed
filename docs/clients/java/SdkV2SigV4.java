// AWS IoT Device SDK v2: temporary credentials by the device certificate, then MQTT over WebSocket, signed with them.

import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.crt.auth.credentials.X509CredentialsProvider;
import software.amazon.awssdk.crt.http.HttpProxyOptions;
import software.amazon.awssdk.crt.io.ClientBootstrap;
import software.amazon.awssdk.crt.io.ClientTlsContext;
import software.amazon.awssdk.crt.io.TlsContextOptions;
import software.amazon.awssdk.crt.mqtt.MqttClientConnection;
import software.amazon.awssdk.crt.mqtt.MqttMessage;
import software.amazon.awssdk.crt.mqtt.QualityOfService;
import software.amazon.awssdk.iot.AwsIotMqttConnectionBuilder;

public class SdkV2SigV4 {
    static String env(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

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
        HttpProxyOptions proxy = proxyOptions(URI.create(env("PROXY", "")));
        TlsContextOptions device = TlsContextOptions.createWithMtlsFromPath(env("CERT", ""), env("KEY", ""));
        if (env("CA", null) != null) device.withCertificateAuthorityFromPath(null, env("CA", null));

        // The proxy is given twice: the request for credentials would go past it otherwise.
        X509CredentialsProvider provider = new X509CredentialsProvider.X509CredentialsProviderBuilder()
            .withClientBootstrap(ClientBootstrap.getOrCreateStaticDefault())
            .withTlsContext(new ClientTlsContext(device))
            .withEndpoint(env("CREDENTIALS_ENDPOINT", ""))
            .withRoleAlias(env("ROLE_ALIAS", ""))
            .withThingName(env("THING", ""))
            .withProxyOptions(proxy)
            .build();
        AwsIotMqttConnectionBuilder builder = AwsIotMqttConnectionBuilder.newDefaultBuilder()
            .withEndpoint(env("ENDPOINT", ""))
            .withClientId(env("CLIENT_ID", ""))
            .withCleanSession(true)
            .withWebsockets(true)
            .withWebsocketSigningRegion(env("REGION", ""))
            .withWebsocketCredentialsProvider(provider)
            .withHttpProxyOptions(proxy);
        if (env("CA", null) != null) builder.withCertificateAuthorityFromPath(null, env("CA", null));

        CompletableFuture<MqttMessage> cameBack = new CompletableFuture<>();
        MqttClientConnection connection = builder.build();
        // Without a time limit each of these waits for ever.
        connection.connect().get(15, TimeUnit.SECONDS);
        connection.subscribe(topic, QualityOfService.AT_LEAST_ONCE, cameBack::complete).get(15, TimeUnit.SECONDS);
        connection.publish(new MqttMessage(topic, "hello".getBytes(), QualityOfService.AT_LEAST_ONCE)).get(15, TimeUnit.SECONDS);
        System.out.println("came back: " + new String(cameBack.get(15, TimeUnit.SECONDS).getPayload()));
        connection.disconnect().get(15, TimeUnit.SECONDS);
        System.exit(0);
    }
}
