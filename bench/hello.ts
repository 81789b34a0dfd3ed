// The ClientHello that opens every tunnel: what OpenSSL itself would say first, caught before it leaves.

import { Duplex } from 'node:stream';
import tls from 'node:tls';

export function catchClientHello(serverName: string): Promise<Buffer> {
  return new Promise((done, fail) => {
    const wire = new Duplex({
      read() {},
      // Nobody answers it: the connection is forgotten with this first flight.
      write: (chunk: Buffer) => done(chunk),
    });
    // One classical key share, as device stacks send: a hello of a few hundred bytes. AWS IoT takes this ALPN for MQTT on port 443.
    const client = tls.connect({ socket: wire, servername: serverName, ALPNProtocols: ['x-amzn-mqtt-ca'], ecdhCurve: 'X25519' });
    client.on('error', fail);
  });
}
