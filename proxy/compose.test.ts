import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { composePlane, type Standing } from './compose.ts';
import type { Settings } from './core/settings.ts';
import type { LedgerLimits } from './limits/ledger.ts';
import { makeCertificate } from './test/support/certificate.ts';
import { FakeClock } from './test/support/fake-clock.ts';
import { DATA, DATA_HOST, OTHER_HOST, testSettings } from './test/support/settings.ts';

const pair = makeCertificate(['proxy.test']);
const TLS = { certificatePem: pair.certPem, keyPem: pair.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null } as const;

const renewed = makeCertificate(['proxy.test']);
const RENEWED = { ...TLS, certificatePem: renewed.certPem, keyPem: renewed.keyPem };

/** What stands, so far as composing asks it; who was asked for which configuration. */
function standing() {
  const asked: string[] = [];
  const limits: LedgerLimits[] = [];
  const made = {
    clock: new FakeClock(),
    descriptors: 1_000,
    interfaces: () => ['192.0.2.1'],
    machinery: { dial: () => assert.fail('dialled'), engineFor: ({ limits: { idleMs } }: Settings) => ({ name: `idle ${idleMs}` }) },
    ledger: { under: (of: LedgerLimits) => (limits.push(of), { of }) },
    recorder: { under: (version: string) => (asked.push(version), { version }) },
  } as unknown as Standing;
  return { made, asked, limits };
}

test('everything of a plane is of its settings, and nothing of another one’s', () => {
  const { made, asked, limits } = standing();
  const first = composePlane(testSettings({ policyVersion: 'first' }), made, null);
  const next = testSettings({
    policyVersion: 'next',
    hosts: [{ ...DATA, host: OTHER_HOST }],
    limits: { ...testSettings().limits, tunnels: 7, idleMs: 5, perTunnelBufferBytes: 1_048_576 },
    node: { name: 'test', publicAddresses: ['203.0.113.1'] },
    tls: TLS,
  });
  const second = composePlane(next, made, first);
  assert.equal(second.settings, next);
  assert.deepEqual([first.list.find(OTHER_HOST), second.list.find(DATA_HOST)], [null, null]);
  assert.deepEqual([first.isOurs('proxy.test'), second.isOurs('proxy.test')], [false, true]);
  assert.deepEqual([first.judge.judge('203.0.113.1', null).class, second.judge.judge('203.0.113.1', null).class], ['reserved', 'own']);
  assert.deepEqual([first.terminator, second.terminator === null], [null, false]);
  assert.deepEqual([first.engine.name, second.engine.name], ['idle 1860000', 'idle 5']);
  assert.deepEqual([first.highWaterMark, second.highWaterMark], [1, 196_608]);
  assert.deepEqual(
    [asked, limits.map(({ capacity }) => capacity.tunnels)],
    [
      ['first', 'next'],
      [372, 7],
    ],
  );
});

test('the resolver goes on with what it has learnt, unless it is to ask others or otherwise', () => {
  const { made } = standing();
  const of = (changes: Partial<Settings>, before = first) => composePlane(testSettings(changes), made, before).resolver;
  const first = composePlane(testSettings(), made, null);
  const { resolve } = testSettings();
  const pins = [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: 1 }] }];
  assert.equal(of({ hosts: [], resolve: { ...resolve, pins } }), first.resolver);
  assert.notEqual(of({ resolve: { ...resolve, servers: ['192.0.2.53'] } }), first.resolver);
  assert.notEqual(of({ resolve: { ...resolve, family: 'any' } }), first.resolver);
});

test('the certificate is loaded again only where it is another one', () => {
  const { made } = standing();
  const first = composePlane(testSettings({ tls: TLS }), made, null);
  const of = (tls: Settings['tls']) => composePlane(testSettings({ tls }), made, first).terminator;
  assert.equal(of({ ...TLS }), first.terminator);
  assert.notEqual(of({ ...TLS, minVersion: 'TLSv1.3', clients: null }), first.terminator);
  assert.equal(of(null), null);
  assert.throws(() => of({ ...TLS, certificatePem: 'no certificate' }));
});

test('a plane that no session walks any more is let go of, with its certificate: nothing of it hangs on the next', async () => {
  const { made } = standing();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const gone: WeakRef<object>[] = [];
  let plane = composePlane(testSettings({ tls: TLS }), made, null);
  for (let change = 0; change < 50; change += 1) {
    const other = change % 2 === 0 ? RENEWED : TLS;
    gone.push(new WeakRef(plane), new WeakRef(plane.terminator ?? {}));
    plane = composePlane(testSettings({ tls: other, policyVersion: String(change) }), made, plane);
  }
  // What a turn of the loop has looked at stays until the next.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  assert.equal(gone.filter((ref) => ref.deref() !== undefined).length, 0);
  assert.equal(plane.settings.policyVersion, '49');
});
