// A whole node whose configuration changes while tunnels with traffic go through it.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { wholeLines } from './clients/node-log.ts';
import { makeCertificate } from './support/certificate.ts';
import { until } from './support/fake-serve.ts';
import { ask, handshake, liveNode, openTunnel, shownCertificate } from './support/live-node.ts';
import { ENGINES } from './support/relay.ts';
import { pinhole, statusOf, wholeStatusOf } from './support/served-node.ts';
import { DATA_HOST, OTHER_HOST } from './support/settings.ts';
import { echo, startUpstream } from './support/upstream.ts';

const ALLOWED = 'HTTP/1.1 200 Connection established';
const NOT_LISTED = 'HTTP/1.1 403 TARGET_NOT_ALLOWED';

function endpoints(hosts: readonly string[], upstream: number): string[] {
  return [
    `endpoints: [${hosts.map((host, index) => `{ name: e${index}, data: ${host} }`).join(', ')}]`,
    `resolve: { pin: [${hosts.map((host) => `{ host: ${host}, to: "127.0.0.1:${upstream}" }`).join(', ')}] }`,
  ];
}

const NO_HELLO = 'policy: { sni: off, alpn: off }';
const KEEPS = 'policy: { sni: off, alpn: off, revoked: keep }';

/** A tunnel whose client says no more; `credentials` in the way of Basic. */
async function openQuiet(t: TestContext, port: number, credentials: string | null = null): Promise<net.Socket> {
  const fields = credentials === null ? '' : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
  const { socket, answer } = await ask(t, port, DATA_HOST, { fields });
  assert.equal(answer, ALLOWED, credentials ?? 'nobody');
  return socket;
}

