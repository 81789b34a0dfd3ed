import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { AgentPlan } from '../shared/agent-plan.ts';
import type { Tick } from '../shared/tick.ts';
import { ownFolder } from '../testing/folder.ts';
import { k6Arguments, startGenerators } from './generators.ts';
import type { Generators } from './parts.ts';
import { Processes } from './processes.ts';

function agents(endsInMs: number, vus = 8): AgentPlan {
  return {
    url: 'ws://far.test:443/mqtt',
    beginsMs: Date.now(),
    endsMs: Date.now() + endsInMs,
    tunnels: 8,
    vus,
    opensPerSecond: 8,
    triesPerSecond: null,
    restSeconds: 0,
    work: { kind: 'ping', everySeconds: 60 },
    backoff: { firstMs: 1_000, capMs: 30_000 },
    clientIdPrefix: 'agent-',
  };
}

interface Run {
  readonly generators: Generators;
  readonly ticks: Tick[];
  readonly complaints: string[];
  readonly torn: () => number;
}

/** `script`: what a program does that is not k6; `$@` are k6's arguments. */
async function run(
  context: TestContext,
  script: string,
  more: { processes?: number; endsInMs?: number; proxy?: string | null } = {},
): Promise<Run> {
  const folder = ownFolder(context);
  const k6 = join(folder, 'k6');
  writeFileSync(k6, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const ticks: Tick[] = [];
  const complaints: string[] = [];
  let torn = 0;
  const generators = await startGenerators(
    {
      k6,
      agents: agents(more.endsInMs ?? 0),
      processes: more.processes ?? 1,
      proxy: more.proxy ?? null,
      env: { SSL_CERT_FILE: '/ca.pem' },
      folder,
      heard: (tick) => ticks.push(tick),
      torn: () => (torn += 1),
      complained: (line) => complaints.push(line),
    },
    new Processes(),
  );
  context.after(() => generators.stop());
  return { generators, ticks, complaints, torn: () => torn };
}

const TICK = 'TICK {"at":5,"vu":1,"established":2,"wanted":3}';

test('ticks are heard from both streams of every process', { timeout: 30_000 }, async (context) => {
  const { generators, ticks, complaints } = await run(context, `echo '${TICK}'; echo '${TICK}' >&2`, { processes: 3 });
  await generators.ended;
  assert.equal(generators.pids.length, 3);
  assert.deepEqual([ticks.length, complaints], [6, []]);
});

test('a torn tick and words of k6 are passed on, and what follows is heard all the same', { timeout: 30_000 }, async (context) => {
  const script = `echo 'level=warning msg="slow"'; echo 'TICK {"at":5,"v'; echo; printf '\\377\\376\\n'; echo '${TICK}'; printf 'TICK {"at"'`;
  const { generators, ticks, complaints, torn } = await run(context, script);
  await generators.ended;
  assert.deepEqual([ticks.length, torn()], [1, 2]);
  assert.deepEqual(complaints, ['level=warning msg="slow"', 'torn: TICK {"at":5,"v', '\uFFFD\uFFFD', 'torn: TICK {"at"']);
});

for (const [what, script, words] of [
  ['that fails', 'echo "no such plan" >&2; exit 107', /^Error: k6 1 of 1 ended with exit code 107; its last lines:\n {2}no such plan$/],
  ['that is killed', 'kill -9 $$', /^Error: k6 1 of 1 was ended by SIGKILL, and said nothing$/],
] as const) {
  test(`a k6 ${what} is an error with its last words`, { timeout: 30_000 }, async (context) => {
    const { generators } = await run(context, script, { endsInMs: 60_000 });
    await assert.rejects(generators.ended, words);
  });
}

test('one that ends well before the end of the plan is an error too', { timeout: 30_000 }, async (context) => {
  const { generators } = await run(context, 'echo nothing to do', { endsInMs: 60_000 });
  await assert.rejects(generators.ended, /k6 1 of 1 before the plan's end ended with exit code 0; its last lines:\n {2}nothing to do/);
});

test('a k6 that is no program is an error that says so', { timeout: 30_000 }, async (context) => {
  const folder = ownFolder(context);
  const plan = { agents: agents(0), processes: 1, proxy: null, env: {}, folder, heard: () => {}, torn: () => {}, complained: () => {} };
  const generators = await startGenerators({ ...plan, k6: join(folder, 'none') }, new Processes());
  await assert.rejects(generators.ended, /k6 1 of 1 could not be started: .*ENOENT/);
});

test('stopping ends them, also one that does not want to, and that is no failure', { timeout: 40_000 }, async (context) => {
  const { generators } = await run(context, `trap '' TERM; echo '${TICK}'; while :; do sleep 0.1; done`, {
    processes: 2,
    endsInMs: 60_000,
  });
  await generators.stop();
  await generators.ended;
  for (const pid of generators.pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('the environment of k6 has our proxy and nothing of the shell that started it', { timeout: 30_000 }, async (context) => {
  const theirs = { http_proxy: 'http://shell:1', NO_PROXY: '*', K6_VUS: '7', ALL_PROXY: 'x' };
  Object.assign(process.env, theirs);
  context.after(() => Object.keys(theirs).forEach((name) => delete process.env[name]));
  const { generators, complaints } = await run(context, 'env', { proxy: 'http://fleet.pinhole.test:443' });
  await generators.ended;
  const said = complaints.filter((line) => /^(\w+_proxy|K6_\w+|SSL_CERT_FILE)=/i.test(line)).sort();
  assert.deepEqual(said, [
    'HTTPS_PROXY=http://fleet.pinhole.test:443',
    'HTTP_PROXY=http://fleet.pinhole.test:443',
    'K6_NO_USAGE_REPORT=true',
    'SSL_CERT_FILE=/ca.pem',
  ]);
});

test('the plan is in a file that k6 is told of', { timeout: 30_000 }, async (context) => {
  const { generators, complaints } = await run(context, 'for word; do echo "$word"; done');
  await generators.ended;
  const path = complaints.find((line) => line.startsWith('PLAN='))?.slice('PLAN='.length) ?? '';
  assert.equal((JSON.parse(readFileSync(path, 'utf8')) as AgentPlan).url, 'ws://far.test:443/mqtt');
});

test('segments meet and cover the whole, and one process needs none', () => {
  const segments = [0, 1, 2].map((index) => k6Arguments({ index, of: 3 }, 'p.json'));
  assert.deepEqual(
    segments.map((args) => args[args.indexOf('--execution-segment') + 1]),
    ['0:1/3', '1/3:2/3', '2/3:1'],
  );
  for (const args of segments) assert.equal(args[args.indexOf('--execution-segment-sequence') + 1], '0,1/3,2/3,1');
  assert.ok(!k6Arguments({ index: 0, of: 1 }, 'p.json').includes('--execution-segment'));
});

test('fewer VUs than processes is refused: a k6 without a VU would end at once', async (context) => {
  const plan = { k6: 'k6', agents: agents(0, 2), processes: 3, proxy: null, env: {}, folder: ownFolder(context) };
  await assert.rejects(
    startGenerators({ ...plan, heard: () => {}, torn: () => {}, complained: () => {} }, new Processes()),
    /2 VUs cannot be divided among 3 k6 processes/,
  );
});
