// The hostile inputs against a real node: each row alone must come out as its table says, cost nobody else anything, and leave one record.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Case, casesOf, judgeRecords, needsTenants, type Outcome, runCase } from './hostile/corpus-run.ts';
import { ADDRESSES, MARK_OF_SECRETS, PROXY_HOST, TENANT_LOGIN, UPSTREAM } from './hostile/fixture.ts';
import { enterNamespace } from './hostile/namespace.ts';
import { NodeProcess, nextPort, type Pids, sum } from './hostile/node-process.ts';
import { sayNotRun } from './hostile/not-run.ts';
import { readRows } from './hostile/rows.ts';
import { summarize } from './hostile/summary.ts';
import { buildWorld, configOf, doorsAt, type World } from './hostile/world.ts';

const place = enterNamespace(ADDRESSES);
const rows = readRows();
const cases = casesOf(rows);

/** The whole suite, on a machine that does other things too. */
const SUITE_MS = 300_000;
/** About 15 s where all is well; what hangs costs its deadline each time. */
const RUN_MS = 150_000;
const SETTLE_MS = 15_000;

if (place.inside) run(place.hasIpv6);
else sayNotRun(`${cases.length} runs of ${rows.length} hostile rows`, place.why);

/** A node for the rows about credentials, and one for all others. */
const NODES = [
  { name: 'corpus', isFor: (one: Case) => !needsTenants(one.row), overrides: {} },
  { name: 'tenants', isFor: (one: Case) => needsTenants(one.row), overrides: { tenants: [tenantOf(TENANT_LOGIN)] } },
];

function tenantOf(login: string): object {
  const [id = '', token = ''] = login.split(':');
  return { id, tokens: [`sha256:${createHash('sha256').update(token).digest('hex')}`], endpoints: ['production'] };
}

interface Ran {
  readonly cases: readonly Case[];
  readonly node: NodeProcess;
  readonly pids: { readonly atStart: Pids; readonly atEnd: Pids };
  readonly metrics: string;
  readonly exitCode: number | null;
}

function run(hasIpv6: boolean): void {
  const things = new AsyncDisposableStack();
  const outcomes = new Map<Case, Outcome>();
  let world: World;
  const ran: Ran[] = [];

  before(
    async () => {
      world = await buildWorld({ hasIpv6, things });
      const giveUpMs = performance.now() + RUN_MS;
      for (const { name, isFor, overrides } of NODES) {
        const port = nextPort();
        const config = configOf([{ address: `${PROXY_HOST}:${port}` }], overrides);
        const node = await NodeProcess.start({ folder: world.folder, name, config, things });
        const doors = doorsAt(port, world.proxyCa);
        const atStart = await node.pids();
        const own = cases.filter(isFor);
        for (const one of own) {
          // What is missing then fails by itself, each with its own name.
          if (performance.now() > giveUpMs) break;
          outcomes.set(one, await runCase(one, world, doors));
        }
        const metrics = await node.settled(SETTLE_MS);
        const pids = { atStart, atEnd: await node.pids() };
        ran.push({ cases: own, node, pids, metrics, exitCode: await node.stop() });
        for (const one of own) {
          const outcome = outcomes.get(one);
          if (outcome) judgeRecords(one, outcome, node);
        }
      }
    },
    { timeout: SUITE_MS },
  );

  after(() => things.disposeAsync());

  for (const one of cases) {
    test(`${one.row.id} ${one.door}: ${one.row.expected}, ${one.row.why}`, () => {
      assert.deepEqual(outcomes.get(one)?.problems ?? ['not run: the time was over'], []);
    });
  }

  test('no tripwire is touched in the whole run', () => {
    assert.deepEqual(world.tripwires.hits, []);
  });

  test('every record with an upstream names the one upstream there is', () => {
    const dialled = new Set(
      ran.flatMap(({ node }) => node.lines.map((line) => line['upstream_ip'])).filter((ip) => ip !== undefined && ip !== null),
    );
    assert.deepEqual([...dialled], [UPSTREAM]);
  });

  test('nobody but the clients of this run came to a node', () => {
    for (const { cases: own, node, metrics } of ran) {
      const ours = new Set(own.flatMap((one) => [one.source, one.canarySource]));
      const strangers = node.lines.filter((line) => line['event'] === 'decision' && !ours.has(String(line['client_ip'])));
      assert.deepEqual(strangers, []);
      assert.equal(sum(metrics, 'pinhole_opens_total'), ours.size);
    }
  });

  test('no secret is in anything that a node wrote', () => {
    const [, token = ''] = TENANT_LOGIN.split(':');
    for (const { node, metrics } of ran) {
      for (const [where, text] of [
        ['standard output', node.stdout],
        ['standard error', node.stderr],
        ['the metrics', metrics],
      ] as const) {
        for (const secret of [MARK_OF_SECRETS, token, Buffer.from(TENANT_LOGIN).toString('base64')])
          assert.ok(!text.includes(secret), where);
      }
    }
    assert.ok(
      world.dns.questions.every((question) => !question.name.includes(MARK_OF_SECRETS.toLowerCase())),
      'a DNS question',
    );
  });

  test('every line of the log is one JSON object of printable characters', () => {
    for (const { node } of ran) {
      assert.deepEqual(node.unreadable, []);
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      assert.doesNotMatch(node.stdout, /[^\n\x20-\x7e]/);
    }
  });

  test('nothing failed inside a node', () => {
    for (const { node, metrics } of ran) {
      assert.equal(node.stderr, '');
      assert.deepEqual(node.faults(), []);
      assert.equal(sum(metrics, 'pinhole_log_dropped_total'), 0);
    }
  });

  test('the same processes serve at the end, nothing is open, and SIGTERM ends them with 0', () => {
    assert.equal(ran.length, NODES.length);
    for (const { pids, metrics, exitCode } of ran) {
      assert.deepEqual(pids.atEnd, pids.atStart);
      assert.equal(sum(metrics, 'pinhole_tunnels') + sum(metrics, 'pinhole_pending_connections'), 0);
      assert.equal(exitCode, 0);
    }
  });

  test('summary', (context) => {
    for (const line of summarize(rows, cases, outcomes)) context.diagnostic(line);
  });
}