async function metric(port: number, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${series} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

describe('a node with open tunnels', { concurrency: 2 }, () => {
  for (const relay of ENGINES) {
    test(`loses none to a change, and says of each connection by which it was judged (${relay})`, async (t) => {
      const upstream = await startUpstream(echo);
      t.after(() => upstream.close());
      const [listed = '', pins = ''] = endpoints([DATA_HOST], upstream.port);
      const [otherListed = '', otherPins = ''] = endpoints([OTHER_HOST], upstream.port);
      const node = await liveNode(t, [`relay: ${relay}`, KEEPS, listed, pins]);
      const before = (await statusOf(node.runtime)).configuration.policyVersion;
      const tunnels = await Promise.all(Array.from({ length: 20 }, () => openTunnel(t, node.port, DATA_HOST)));
      assert.deepEqual(new Set(tunnels.map(({ answer }) => answer)), new Set([ALLOWED]));
      assert.equal((await openTunnel(t, node.port, OTHER_HOST)).answer, NOT_LISTED);

      // One endpoint goes, another comes.
      const taken = await node.change(listed, otherListed, pins, otherPins);
      assert.deepEqual([taken['changed'], taken['carriers'], taken['took']], [['endpoints', 'resolve'], 2, 2]);
      for (let opened = 0; opened < 10; opened += 1) {
        assert.equal((await openTunnel(t, node.port, DATA_HOST)).answer, NOT_LISTED);
        assert.equal((await openTunnel(t, node.port, OTHER_HOST)).answer, ALLOWED);
      }
      await Promise.all(tunnels.map((tunnel) => tunnel.goesOn(20)));

      for (const tunnel of tunnels) tunnel.close();
      await until(() => node.records('close').length >= tunnels.length, 'the ends');
      const versionsOf = (event: 'decision' | 'close', host: string): unknown[] => [
        ...new Set(
          node
            .records(event)
            .filter((line) => line['target_host'] === host)
            .map((line) => line['policy_version']),
        ),
      ];
      const after = taken['policy_version'];
      assert.notEqual(after, before);
      assert.deepEqual(versionsOf('decision', DATA_HOST), [before, after]);
      assert.deepEqual(versionsOf('decision', OTHER_HOST), [before, after]);
      assert.deepEqual(versionsOf('close', DATA_HOST), [before], 'it ended as it began');
      assert.deepEqual(
        node.records('decision').filter((line) => line['target_host'] === DATA_HOST && line['policy_version'] === after && line['allow']),
        [],
      );
    });

    test(`holds those that come afterwards to other limits, and those before to theirs (${relay})`, async (t) => {
      const upstream = await startUpstream(echo);
      t.after(() => upstream.close());
      const node = await liveNode(t, [`relay: ${relay}`, NO_HELLO, ...endpoints([DATA_HOST], upstream.port), 'limits: { tunnels: 100 }']);
      const silent = await openTunnel(t, node.port, DATA_HOST);
      const before = await openQuiet(t, node.port);
      await node.change('limits: { tunnels: 100 }', 'limits: { tunnels: 3, idle: 5s, perTunnelBuffer: 1MiB }');
      const after = await openQuiet(t, node.port);
      assert.equal((await openTunnel(t, node.port, DATA_HOST)).answer, 'HTTP/1.1 503 NODE_FULL');
      await new Promise((resolve) => after.once('close', resolve));
      assert.equal((await until(() => node.records('close')[0], 'the end'))['ended_by'], 'idle');
      assert.deepEqual([before.destroyed, silent.isOpen()], [false, true]);
      assert.equal((await openTunnel(t, node.port, DATA_HOST)).answer, ALLOWED);
      assert.equal((await statusOf(node.runtime)).capacity.tunnels, 3);
    });
  }

  test('closes at its pace what a new list would not let in, and nothing else', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const token = 'sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
    const tenant = (id: string): string => `- { id: ${id}, tokens: ["${token}"] }\n`;
    let tenants = '';
    const put = (text: string): void => {
      writeFileSync(`${tenants}.new`, text);
      renameSync(`${tenants}.new`, tenants);
    };
    const node = await liveNode(
      t,
      [NO_HELLO, ...endpoints([DATA_HOST], upstream.port), 'tenantsFile: tenants.yaml', 'drain: { rate: 4 }'],
      (folder) => {
        tenants = join(folder, 'tenants.yaml');
        put(tenant('acme') + tenant('globex'));
      },
    );
    const open = async (id: string): Promise<net.Socket> => (await openQuiet(t, node.port, `${id}:secret`)).resume();
    const [gone, stays] = [await Promise.all(Array.from({ length: 8 }, () => open('acme'))), await open('globex')];

    // Half a list is none: the last good one stays in force.
    put(tenant('globex') + tenant('globex'));
    await node.serve.line('configuration-refused');
    await open('acme');

    // What it would do is said first, by a copy beside it, and nothing is done.
    const next = tenant('globex') + tenant('initech');
    writeFileSync(join(node.folder, 'next-tenants.yaml'), next);
    const copy = join(node.folder, 'next.yaml');
    writeFileSync(copy, readFileSync(node.file, 'utf8').replace('tenants.yaml', 'next-tenants.yaml'));
    const dryRun = await pinhole('reload', '--dry-run', '--from', copy, '--runtime', node.runtime);
    assert.equal(dryRun.code, 0, dryRun.stderr);
    assert.match(dryRun.stdout, /^would close 9 of 10 open tunnels: 4 a second, in 3s$/m);
    assert.match(dryRun.stdout, new RegExp(`^9 +acme +${DATA_HOST}:443 +its tenant is not in the file$`, 'm'));
    assert.deepEqual([node.records('close').length, gone.some((socket) => socket.destroyed)], [0, false]);

    put(next);
    await node.serve.line('configuration-taken');
    await open('initech');
    await until(() => node.records('close').length >= gone.length + 1, 'the ends of the tenant that is gone');
    const ends = node.records('close');
    assert.deepEqual(new Set(ends.map((line) => `${String(line['tenant'])} ${String(line['ended_by'])}`)), new Set(['acme policy']));
    const spanMs = Date.parse(String(ends.at(-1)?.['time'])) - Date.parse(String(ends[0]?.['time']));
    assert.ok(spanMs >= 1_000, `${ends.length} in ${spanMs} ms`);
    await until(() => gone.every((socket) => socket.destroyed), 'their clients to see it');
    assert.equal(stays.destroyed, false);
    const closed = await pinhole('close', '--tenant', 'globex', '--runtime', node.runtime);
    assert.deepEqual([closed.code, closed.stdout], [0, 'closed 1 tunnel of globex\n']);
    await until(() => node.records('close').some((line) => line['tenant'] === 'globex' && line['ended_by'] === 'operator'), 'its end');
    assert.match(String((await node.serve.line('tenant-closed'))['by']), /command line/);
    await open('globex');
    assert.doesNotMatch(JSON.stringify(node.serve.lines), /2bb80d53|c2VjcmV0|:secret/);
  });

  test('shows a renewed certificate to those that come, and goes on with those that are there', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const [old, renewed] = [makeCertificate(['proxy.test']), makeCertificate(['proxy.test'])];
    const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;
    const lines = [NO_HELLO, ...endpoints([DATA_HOST], upstream.port), 'tls: { certificate: cert.pem, key: key.pem }'];
    const listen = 'listen: [{ address: "127.0.0.1:0", doors: [connect, connect-tls] }]';
    const node = await liveNode(t, [listen, ...lines], (folder) => {
      writeFileSync(join(folder, 'cert.pem'), old.certPem);
      writeFileSync(join(folder, 'key.pem'), old.keyPem);
    });
    const tunnels = await Promise.all(
      Array.from({ length: 10 }, () => openTunnel(t, node.port, DATA_HOST, (plain) => handshake(plain, old.certPem, 'proxy.test'))),
    );
    assert.equal(await shownCertificate(node.port, 'proxy.test'), fingerprint(old.certPem));

    // A new certificate without its key is none: the node goes on with what it has.
    writeFileSync(join(node.folder, 'cert.pem'), renewed.certPem);
    const half = await node.reload();
    assert.equal(half.code, 64);
    assert.match(half.result?.problems[0] ?? '', /pinhole\.yaml:\d+:\d+: tls\.key: the private key does not belong to the certificate$/);
    assert.equal(await shownCertificate(node.port, 'proxy.test'), fingerprint(old.certPem));

    // With it it is taken without being asked, as a renewal by a job is.
    writeFileSync(join(node.folder, 'key.pem.new'), renewed.keyPem);
    renameSync(join(node.folder, 'key.pem.new'), join(node.folder, 'key.pem'));
    const taken = await node.serve.line('configuration-taken');
    assert.deepEqual([taken['by'], taken['changed']], ['file', ['tls']]);
    for (let shown = 0; shown < 10; shown += 1) assert.equal(await shownCertificate(node.port, 'proxy.test'), fingerprint(renewed.certPem));
    await Promise.all(tunnels.map((tunnel) => tunnel.goesOn()));
    const fresh = await openTunnel(t, node.port, DATA_HOST, (plain) => handshake(plain, renewed.certPem, 'proxy.test'));
    assert.equal(fresh.answer, ALLOWED);
    const { health } = await statusOf(node.runtime);
    assert.ok((await metric(health.port, 'pinhole_certificate_expiry_seconds')) > 86_400);
  });

  test('keeps the last good file over one with mistakes, also for a carrier that starts meanwhile, and says so everywhere', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const node = await liveNode(t, [NO_HELLO, ...endpoints([DATA_HOST], upstream.port)]);
    const { health, configuration } = await statusOf(node.runtime);
    assert.equal(await metric(health.port, 'pinhole_config_reload_failed_total'), 0);
    const tunnel = await openTunnel(t, node.port, DATA_HOST);

    node.edit('policy:', 'polcy:');
    const { code, stderr } = await pinhole('reload', '-c', node.file);
    assert.equal(code, 64);
    assert.match(stderr, new RegExp(`^${node.file}:\\d+:1: polcy: unknown key; did you mean policy\\?$`, 'm'));
    assert.match(stderr, new RegExp(`has mistakes; the node goes on by policy version ${configuration.policyVersion}$`, 'm'));
    assert.match(String((await node.serve.line('configuration-problem'))['problem']), /pinhole\.yaml:\d+:1: polcy: unknown key/);
    assert.ok((await metric(health.port, 'pinhole_config_reload_failed_total')) >= 1);

    const { carriers } = await wholeStatusOf(node.runtime);
    const spare = carriers.find(({ status }) => status?.tunnels === 0);
    process.kill(spare?.pid ?? assert.fail('no pid'), 'SIGKILL');
    await until(() => node.serve.lines.filter(({ event }) => event === 'carrier-ready').length === 3, 'the carrier again');
    for (const { status } of (await wholeStatusOf(node.runtime)).carriers) assert.equal(status?.policyVersion, configuration.policyVersion);
    for (let opened = 0; opened < 6; opened += 1) assert.equal((await openTunnel(t, node.port, DATA_HOST)).answer, ALLOWED);
    await tunnel.goesOn();
    assert.match((await pinhole('status', '--runtime', node.runtime)).stdout, /^file .*not taken .* ago: .*: polcy: unknown key/m);

    node.edit('polcy:', 'policy:');
    const back = await node.reload();
    assert.deepEqual([back.code, back.result?.outcome], [0, 'unchanged']);
    await tunnel.goesOn();
  });

  test('says by name what only a start takes, and swaps nothing of a file that has it', async (t) => {
    const node = await liveNode(t, []);
    node.edit('limits: { tunnels: 100 }\ncarriers: 2', 'limits: { tunnels: 7 }\ncarriers: 3');
    const { code, stderr } = await pinhole('reload', '-c', node.file);
    assert.equal(code, 75);
    assert.match(
      stderr,
      /^carriers: 3 takes a start of the node, which runs with 2\npinhole reload: nothing was changed; the node goes on/m,
    );
    assert.equal((await statusOf(node.runtime)).capacity.tunnels, 100);
  });

  test('goes on by the last good file where its own has vanished', async (t) => {
    const node = await liveNode(t, []);
    rmSync(node.file);
    const { code, result } = await node.reload();
    assert.deepEqual([code, result?.problems], [64, [`${node.file}:1:1: cannot read the file (ENOENT)`]]);
    const byFile = await pinhole('reload', '-c', node.file);
    assert.equal(byFile.code, 64);
    assert.match(byFile.stderr, /cannot be read, so it does not say where its node is; --runtime DIR does/);
    assert.equal((await statusOf(node.runtime)).ready, true);
  });

  test('takes another name, level and file of its log, and a list of addresses', async (t) => {
    const node = await liveNode(t, []);
    const log = join(node.folder, 'other.log');
    const [key, list] = [join(node.folder, 'key'), join(node.folder, 'list.json')];
    assert.equal((await pinhole('addresses', 'make', '--new-key', key)).code, 0);
    const make = ['--fleet', 'test', '--host', 'proxy.test', '--address', 'a=127.0.0.1', '--key', key, '--out', list];
    assert.equal((await pinhole('addresses', 'make', ...make)).code, 0);
    const url = `http://127.0.0.1:${node.port}/.well-known/pinhole/addresses.json`;
    assert.equal((await fetch(url)).status, 404);

    node.edit('node: { name: test-1 }', `node: { name: test-2 }\naddresses: list.json\nlog: { level: info, file: ${log} }`);
    assert.equal((await node.reload()).code, 0);
    assert.equal(await (await fetch(url)).text(), readFileSync(list, 'utf8'));
    assert.equal((await openTunnel(t, node.port, OTHER_HOST)).answer, NOT_LISTED);
    const lines = await until(() => {
      const found = wholeLines(readFileSync(log, 'utf8')).map((line) => JSON.parse(line) as Record<string, unknown>);
      return found.some(({ event }) => event === 'decision') && found;
    }, 'the record');
    assert.deepEqual([...new Set(lines.map((line) => line['node']))], ['test-2']);
    assert.deepEqual(lines.find(({ event }) => event === 'configuration-taken')?.['changed'], ['node', 'addresses', 'log']);
    const { health, node: name } = await statusOf(node.runtime);
    assert.equal(name, 'test-2');
    assert.equal(((await (await fetch(`http://127.0.0.1:${health.port}/live`)).json()) as { node: string }).node, 'test-2');

    node.edit('level: info', 'level: error');
    assert.equal((await node.reload()).code, 0);
    const before = readFileSync(log, 'utf8').length;
    assert.equal((await openTunnel(t, node.port, OTHER_HOST)).answer, NOT_LISTED);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(readFileSync(log, 'utf8').length, before);

    node.edit(`file: ${log}`, `file: ${join(log, 'below')}`);
    const refused = await node.reload();
    assert.equal(refused.code, 1);
    assert.match(refused.result?.why ?? '', /^the log file cannot be opened: ENOTDIR/);
  });

  test('is probed by the file of now, and by none where that says so', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const node = await liveNode(t, ['carriers: 1', ...endpoints([DATA_HOST], upstream.port)]);
    const { health } = await statusOf(node.runtime);
    const probed = async (): Promise<{ endpoints: { name: string }[] } | null> => {
      const answer = await fetch(`http://127.0.0.1:${health.port}/ready`);
      return ((await answer.json()) as { probe: { endpoints: { name: string }[] } | null }).probe;
    };
    assert.equal(await probed(), null);
    await node.change('probe: off', "probe: { schedule: '* * * * * *' }");
    const first = await until(probed, 'a word of the probe');
    assert.deepEqual(
      first.endpoints.map(({ name }) => name),
      ['e0'],
    );
    await node.change('name: e0', 'name: renamed');
    await until(async () => (await probed())?.endpoints[0]?.name === 'renamed', 'a word on what is listed now');
    await node.change(/probe: \{.*\}/, 'probe: off');
    await until(async () => (await probed()) === null, 'no word');
  });

  test('stops by the drain of now', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const node = await liveNode(t, [NO_HELLO, ...endpoints([DATA_HOST], upstream.port), 'drain: { stop: 10m }']);
    await openTunnel(t, node.port, DATA_HOST);
    await node.change('stop: 10m', 'stop: 1s');
    node.serve.child.kill('SIGTERM');
    assert.equal((await node.serve.line('node-stopping'))['stop_ms'], 1_000);
    assert.equal(await node.serve.ended, 0);
  });

  test('is not taken for another one: -c with a file that no node runs by says so', async (t) => {
    const node = await liveNode(t, []);
    const other = join(node.folder, 'other.yaml');
    writeFileSync(other, readFileSync(node.file));
    const { code, stderr } = await pinhole('reload', '-c', other);
    assert.equal(code, 64);
    assert.match(stderr, new RegExp(`no node runs by ${other}; the node in ${node.runtime} runs by ${node.file}$`, 'm'));
    assert.equal((await pinhole('reload', '-c', node.file)).stdout.startsWith('nothing new'), true);
  });
});
