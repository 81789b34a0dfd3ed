import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { AgentFailure } from './failure.ts';
import { Agent, type AgentSettings } from './session.ts';
import { DATA, PROVIDER, PROXY, startWorld } from './testing/world.ts';

function agentFor(settings: AgentSettings): Agent {
  return new Agent(settings, { clock: systemClock, random: () => 0, lookup: () => Promise.resolve(['127.0.0.1']) });
}

async function failureOf(settings: AgentSettings): Promise<AgentFailure> {
  const error = await agentFor(settings)
    .openSession()
    .then(
      () => assert.fail('the session opened'),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof AgentFailure);
  return error;
}

test('a signed session: credentials and WebSocket both go through the proxy, and messages come back', async (t) => {
  const world = await startWorld(t);
  const agent = agentFor(world.settings);
  const session = await agent.openSession();
  const received = Promise.withResolvers<string>();
  await session.subscribe('pinhole/device-1', (_topic, payload) => received.resolve(payload.toString()));
  await session.publish('pinhole/device-1', 'hello');
  assert.equal(await received.promise, 'hello');
  await session.end();
  assert.equal(await session.closed, null);

  assert.deepEqual(
    world.relay.heads.map((head) => head.split(' ')[1]),
    [`${PROVIDER}:443`, `${DATA}:443`],
  );
  const [credentials, upgrade] = world.requests;
  assert.equal(credentials?.url, '/role-aliases/Alias%3D1/credentials');
  assert.equal(credentials?.headers['x-amzn-iot-thingname'], 'device-1');
  assert.equal(upgrade?.headers.host, DATA);
  assert.equal(upgrade?.headers['sec-websocket-protocol'], 'mqtt');
  assert.equal(upgrade?.headers['sec-websocket-extensions'], undefined);
  assert.match(
    upgrade?.url ?? '',
    /^\/mqtt\?.*X-Amz-Credential=ASIAEXAMPLE%2F.*%2Feu-west-1%2Fiotdevicegateway.*&X-Amz-Security-Token=token%2F%2B%3D$/,
  );
});

test('a second session uses the credentials of the first', async (t) => {
  const world = await startWorld(t);
  const agent = agentFor(world.settings);
  await (await agent.openSession()).end();
  await (await agent.openSession()).end();
  assert.equal(world.requests.filter((request) => request.url?.startsWith('/role-aliases/')).length, 1);
});

test('a mutual session shows the device certificate', async (t) => {
  const world = await startWorld(t);
  const session = await agentFor({ ...world.settings, role: null, port: 8883 }).openSession();
  await session.end();
  assert.deepEqual(world.clientNames, ['device']);
});

test('a refused credential request tells what AWS said and whose matter it is', async (t) => {
  const world = await startWorld(t, { provider: [403, '{"message":"Invalid thing name passed"}'] });
  const { facts } = await failureOf(world.settings);
  assert.deepEqual([facts.leg, facts.code, facts.fixer], ['credentials', 'HTTP_403', 'account']);
  assert.match(facts.detail, /Invalid thing name passed/);
});

test('an answer without credentials is not taken for one', async (t) => {
  for (const body of [
    '{}',
    'null',
    '<html>',
    '{"credentials":{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c","expiration":"soon"}}',
  ]) {
    const world = await startWorld(t, { provider: [200, body] });
    assert.equal((await failureOf(world.settings)).facts.code, 'ANSWER_MALFORMED');
  }
});

test('a 403 at the upgrade is about the signature or the policy, and the next try asks for fresh credentials', async (t) => {
  const world = await startWorld(t, { upgrade: [403, {}, '{"message":"Forbidden"}'] });
  const agent = agentFor(world.settings);
  for (let round = 1; round <= 2; round += 1) {
    await assert.rejects(agent.openSession(), (error: AgentFailure) => {
      assert.deepEqual([error.facts.leg, error.facts.code, error.facts.fixer], ['upgrade', 'HTTP_403', 'account']);
      assert.match(error.facts.detail, /Forbidden/);
      return true;
    });
    assert.equal(world.requests.filter((request) => request.url?.startsWith('/role-aliases/')).length, round);
  }
});

test("the gateway's own refusal is told from one that AWS gave through it", async (t) => {
  const own = await startWorld(t, {
    upgrade: [503, { 'Pinhole-Reason': 'DRAINING', 'Pinhole-Request': 'R1', 'Retry-After': '4' }, '{"message":"m"}'],
  });
  const refused = (await failureOf(own.settings)).facts;
  assert.deepEqual([refused.leg, refused.code, refused.request, refused.retryAfterMs], ['proxy-answer', 'DRAINING', 'R1', 4_000]);

  const passed = await startWorld(t, { upgrade: [403, { 'Pinhole-Answer': 'upstream', 'Pinhole-Request': 'R2' }, ''] });
  const answered = (await failureOf(passed.settings)).facts;
  assert.deepEqual([answered.leg, answered.code, answered.request], ['upgrade', 'HTTP_403', 'R2']);
});

