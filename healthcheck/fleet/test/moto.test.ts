// `pinhole fleet` as a process against moto's Route 53, which others wrote: where our own stand-in is wrong about AWS, this one need not be
// wrong in the same way.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Moto, startMoto } from '../../testing/moto.ts';
import { motoWorld } from '../../testing/moto-world.ts';
import { sayNotRun } from '../../testing/not-run.ts';

const A = '{ id: a, address: 203.0.113.1 }';
const A_HEAVIER = '{ id: a, address: 203.0.113.1, weight: 150 }';
const B = '{ id: b, address: 203.0.113.2 }';
const B_WITHOUT_WEIGHT = '{ id: b, address: 203.0.113.2, weight: 0 }';
const CANARY = '{ id: c, address: 203.0.113.3, role: canary }';
const SPARE = '{ id: s, address: 203.0.113.4, role: spare }';

const started = await startMoto();
if ('missing' in started) sayNotRun("the fleet against moto's Route 53", started.missing);
else tests(started);

/** Most of their time is the pace that the API's budget allows, so all at once. */
function tests(moto: Moto): void {
  describe("the fleet against moto's Route 53", { concurrency: true }, () => {
    after(() => moto.stop());

    test('plan changes nothing, apply makes it, and then there is nothing to do', async (t) => {
      const world = await motoWorld(t, moto, 'made');
      world.write([A, B, SPARE]);
      const planned = await world.fleet('plan');
      assert.deepEqual([planned.code, planned.err], [0, '']);
      assert.match(planned.out, /\+ proxy\.made\.test made-owner\/a {2}203\.0\.113\.1 weight 100 ttl 60/);
      assert.deepEqual([await world.records(), await world.checks()], [[], new Map()]);

      const applied = await world.fleet('apply');
      assert.deepEqual([applied.code, applied.err], [0, '']);
      assert.match(applied.out, /5 records changed in one batch/);
      assert.deepEqual(await world.records(), [
        'proxy-all.made.test. A made-owner/a multivalue 60 203.0.113.1',
        'proxy-all.made.test. A made-owner/b multivalue 60 203.0.113.2',
        'proxy.made.test. A made-owner/a 100 60 203.0.113.1',
        'proxy.made.test. A made-owner/b 100 60 203.0.113.2',
        'proxy.made.test. A made-owner/s 0 60 203.0.113.4',
      ]);
      const checks = await world.checks();
      assert.deepEqual([...checks.keys()].toSorted(), ['made-owner/a', 'made-owner/b', 'made-owner/s']);
      for (const { SetIdentifier, HealthCheckId, ResourceRecords } of await world.sets()) {
        const { Id, HealthCheckConfig } = checks.get(SetIdentifier ?? '') ?? {};
        assert.equal(HealthCheckId, Id);
        assert.partialDeepStrictEqual(HealthCheckConfig, {
          ...{ Type: 'HTTP_STR_MATCH', IPAddress: ResourceRecords?.[0]?.Value, Port: 443, ResourcePath: '/ready', SearchString: 'ready' },
          ...{ FullyQualifiedDomainName: 'proxy.made.test', RequestInterval: 10, FailureThreshold: 3, Inverted: false, Disabled: false },
        });
      }

      const again = await world.fleet('plan');
      assert.deepEqual([again.code, again.err], [0, '']);
      assert.match(again.out, /Nothing to change: zone and file agree\./);
      const status = await world.fleet('status');
      assert.deepEqual([status.code, status.err], [0, '']);
      assert.match(status.out, /\nZone and file agree\.\n$/);
    });

    test('a changed weight, an added slot, and one that is taken out', async (t) => {
      const world = await motoWorld(t, moto, 'changed');
      world.write([A, B, SPARE]);
      assert.equal((await world.fleet('apply')).code, 0);
      world.write([A_HEAVIER, B, CANARY, SPARE]);
      const grown = await world.fleet('apply');
      assert.deepEqual([grown.code, grown.err], [0, '']);
      assert.match(grown.out, /2 records changed in one batch/);
      const kept = [
        'proxy-all.changed.test. A changed-owner/a multivalue 60 203.0.113.1',
        'proxy.changed.test. A changed-owner/a 150 60 203.0.113.1',
        'proxy.changed.test. A changed-owner/c 10 60 203.0.113.3',
        'proxy.changed.test. A changed-owner/s 0 60 203.0.113.4',
      ];
      const ofB = [
        'proxy-all.changed.test. A changed-owner/b multivalue 60 203.0.113.2',
        'proxy.changed.test. A changed-owner/b 100 60 203.0.113.2',
      ];
      assert.deepEqual(await world.records(), [...kept, ...ofB].toSorted());

      world.write([A_HEAVIER, CANARY, SPARE]);
      const shrunk = await world.fleet('apply');
      assert.deepEqual([shrunk.code, shrunk.err], [0, '']);
      assert.deepEqual(await world.records(), kept);
      assert.deepEqual([...(await world.checks()).keys()].toSorted(), ['changed-owner/a', 'changed-owner/c', 'changed-owner/s']);
      assert.match((await world.fleet('plan')).out, /Nothing to change/);
    });

    test('a slot without weight leaves the companion, and its check is changed in place', async (t) => {
      const world = await motoWorld(t, moto, 'emptied');
      world.write([A, B, SPARE]);
      assert.equal((await world.fleet('apply')).code, 0);
      const before = await world.checks();
      world.write([A, B_WITHOUT_WEIGHT, SPARE], 'check: { threshold: 2 }\n');
      const emptied = await world.fleet('apply');
      assert.deepEqual([emptied.code, emptied.err], [0, '']);
      const idsOf = (checks: typeof before) => new Map([...checks].map(([name, { Id }]) => [name, Id]));
      assert.deepEqual(idsOf(await world.checks()), idsOf(before));
      for (const { HealthCheckConfig } of (await world.checks()).values()) assert.equal(HealthCheckConfig?.FailureThreshold, 2);
      const others = (records: readonly string[]) => records.filter((words) => !words.includes(' emptied-owner/b '));
      const wanted = [
        'proxy-all.emptied.test. A emptied-owner/a multivalue 60 203.0.113.1',
        'proxy.emptied.test. A emptied-owner/a 100 60 203.0.113.1',
        'proxy.emptied.test. A emptied-owner/s 0 60 203.0.113.4',
      ];
      assert.deepEqual(others(await world.records()), wanted);
      // moto takes a DELETE for every record of that set identifier, whatever its name; for Route 53 it need only be unique under one name and
      // type (API, ResourceRecordSet). So here, and only here, the slot's other record went with it, and the next run sees that.
      assert.equal((await world.fleet('apply')).code, 0);
      assert.deepEqual(await world.records(), [...wanted, 'proxy.emptied.test. A emptied-owner/b 0 60 203.0.113.2'].toSorted());
    });

    test('records of others stay, and one of theirs under our name stops everything', async (t) => {
      const world = await motoWorld(t, moto, 'shared');
      world.write([A, B, SPARE]);
      await world.upsert([
        { Name: 'proxy.shared.test', Type: 'TXT', TTL: 300, ResourceRecords: [{ Value: '"theirs"' }] },
        { Name: 'www.shared.test', Type: 'A', TTL: 300, ResourceRecords: [{ Value: '198.51.100.7' }] },
      ]);
      const theirs = ['proxy.shared.test. TXT - - 300 "theirs"', 'www.shared.test. A - - 300 198.51.100.7'];
      assert.deepEqual(await world.records(), theirs);
      assert.equal((await world.fleet('apply')).code, 0);
      const before = await world.records();
      assert.equal(before.length, 7);
      for (const words of theirs) assert.ok(before.includes(words), words);

      const ours = { Name: 'proxy.shared.test', Type: 'A', TTL: 60 } as const;
      await world.upsert([{ ...ours, SetIdentifier: 'theirs', Weight: 5, ResourceRecords: [{ Value: '198.51.100.8' }] }]);
      world.write([A_HEAVIER, B, SPARE]);
      const refused = await world.fleet('apply');
      assert.equal(refused.code, 1);
      assert.match(refused.err, /RECORDS_OF_OTHERS/);
      assert.deepEqual(await world.records(), [...before, 'proxy.shared.test. A theirs 5 60 198.51.100.8'].toSorted());
    });
  });
}
