/** Bad input before, in and right after TLS, and over HTTP: nothing crashes, nothing stays, others are served all the while. */

import { after, before, test } from 'node:test';
import { generate } from 'mqtt-packet';
import { captureHello, ended, type HostileWorld, startHostileWorld, tcp } from './support/hostile.ts';
import { dial, dialTls } from './support/raw-mqtt.ts';

let world: HostileWorld;
/** For the tests that wait for a timeout. Its witness has to be in time, too. */
let brief: HostileWorld;
before(async () => {
  world = await startHostileWorld();
  brief = await startHostileWorld({ handshakeTimeoutMs: 2_000, firstRequestTimeoutMs: 2_000 });
});
after(() => Promise.all([world.stop(), brief.stop()]));

const GARBAGE: [name: string, bytes: Buffer][] = [
  ['HTTP in clear', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['MQTT in clear', generate({ cmd: 'connect', clientId: 'x', protocolId: 'MQTT', protocolVersion: 4 })],
  ['zeros', Buffer.alloc(70_000)],
  ['a record that promises more than may be', Buffer.from([22, 3, 1, 0xff, 0xff, 1])],
  ['records of one byte without end', Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([22, 3, 1, 0, 1, 1])))],
];
for (const [name, bytes] of GARBAGE) {
  test(`${name} on every port ends the connection`, async () => {
    for (const port of world.ports) {
      const socket = await tcp(port);
      socket.write(bytes);
      await ended(socket);
    }
    await world.assertUnharmed();
  });
}

test('silence and half a hello end with the handshake timeout', async () => {
  const halves = [Buffer.alloc(0), Buffer.from([22]), Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])];
  await Promise.all(
    brief.ports.flatMap((port) =>
      halves.map(async (bytes) => {
        const socket = await tcp(port);
        socket.write(bytes);
        await ended(socket);
      }),
    ),
  );
  await brief.assertUnharmed();
});

test('a hello and then silence ends with the handshake timeout', async () => {
  await Promise.all(
    brief.ports.map(async (port) => {
      const hello = await captureHello(port === brief.aws.credentials.port ? brief.aws.credentials.host : brief.aws.data.host);
      const socket = await tcp(port);
      socket.write(hello);
      await ended(socket);
    }),
  );
  await brief.assertUnharmed();
});

test('a reset or an end at any byte of the hello leaves nothing behind', async () => {
  const hello = await captureHello(world.aws.data.host);
  for (let length = 0; length < hello.length; length += 97) {
    const [reset, half] = await Promise.all([tcp(world.aws.data.wssPort), tcp(world.aws.data.mqttPort)]);
    reset.write(hello.subarray(0, length), () => reset.resetAndDestroy());
    half.end(hello.subarray(0, length));
    await Promise.all([ended(reset), ended(half)]);
  }
  await world.assertUnharmed();
});

test('a handshake that is answered with garbage ends', async () => {
  const hello = await captureHello(world.aws.data.host);
  const socket = await tcp(world.aws.data.mqttPort);
  socket.write(hello);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.write(Buffer.alloc(500, 0x5a));
  await ended(socket);
  await world.assertUnharmed();
});

test('TLS and then silence, HTTP that never ends, or an answer and then silence, is ended in time', async () => {
  const quiet = await dial(brief);
  const [dribbled, head, answered] = await Promise.all(
    [brief.aws.data.httpsPort, brief.aws.data.wssPort, brief.aws.data.httpsPort].map((port) => dialTls(brief, { tls: { port } })),
  );
  dribbled?.socket.write('POST /topics/test/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab');
  head?.socket.write('GET /mqtt HTTP/1.1\r\nHost: x\r\nX-Long: ');
  answered?.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await Promise.all([quiet.closed, ...[dribbled, head, answered].map((one) => one && ended(one.socket))]);
  await brief.assertUnharmed();
});

const HTTP: [name: string, text: string][] = [
  ['garbage', '\0\0\0\0\r\n\r\n'],
  ['a head of 100 KB', `GET / HTTP/1.1\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`],
  ['two lengths', 'POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['an upgrade to something else', 'GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['an upgrade without a key', 'GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['a query of percent signs', `GET /mqtt?${'%'.repeat(5_000)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
  ['a path of null bytes', 'POST /topics/%00%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
];
for (const [name, text] of HTTP) {
  test(`HTTP with ${name} is answered or ended`, async () => {
    for (const port of [world.aws.data.wssPort, world.aws.data.httpsPort, world.aws.credentials.port]) {
      const servername = port === world.aws.credentials.port ? world.aws.credentials.host : world.aws.data.host;
      const { socket } = await dialTls(world, { tls: { port, servername } });
      socket.on('error', () => {});
      // A connection that was answered may stay for another request: then it is for the client to end it.
      socket.once('data', () => socket.end());
      socket.write(text);
      await ended(socket);
    }
    await world.assertUnharmed();
  });
}
