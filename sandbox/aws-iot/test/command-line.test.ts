/** curl and the mosquitto clients, as a device developer would type them. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld, until, type World } from './support/harness.ts';
import { type Relay, startSocksRelay } from './support/relay.ts';
import { isInstalled, run } from './support/run.ts';

let world: World;
let relay: Relay;
before(async () => {
  world = await startWorld();
  relay = await startSocksRelay(world.aws);
});
after(async () => {
  await relay.stop();
  await world.stop();
});

const missing = (program: string, name: string) =>
  isInstalled(program) ? {} : { skip: `${program} IS NOT INSTALLED: apt-get install ${name}` };
const CURL = missing('curl', 'curl');
const MOSQUITTO = missing('mosquitto_pub', 'mosquitto-clients');

const identity = () => ['--cacert', world.aws.files.ca, '--cert', world.aws.files.deviceCertificate, '--key', world.aws.files.deviceKey];

/** `--connect-to` leaves name, SNI and Host as they are. */
const curl = (url: string, host: string, port: number, ...args: string[]) =>
  run('curl', ['-sS', '--connect-to', `${host}::127.0.0.1:${port}`, ...identity(), ...args, url]);

test('curl fetches credentials', CURL, async () => {
  const { credentials, thing, roleAlias } = world.aws;
  const url = `https://${credentials.host}/role-aliases/${roleAlias}/credentials`;
  const { stdout, stderr } = await curl(url, credentials.host, credentials.port, '-H', `x-amzn-iot-thingname: ${thing}`);
  assert.match(stdout, /^\{"credentials":\{"accessKeyId":"ASIA/, stderr);
});

test('curl sees 403 for the thing of another device', CURL, async () => {
  const { credentials, roleAlias } = world.aws;
  const url = `https://${credentials.host}/role-aliases/${roleAlias}/credentials`;
  const { stdout } = await curl(url, credentials.host, credentials.port, '-H', 'x-amzn-iot-thingname: sandbox-second', '-i');
  assert.match(stdout, /^HTTP\/1\.1 403 /);
  assert.match(stdout, /x-amzn-ErrorType: AccessDeniedException/);
  assert.match(stdout, /\{"message":"Invalid thing name passed"\}$/);
});

test('curl publishes on 8443', CURL, async () => {
  const { data } = world.aws;
  const url = `https://${data.host}:8443/topics/sandbox/curl?qos=1`;
  const { stdout, stderr } = await curl(url, data.host, data.httpsPort, '--data', '{"a":1}');
  assert.match(stdout, /^\{"message":"OK","traceId":/, stderr);
});

test('curl does not trust the stand-in without its root', CURL, async () => {
  const { data } = world.aws;
  const { code } = await run('curl', ['-sS', '--connect-to', `${data.host}::127.0.0.1:${data.wssPort}`, `https://${data.host}/`]);
  assert.equal(code, 60);
});

const mosquitto = (program: string, port: number, ...args: string[]) =>
  run(program, [
    ...['-h', world.aws.data.host, '-p', String(port), '--proxy', `socks5h://127.0.0.1:${relay.port}`],
    ...['--cafile', world.aws.files.ca, ...identity().slice(2), ...args],
  ]);

for (const version of ['mqttv311', 'mqttv5']) {
  test(`mosquitto_pub on 443 by ALPN reaches mosquitto_sub on 8883 (${version})`, MOSQUITTO, async () => {
    const alpn = ['--tls-alpn', 'x-amzn-mqtt-ca'];
    const device = ['-V', version, '-q', '1', '-t', 'test/mosquitto'];
    const subscribed = mosquitto('mosquitto_sub', 8883, ...device, '-i', 'test-sub', '-C', '1', '-W', '8');
    await until('mosquitto_sub has subscribed', () => world.lines.some((line) => /"test-sub".*subscribed: 1 of 1/.test(line)));
    const published = await mosquitto('mosquitto_pub', 443, ...alpn, ...device, '-i', world.aws.thing, '-m', 'hello');
    assert.equal(published.code, 0, published.stderr);
    assert.equal((await subscribed).stdout, 'hello\n');
    world.lines.length = 0;
  });
}

test('mosquitto_pub is refused with a client id that the policy does not allow', MOSQUITTO, async () => {
  const ran = await mosquitto('mosquitto_pub', 8883, '-V', 'mqttv5', '-i', 'sandbox-second', '-t', 'test/a', '-m', 'x');
  assert.notEqual(ran.code, 0);
  assert.match(ran.stderr, /Not authorized/i);
});
