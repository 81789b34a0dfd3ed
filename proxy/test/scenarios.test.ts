// The scripted hostile cases against real nodes: what takes more than one string of bytes to say.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bench, buildBench } from './hostile/bench.ts';
import { eventually } from './hostile/bounded.ts';
import { type Answer, speak } from './hostile/door-client.ts';
import { exchange, secureInside } from './hostile/exchange.ts';
import { ADDRESSES, DATA, MARK_OF_SECRETS } from './hostile/fixture.ts';
import { describe as wordsOf, judgeAnswer, judgeRefusal } from './hostile/judge-answer.ts';
import { connectHead } from './hostile/moves.ts';
import { enterNamespace } from './hostile/namespace.ts';
import { type LogLine, type Pids, sum } from './hostile/node-process.ts';
import { sayNotRun } from './hostile/not-run.ts';
import { ODD_ADDRESSES } from './hostile/odd-upstreams.ts';
import { gatewayNameOf, hostOf, type Scenario } from './hostile/scenario.ts';
import { ANSWER_SCENARIOS } from './hostile/scenarios-answers.ts';
import { DNS_SCENARIOS } from './hostile/scenarios-dns.ts';
import { GATEWAY_SCENARIOS } from './hostile/scenarios-gateway.ts';
import { SNI_SCENARIOS } from './hostile/scenarios-sni.ts';
import { TIMING_SCENARIOS } from './hostile/scenarios-timing.ts';
import { TLS_SCENARIOS } from './hostile/scenarios-tls.ts';

const SCENARIOS = [...SNI_SCENARIOS, ...TLS_SCENARIOS, ...GATEWAY_SCENARIOS, ...DNS_SCENARIOS, ...TIMING_SCENARIOS, ...ANSWER_SCENARIOS];
const place = enterNamespace({
  ipv4: [...ADDRESSES.ipv4, ...ODD_ADDRESSES.ipv4],
  ipv6: ADDRESSES.ipv6,
  routes: ODD_ADDRESSES.routes,
});

/** Most of the time of most cases is spent waiting for a deadline. */
const AT_ONCE = 8;
const CASE_MS = 60_000;
const RECORD_MS = 10_000;
const SETTLE_MS = 20_000;

/** An address that no other case comes from. */
function sourceOf(scenario: Scenario, block = 20): string {
  const number = SCENARIOS.indexOf(scenario) + 1;
  return `127.${block}.${number >> 8}.${number & 255}`;
}

if (place.inside) run(place.hasIpv6);
else sayNotRun(`${SCENARIOS.length} scripted hostile cases`, place.why);

function run(hasIpv6: boolean): void {
  const things = new AsyncDisposableStack();
  let bench: Bench;
  let pidsAtStart: readonly Pids[] = [];

  before(
    async () => {
      bench = await buildBench(hasIpv6, SCENARIOS, things);
      pidsAtStart = await Promise.all(bench.nodes.map((node) => node.pids()));
    },
    { timeout: 120_000 },
  );
  after(() => things.disposeAsync());

  describe('scripted cases', { concurrency: AT_ONCE }, () => {
    for (const scenario of SCENARIOS.filter(({ alone }) => !alone)) testOne(scenario);
  });
  describe('scripted cases that run alone', () => {
    for (const scenario of SCENARIOS.filter(({ alone }) => alone)) testOne(scenario);
  });

  function testOne(scenario: Scenario): void {
    const options = { timeout: CASE_MS, ...(scenario.gap !== undefined && { todo: scenario.gap }) };
    test(`${scenario.id}: ${scenario.expected}, ${scenario.what}`, options, async () => {
      const answer = await scenario.run({
        bench,
        source: sourceOf(scenario),
        host: hostOf(scenario.id),
        gatewayName: gatewayNameOf(scenario.id),
      });
      try {
        await judge(scenario, scenario.recordedAs ?? sourceOf(scenario), answer);
        await sendCanary(sourceOf(scenario, 100));
      } finally {
        answer?.socket.destroy();
      }
    });
  }

  async function judge(scenario: Scenario, recordedAs: string, answer: Answer | undefined): Promise<void> {
    if (answer) assert.equal(judgeAnswer(scenario.expected, answer), null);
    const { reason, decisions = 1 } = scenario;
    const node = scenario.node?.(bench) ?? bench.main;
    const own = (): LogLine[] => node.records('decision', recordedAs).filter((line) => line['count'] === undefined);
    if (reason === null) return assert.deepEqual(own(), [], 'a record though nothing was sent');
    const found = await eventually(RECORD_MS, `${decisions} decision records`, () => (own().length >= decisions ? own() : null));
    assert.deepEqual(
      found.map((line) => line['reason']),
      Array.from({ length: decisions }, () => reason),
    );
    if (answer?.kind === 'refused' && found[0]) assert.equal(judgeRefusal(answer, found[0]), null);
  }

  async function sendCanary(source: string): Promise<void> {
    const answer = await speak(bench.doors.clear, source, connectHead(DATA));
    assert.equal(answer.kind, 'open', `canary: ${wordsOf(answer)}`);
    await exchange(await secureInside(answer.socket, { serverName: DATA, ca: bench.world.upstreamCa }), bench.world.upstream, 2_000);
  }

  test('no tripwire was touched, and no name was asked for that nobody listed', () => {
    assert.deepEqual(bench.world.tripwires.hits, []);
    const listed = new Set(SCENARIOS.filter((scenario) => scenario.own).map((scenario) => hostOf(scenario.id)));
    const strange = bench.world.dns.questions.filter(
      ({ name }) => !listed.has(name) && name !== DATA && !name.startsWith('c9d8e7f6a5b4c3.'),
    );
    assert.deepEqual(strange, []);
  });

  test('everything is at rest, the same processes serve, and nothing failed inside', async () => {
    for (const [index, node] of bench.nodes.entries()) {
      const metrics = await node.settled(SETTLE_MS);
      assert.deepEqual(await node.pids(), pidsAtStart[index]);
      assert.equal(await node.stop(), 0);
      assert.equal(node.stderr, '');
      assert.deepEqual(node.unreadable, []);
      assert.deepEqual(node.faults(), []);
      assert.equal(sum(metrics, 'pinhole_log_dropped_total'), 0);
      assert.ok(!(metrics + node.stdout).includes(MARK_OF_SECRETS));
    }
  });

  test('no session of a case left a second record behind', () => {
    for (const scenario of SCENARIOS.filter(({ gap }) => gap === undefined)) {
      const source = scenario.recordedAs ?? sourceOf(scenario);
      const node = scenario.node?.(bench) ?? bench.main;
      const lines = node.records('decision', source).filter((line) => line['count'] === undefined);
      assert.equal(lines.length, scenario.reason === null ? 0 : (scenario.decisions ?? 1), scenario.id);
    }
  });
}
