// Programs that a developer or an admin has at hand: curl, openssl, Python, mosquitto's clients and socat, as they would be typed.

import assert from 'node:assert/strict';
import { PROXY } from '../../../sandbox/world/config-file.ts';
import type { ClientCase, RefusedCase, Spot } from './client-case.ts';
import type { ClientWorld } from './client-world.ts';
import { CREDENTIALS, CREDENTIALS_TUNNEL, DATA, DATA_TUNNEL, MQTT_ALPN, OTHER_ACCOUNT, REFUSED } from './expected-lines.ts';
import { run, runToFailure } from './program.ts';

const at = ({ host, port }: Spot): string => `${host}:${port}`;

const identity = ({ place }: ClientWorld): string[] => {
  const { ca, deviceCertificate, deviceKey } = place.aws.files;
  return ['--cacert', ca, '--cert', deviceCertificate, '--key', deviceKey];
};

const curl = (world: ClientWorld, ...args: string[]): string[] => ['-sS', '--max-time', '10', ...identity(world), ...args];

const credentialsUrl = ({ place }: ClientWorld, host = CREDENTIALS): string =>
  `https://${host}/role-aliases/${place.aws.roleAlias}/credentials`;
const thing = ({ place }: ClientWorld): string[] => ['-H', `x-amzn-iot-thingname: ${place.aws.thing}`];

