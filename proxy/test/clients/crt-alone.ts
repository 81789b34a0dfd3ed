// The AWS SDK in a process of its own, with a hosts file of its own: `node crt-alone.ts ENDPOINT PORT CA CERTIFICATE KEY CLIENT-ID`. It is
// given no proxy; the endpoint's name leads to one. Nothing else can lead it there: its MQTT clients take the server name of TLS from the
// host, and given an address they send that as the name.

import { readFileSync } from 'node:fs';
import { collectGarbage } from '../../../sandbox/aws-iot/test/support/garbage.ts';
import { byCertificate, echoOnce } from './crt.ts';

const [endpoint = '', port = '', ca = '', cert = '', key = '', clientId = ''] = process.argv.slice(2);
const read = (file: string): string => readFileSync(file, 'utf8');
const builder = byCertificate(endpoint, { ca: read(ca), cert: read(cert), key: read(key) }).withPort(Number(port));
try {
  await echoOnce(builder, clientId);
  process.stdout.write('the message came back\n');
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
await collectGarbage();