test('a CONNACK that says no, and a close in its place, are both the policy', async (t) => {
  const refused = (await failureOf((await startWorld(t, { connack: 0x87 })).settings)).facts;
  assert.deepEqual([refused.leg, refused.code, refused.fixer], ['mqtt', 'CONNACK_135', 'account']);
  const closed = (await failureOf((await startWorld(t, { isSilent: true })).settings)).facts;
  assert.deepEqual([closed.leg, closed.code, closed.fixer], ['mqtt', 'CLOSED', 'account']);
});

test('a refused subscription is a failure', async (t) => {
  const session = await agentFor((await startWorld(t)).settings).openSession();
  await assert.rejects(
    session.subscribe('refused', () => {}),
    /iot:Subscribe|refused/,
  );
  await session.end();
});

test('a session that AWS ends says why', async (t) => {
  const world = await startWorld(t, { onConnect: (_packet, reply) => setImmediate(() => reply({ cmd: 'disconnect', reasonCode: 0x8e })) });
  const session = await agentFor(world.settings).openSession();
  const failure = await session.closed;
  assert.match(failure?.facts.detail ?? '', /another session with the same client id/);
});

test('a publish on a session whose tunnel dies fails instead of waiting', async (t) => {
  const world = await startWorld(t);
  const session = await agentFor(world.settings).openSession();
  await world.relay.close();
  await assert.rejects(session.publish('a', 'b'), AgentFailure);
  assert.ok((await session.closed) instanceof AgentFailure);
});

test('no goodbye is waited for on a session that is over, also with a message on its way', async (t) => {
  const world = await startWorld(t);
  const session = await agentFor(world.settings).openSession();
  const publishing = assert.rejects(session.publish('a', 'b'), AgentFailure);
  await world.relay.close();
  await publishing;
  const startedMs = systemClock.nowMs();
  await session.end();
  // A goodbye is waited for two seconds.
  assert.ok(systemClock.nowMs() - startedMs < 1_500, `${systemClock.nowMs() - startedMs} ms`);
});

test('a device certificate that the provider does not take is a matter of the account', async (t) => {
  const other = await startWorld(t);
  const world = await startWorld(t);
  const { facts } = await failureOf({ ...world.settings, cert: other.settings.cert, key: other.settings.key });
  assert.deepEqual([facts.leg, facts.fixer], ['credentials', 'account']);
  assert.match(facts.hint ?? '', /certificate active/);
});

test('connect-tls: the proxy is met in TLS under its own name, and the endpoint inside that', async (t) => {
  const world = await startWorld(t);
  const proxies = [{ isTls: true, host: PROXY, port: world.ports.proxyTls, authorization: 'Basic YTpi' }];
  await (await agentFor({ ...world.settings, door: 'connect-tls', proxies }).openSession()).end();
  assert.deepEqual(world.serverNames, [PROXY, PROXY]);
  assert.equal(world.relay.heads.filter((head) => head.includes('Proxy-Authorization: Basic YTpi\r\n')).length, 2);
});

test('sni: the endpoint is met directly at the address of the proxy', async (t) => {
  const world = await startWorld(t);
  const proxies = [{ isTls: false, host: '127.0.0.1', port: world.ports.mutual, authorization: null }];
  await (await agentFor({ ...world.settings, door: 'sni', proxies, role: null }).openSession()).end();
  assert.deepEqual(world.clientNames, ['device']);
  assert.equal(world.relay.heads.length, 0);
});

test("gateway: Host is the gateway's name, the signature is the endpoint's, and the proxy's credentials go beside it", async (t) => {
  const world = await startWorld(t);
  const proxies = [{ isTls: true, host: PROXY, port: world.ports.proxyTls, authorization: 'Basic YTpi' }];
  await (await agentFor({ ...world.settings, door: 'gateway', proxies }).openSession()).end();
  const upgrade = world.requests.find((request) => request.url?.startsWith('/mqtt?'));
  assert.equal(upgrade?.headers.host, PROXY);
  assert.equal(upgrade?.headers['proxy-authorization'], 'Basic YTpi');
  assert.match(upgrade?.url ?? '', /X-Amz-SignedHeaders=host/);
  assert.deepEqual(
    world.relay.heads.map((head) => head.split(' ')[1]),
    [`${PROVIDER}:443`],
    'credentials come by CONNECT: the gateway serves /mqtt alone',
  );
});

test("a proxy's certificate for another name is the proxy's matter, not the endpoint's", async (t) => {
  const world = await startWorld(t);
  const proxies = [{ isTls: true, host: 'other.test', port: world.ports.proxyTls, authorization: null }];
  const { facts } = await failureOf({ ...world.settings, door: 'connect-tls', proxies });
  assert.deepEqual([facts.leg, facts.code, facts.fixer], ['proxy-tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'device']);
});

test('the doors that cannot carry a session say so before anything is dialled', async (t) => {
  const world = await startWorld(t);
  assert.equal((await failureOf({ ...world.settings, door: 'gateway', role: null })).facts.leg, 'settings');
  const role = world.settings.role;
  assert.equal((await failureOf({ ...world.settings, endpoint: 'iot.example.com', role })).facts.leg, 'settings');
  assert.equal(world.relay.heads.length, 0);
});