async function getCredentials(world: ClientWorld, args: readonly string[], url = credentialsUrl(world)): Promise<void> {
  const { stdout } = await run('curl', curl(world, ...thing(world), ...args, url));
  assert.match(stdout, /^\{"credentials":\{"accessKeyId":"ASIA.*"sessionToken":"/);
}

/** A name that only this curl resolves, to the proxy. */
const secureProxy = (world: ClientWorld, spot: Spot): string[] => [
  ...['--resolve', `${PROXY}:${spot.port}:${spot.host}`],
  ...['-x', `https://${PROXY}:${spot.port}`, '--proxy-cacert', world.place.aws.files.ca],
];

function openssl(world: ClientWorld, name: string, ...args: string[]): string[] {
  const { ca, deviceCertificate, deviceKey } = world.place.aws.files;
  const inside = ['-servername', name, '-alpn', MQTT_ALPN, '-CAfile', ca, '-cert', deviceCertificate, '-key', deviceKey];
  return ['s_client', '-brief', '-verify_return_error', '-verify_hostname', name, ...inside, ...args];
}

async function handshake(world: ClientWorld, ...args: string[]): Promise<void> {
  const { said } = await run('openssl', openssl(world, DATA, ...args));
  assert.match(said, /Verification: OK/);
  assert.match(said, /Verified peername: \*\.iot\.eu-west-1\.amazonaws\.com/);
}

const PYTHON = `
import http.client, ssl, sys
proxy, port, target, ca, cert, key, path, thing = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(cert, key)
connection = http.client.HTTPSConnection(proxy, int(port), context=context, timeout=8)
connection.set_tunnel(target, 443)
connection.request("GET", path, headers={"x-amzn-iot-thingname": thing})
response = connection.getresponse()
print(response.status, response.read().decode())
`;

function python(world: ClientWorld, { host, port }: Spot, target: string): readonly [string, string[]] {
  const { aws } = world.place;
  const { ca, deviceCertificate, deviceKey } = aws.files;
  const path = `/role-aliases/${aws.roleAlias}/credentials`;
  return ['python3', ['-c', PYTHON, host, String(port), target, ca, deviceCertificate, deviceKey, path, aws.thing]];
}

const CURL_ALPN = 'h2,http/1.1';

export const PROGRAM_CASES: readonly ClientCase[] = [
  {
    who: 'curl: credentials through an http:// proxy',
    door: 'connect',
    needs: ['curl'],
    run: (world, spot) => getCredentials(world, ['-x', `http://${at(spot)}`]),
    leaves: [{ ...CREDENTIALS_TUNNEL, door: 'connect', alpn: CURL_ALPN }],
  },
  {
    who: 'curl --proxy1.0: credentials with a CONNECT of HTTP/1.0',
    door: 'connect',
    needs: ['curl'],
    run: (world, spot) => getCredentials(world, ['--proxy1.0', at(spot)]),
    leaves: [{ ...CREDENTIALS_TUNNEL, door: 'connect' }],
  },
  {
    who: 'curl: credentials through an https:// proxy',
    door: 'connect-tls',
    needs: ['curl'],
    run: (world, spot) => getCredentials(world, secureProxy(world, spot)),
    leaves: [{ ...CREDENTIALS_TUNNEL, door: 'connect-tls', tls_version: 'TLSv1.3' }],
  },
  {
    who: 'curl --connect-to: credentials',
    door: 'sni',
    needs: ['curl'],
    run: (world, spot) => getCredentials(world, ['--connect-to', `${CREDENTIALS}:443:${at(spot)}`]),
    leaves: [{ ...CREDENTIALS_TUNNEL, door: 'sni', alpn: CURL_ALPN }],
  },
  {
    who: "curl --resolve: credentials, with the proxy's port in Host",
    door: 'sni',
    needs: ['curl'],
    run: (world, { host, port }) =>
      getCredentials(world, ['--resolve', `${CREDENTIALS}:${port}:${host}`], credentialsUrl(world, `${CREDENTIALS}:${port}`)),
    leaves: [{ ...CREDENTIALS_TUNNEL, door: 'sni', alpn: CURL_ALPN }],
  },
  {
    who: 'curl: a message published by HTTPS',
    door: 'connect',
    needs: ['curl'],
    run: async (world, spot) => {
      const url = `https://${DATA}:8443/topics/test/curl?qos=1`;
      const { stdout } = await run('curl', curl(world, '-x', `http://${at(spot)}`, '-d', '"hello"', url));
      assert.match(stdout, /^\{"message":"OK"/);
    },
    leaves: [{ ...DATA_TUNNEL, door: 'connect', target_port: 8443 }],
  },
  {
    who: 'openssl s_client -proxy: the TLS of the endpoint',
    door: 'connect',
    needs: ['openssl'],
    run: (world, spot) => handshake(world, '-proxy', at(spot), '-connect', `${DATA}:443`),
    leaves: [{ ...DATA_TUNNEL, door: 'connect', alpn: MQTT_ALPN }],
  },
  {
    who: 'openssl s_client -servername: the TLS of the endpoint',
    door: 'sni',
    needs: ['openssl'],
    run: (world, spot) => handshake(world, '-connect', at(spot)),
    leaves: [{ ...DATA_TUNNEL, door: 'sni', alpn: MQTT_ALPN }],
  },
  {
    who: "Python's http.client with set_tunnel: credentials",
    door: 'connect',
    needs: ['python3'],
    run: async (world, spot) => {
      const { stdout } = await run(...python(world, spot, CREDENTIALS));
      assert.match(stdout, /^200 \{"credentials":\{"accessKeyId":"ASIA/);
    },
    leaves: [{ ...CREDENTIALS_TUNNEL, door: 'connect' }],
  },
];

const REFUSED_TARGET = { ...REFUSED, target_host: OTHER_ACCOUNT, target_port: 443, status: 403 };

export const PROGRAM_REFUSED: readonly RefusedCase[] = [
  {
    who: "curl to another account's endpoint",
    door: 'connect',
    needs: ['curl'],
    run: (world, spot) => runToFailure('curl', curl(world, '-v', '-x', `http://${at(spot)}`, `https://${OTHER_ACCOUNT}/`)),
    shows: /< HTTP\/1\.1 403 TARGET_NOT_ALLOWED\r?\n[^]*< Pinhole-Reason: TARGET_NOT_ALLOWED[^]*response 403/,
    leaves: { ...REFUSED_TARGET, door: 'connect' },
  },
  {
    who: "curl to another account's endpoint, TLS to the proxy",
    door: 'connect-tls',
    needs: ['curl'],
    run: (world, spot) => runToFailure('curl', curl(world, '-v', ...secureProxy(world, spot), `https://${OTHER_ACCOUNT}/`)),
    shows: /< HTTP\/1\.1 403 TARGET_NOT_ALLOWED/,
    leaves: { ...REFUSED_TARGET, door: 'connect-tls' },
  },
  {
    who: 'curl for a plain http:// page',
    door: 'connect',
    needs: ['curl'],
    run: (_world, spot) => runToFailure('curl', ['-sS', '--fail-with-body', '-x', `http://${at(spot)}`, 'http://example.com/']),
    shows: /"code":"METHOD_NOT_ALLOWED"[^]*405/,
    leaves: { ...REFUSED, door: 'connect', reason: 'METHOD_NOT_ALLOWED', status: 405 },
  },
  {
    who: "openssl s_client -proxy to another account's endpoint",
    door: 'connect',
    needs: ['openssl'],
    run: (world, spot) => runToFailure('openssl', openssl(world, OTHER_ACCOUNT, '-proxy', at(spot), '-connect', `${OTHER_ACCOUNT}:443`)),
    shows: /403 TARGET_NOT_ALLOWED/,
    leaves: { ...REFUSED_TARGET, door: 'connect' },
  },
  {
    who: "openssl s_client -servername of another account's endpoint",
    door: 'sni',
    needs: ['openssl'],
    run: (world, spot) => runToFailure('openssl', openssl(world, OTHER_ACCOUNT, '-connect', at(spot))),
    shows: /unrecognized name/,
    leaves: { ...REFUSED, sni: OTHER_ACCOUNT },
  },
  {
    who: "Python's http.client to another account's endpoint",
    door: 'connect',
    needs: ['python3'],
    run: (world, spot) => runToFailure(...python(world, spot, OTHER_ACCOUNT)),
    shows: /Tunnel connection failed: 403 TARGET_NOT_ALLOWED/,
    leaves: { ...REFUSED_TARGET, door: 'connect' },
  },
];
