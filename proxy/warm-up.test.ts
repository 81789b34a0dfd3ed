import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { Standing } from './compose.ts';
import { ProxyError } from './core/fault.ts';
import { systemClock } from './core/clock.ts';
import type { RelayName } from './core/settings.ts';
import { createGateway } from './gateway/re-originate.ts';
import { createMachinery, type Machinery } from './machinery.ts';
import { ENGINES } from './test/support/relay.ts';
import { testSettings } from './test/support/settings.ts';
import { TenantTable } from './policy/tenants.ts';
import { Sessions } from './tunnel/sessions.ts';
import { warmUp } from './warm-up.ts';

const NOBODY = await TenantTable.build({ list: '', places: '' }, assert.fail);

function world(relay: RelayName, changes: (machinery: Machinery) => Partial<Machinery> = () => ({})) {
  const settings = testSettings({ relay });
  const made = createMachinery(settings, {
    descriptors: 1_000,
    clock: systemClock,
    highWaterMark: () => 65_536,
    onBug: assert.fail,
    onFailed: assert.fail,
  });
  const machinery = { ...made, ...changes(made) };
  const used: string[] = [];
  const unused = (what: string) => () => {
    used.push(what);
    return assert.fail(what);
  };
  const standing: Standing = {
    ...{ clock: systemClock, machinery, descriptors: 1_000 },
    sessions: new Sessions(systemClock, Math.random),
    ledger: { under: unused('the limits') },
    overload: { shed: unused('the overload'), hasNoPort: unused('the ports'), foundNoPort: unused('the ports') },
    recorder: { under: unused('the records') },
    // Nobody is let in who is not known, and nobody is known.
    tenants: { current: NOBODY },
    // As if loopback were our own: it is, and a tunnel to it is refused unless it is pinned.
    interfaces: () => ['127.0.0.1'],
    upgrade: createGateway(systemClock),
    isReady: () => false,
    isDraining: () => true,
    onBug: assert.fail,
    newId: () => 'warm-up',
    random: Math.random,
  };
  return { settings, standing, machinery, used, done: () => standing.sessions.stop() };
}

for (const relay of ENGINES) {
  test(`a carrier that can carry is found to (${relay}), and nothing of it is counted or stays`, async () => {
    const { settings, standing, machinery, used, done } = world(relay);
    await warmUp(settings, standing, machinery.acceptor);
    const before = readdirSync('/proc/self/fd').length;
    for (let turn = 0; turn < 5; turn += 1) await warmUp(settings, standing, machinery.acceptor);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(readdirSync('/proc/self/fd').length <= before, 'descriptors stay');
    assert.deepEqual([used, standing.sessions.tunnels()], [[], 0]);
    done();
  });

  test(`one that cannot dial says what it was told (${relay})`, async () => {
    const dial = () => Promise.reject(new ProxyError('DIAL_FAILED', 'no route'));
    const { settings, standing, machinery, done } = world(relay, () => ({ dial }) as unknown as Partial<Machinery>);
    await assert.rejects(
      warmUp(settings, standing, machinery.acceptor),
      /^Error: a tunnel to itself was refused: HTTP\/1\.1 502 DIAL_FAILED$/,
    );
    done();
  });

  test(`one whose engine ends what it is given is found out (${relay})`, async () => {
    const { settings, standing, machinery, done } = world(relay, ({ engineFor }) => ({
      engineFor: (of) => {
        const engine = engineFor(of);
        return {
          ...engine,
          start: (job) => {
            const tunnel = engine.start(job);
            tunnel.close('fault');
            return tunnel;
          },
        };
      },
    }));
    await assert.rejects(warmUp(settings, standing, machinery.acceptor), /a tunnel to itself brought back|ECONNRESET|socket hang up|EPIPE/);
    done();
  });
}
