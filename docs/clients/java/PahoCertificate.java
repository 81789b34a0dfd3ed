// Eclipse Paho: MQTT 3.1.1 with the device certificate, on port 443. The proxy comes in by a socket factory.

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import javax.net.ssl.*;
import org.eclipse.paho.client.mqttv3.*;

public class PahoCertificate {
    static String env(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    /** A device's key store is PKCS #12: `openssl pkcs12 -export -in device.pem -inkey device.key -out device.p12`. */
    static SSLContext deviceTls() throws Exception {
        char[] password = env("PKCS12_PASSWORD", "").toCharArray();
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(new java.io.File(env("PKCS12", "")), password), password);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(rootsOf(env("CA", null)));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
        return context;
    }

    /** Null is the roots of Java itself. */
    static KeyStore rootsOf(String file) throws Exception {
        if (file == null) return null;
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (FileInputStream in = new FileInputStream(file)) {
            int count = 0;
            for (var root : CertificateFactory.getInstance("X.509").generateCertificates(in)) store.setCertificateEntry("root-" + count++, root);
        }
        return store;
    }

    /** A socket that, when Paho connects it, opens a tunnel (Java's own CONNECT) and puts TLS for the endpoint on top. */
    static class DeviceSocket extends Socket {
        private final SSLSocketFactory factory;
        private final Proxy proxy;
        private SSLSocket tls;

        DeviceSocket(SSLSocketFactory factory, Proxy proxy) {
            this.factory = factory;
            this.proxy = proxy;
        }

        @Override
        public void connect(SocketAddress address, int timeoutMs) throws IOException {
            InetSocketAddress target = (InetSocketAddress) address;
            Socket below = new Socket(proxy);
            // Through a proxy by name: the proxy resolves it. (Paho has looked it up before all the same, and does not mind where that failed.)
            below.connect(proxy == Proxy.NO_PROXY ? target : InetSocketAddress.createUnresolved(target.getHostString(), target.getPort()), timeoutMs);
            tls = (SSLSocket) factory.createSocket(below, target.getHostString(), target.getPort(), true);
            SSLParameters parameters = tls.getSSLParameters();
            // AWS's name for MQTT by certificate on a port that it shares with HTTPS.
            parameters.setApplicationProtocols(new String[] {"x-amzn-mqtt-ca"});
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            tls.setSSLParameters(parameters);
            tls.startHandshake();
        }

        @Override
        public InputStream getInputStream() throws IOException { return tls.getInputStream(); }

        @Override
        public OutputStream getOutputStream() throws IOException { return tls.getOutputStream(); }

        @Override
        public void setSoTimeout(int timeoutMs) throws SocketException { tls.setSoTimeout(timeoutMs); }

        @Override
        public void close() throws IOException { if (tls != null) tls.close(); }
    }

    /** Paho asks for sockets that are not connected yet, and for no others. */
    static class DeviceSockets extends SocketFactory {
        private final SSLSocketFactory factory;
        private final Proxy proxy;

        DeviceSockets(SSLSocketFactory factory, Proxy proxy) {
            this.factory = factory;
            this.proxy = proxy;
        }

        @Override
        public Socket createSocket() { return new DeviceSocket(factory, proxy); }

        @Override
        public Socket createSocket(String host, int port) { throw new UnsupportedOperationException(); }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) { throw new UnsupportedOperationException(); }

        @Override
        public Socket createSocket(InetAddress host, int port) { throw new UnsupportedOperationException(); }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) { throw new UnsupportedOperationException(); }
    }

    static Proxy proxyOf(String url) {
        if (url == null) return Proxy.NO_PROXY;
        URI proxy = URI.create(url);
        // In clear to the proxy: Java's CONNECT knows no TLS with one.
        return new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), proxy.getPort() > 0 ? proxy.getPort() : 80));
    }

    public static void main(String[] args) throws Exception {
        String topic = env("TOPIC", "test/topic");
        // `tcp`, since the factory's sockets have their TLS inside.
        MqttClient client = new MqttClient("tcp://" + env("ENDPOINT", "") + ":" + env("PORT", "443"), env("CLIENT_ID", ""), null);
        MqttConnectOptions options = new MqttConnectOptions();
        options.setSocketFactory(new DeviceSockets(deviceTls().getSocketFactory(), proxyOf(env("PROXY", null))));
        options.setConnectionTimeout(15);

        CompletableFuture<String> cameBack = new CompletableFuture<>();
        // A refusal is thrown here, with its status and reason.
        client.connect(options);
        client.subscribe(topic, 1, (name, message) -> cameBack.complete(message.toString()));
        client.publish(topic, "hello".getBytes(), 1, false);
        System.out.println("came back: " + cameBack.get(15, TimeUnit.SECONDS));
        client.disconnect();
        client.close();
    }
}
