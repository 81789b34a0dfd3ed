import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { summarise, type Summary } from '../report/summary.ts';
import { type Made, madeRun } from '../testing/made-run.ts';
import { capacityOf, KERNEL_KIB, nodesFor, PORTS, type TunnelCosts } from './arithmetic.ts';
import { EC2_SIZES } from './ec2.ts';
import { inputsOf } from './inputs.ts';
import { card, ownReports } from './main.ts';
import { renderCard } from './render.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-card-'));
after(() => rmSync(folder, { recursive: true }));
const real = (made: Made): Summary => ({ ...summarise(madeRun(made)), isSynthetic: false });
const hold = real({ tunnels: 60_000, kibPerTunnel: 3 });
const rates = [500, 1_000, 2_000].map((perSecond) => ({ perSecond, seconds: 30 }));
const messages = real({ steps: { of: 'messages', rates, mostPerSecond: 9_999 }, scenario: { name: 'messages' } });
const costs: TunnelCosts = { userKib: 3, emptyMib: 160, cpuUsPerMessage: 13, cpuUsPerOpen: 160 };
const size = { name: 'x', cores: 2, memoryGib: 2, baselineGbps: 1, sources: [] };

describe('what a node holds', () => {
  test('is bound by memory where there is little of it', () => {
    const { binding, tunnels } = capacityOf({ ...size, memoryGib: 1 }, costs, 60);
    assert.deepEqual([binding, tunnels], ['memory', Math.floor(((1_024 * 0.8 - 512 - 160) * 1_024) / (3 + KERNEL_KIB))]);
  });
  test('is bound by ports where there is enough of all else', () => assert.deepEqual(capacityOf(size, costs, 60).binding, 'ports'));
  test('is bound by CPU where a message is dear', () => {
    const { binding, tunnels } = capacityOf(size, { ...costs, cpuUsPerMessage: 2_000 }, 60);
    assert.deepEqual([binding, tunnels], ['CPU', 30_000]);
  });
  test('is bound by bandwidth where there is none', () =>
    assert.equal(capacityOf({ ...size, baselineGbps: 0.001 }, costs, 60).binding, 'bandwidth'));
  test('leaves out what is not sourced', () => assert.equal(capacityOf({ ...size, baselineGbps: null }, costs, 60).limits.bandwidth, null));
  test('is nothing where a node alone fills the machine', () =>
    assert.equal(capacityOf({ ...size, memoryGib: 0.5 }, costs, 60).tunnels, 0));
  test('is 7.25 KiB of the kernel for two idle sockets', () => assert.equal(KERNEL_KIB, 7.25));
});

for (const [agents, tunnels, nodes] of [
  [1, PORTS.widened, 2],
  [50_000, 62_500, 2],
  [50_001, 62_500, 3],
  [1_000_000, 62_500, 21],
] as const) {
  test(`${agents} agents on nodes of ${tunnels} tunnels take ${nodes}, one of them to lose`, () =>
    assert.equal(nodesFor(agents, tunnels), nodes));
}

describe('the card takes', () => {
  test('memory from the largest hold, and messages from the run that measured them, each at the upper end of its confidence', () => {
    const inputs = inputsOf([messages, hold]);
    assert.ok(typeof inputs !== 'string');
    assert.equal(inputs.costs.userKib, hold.memory?.fit.high);
    const { value, high } = messages.costs.cpuUsPerMessage;
    assert.ok(value !== null && high !== undefined && value < high);
    assert.equal(inputs.costs.cpuUsPerMessage, high);
    assert.match(inputs.from.cpuUsPerMessage, /^messages of .*; the upper end is taken$/);
  });

  for (const [why, summaries, says] of [
    [
      'nothing from a run that is not valid',
      [{ ...hold, verdict: { outcome: 'not a valid run', thresholds: [], invalid: ['x'] } }],
      /no valid run/,
    ],
    ['nothing from a run without Pinhole', [real({ scenario: { through: 'squid' } })], /no valid run through Pinhole/],
    [
      'no memory that is none',
      [{ ...hold, memory: { ...hold.memory, fit: { ...hold.memory!.fit, high: 0 } } }],
      /no report has the memory/,
    ],
    [
      'no node that is less than nothing',
      [{ ...hold, costs: { ...hold.costs, emptyKib: { value: -1, words: '' } } }],
      /no report has the memory/,
    ],
    [
      'no open that is free',
      [{ ...hold, costs: { ...hold.costs, cpuUsPerOpen: { value: 0, words: '' } } }],
      /no report has the CPU of an open/,
    ],
    [
      'no message that is free',
      [{ ...hold, costs: { ...hold.costs, cpuUsPerMessage: { value: 0, words: '' } } }],
      /no report has the CPU of a message/,
    ],
    ['no memory from a run with few tunnels', [real({ tunnels: 300 })], /no report has the memory/],
  ] as const) {
    test(why, () => {
      const inputs = inputsOf(summaries as readonly Summary[]);
      assert.match(typeof inputs === 'string' ? inputs : 'it is taken', says);
    });
  }
});

describe('the command', () => {
  const synthetic = fileOf('synthetic.json', summarise(madeRun({ tunnels: 60_000 })));
  const measured = fileOf('hold.json', hold);
  const run = (...args: string[]) => {
    const said = { out: '', err: '' };
    return { code: card(args, { out: (text) => (said.out += text), err: (text) => (said.err += text) }), ...said };
  };

  test('prints a card with every size', () => {
    const { code, out } = run(measured);
    assert.equal(code, 0);
    for (const { name } of EC2_SIZES) assert.match(out, new RegExp(`^\\| ${name.replace('.', '\\.')} \\|`, 'm'));
    assert.match(out, /not sourced/);
    assert.doesNotMatch(out, /SYNTHETIC|NaN|Infinity|undefined/);
  });

  test('takes no word of a report for Markdown', () => {
    const words = '![x](https://example.com/x.png) <img src=x> `|` **x**';
    const { machine } = hold.honesty;
    const named: Summary = {
      ...hold,
      honesty: { ...hold.honesty, machine: { ...machine, cpu: words } },
      scenario: { ...hold.scenario, name: words },
      costs: { ...hold.costs, emptyKib: { ...hold.costs.emptyKib, words } },
    };
    const { out } = run(fileOf('words.json', named));
    assert.doesNotMatch(out, /(?<!\\)(?:!\[x|<img|`\||\| `|\*\*x\*\*)/);
    assert.ok(out.split(String.raw`\!\[x\](https://example.com/x.png) \<img`).length > 3, out);
  });

  test('says of a synthetic run on top what it is, and never writes it', () => {
    const file = join(folder, 'never.md');
    assert.match(run(synthetic).out, /^\*\*SYNTHETIC/);
    const { code, err } = run(synthetic, measured, '--write', file);
    assert.equal(code, 1);
    assert.match(err, /is synthetic/);
    assert.equal(existsSync(file), false);
  });

  test('writes a card from a real one', () => {
    const file = join(folder, 'card.md');
    assert.equal(run(measured, '--write', file).code, 0);
    assert.equal(readFileSync(file, 'utf8'), run(measured).out);
  });

  test('says that it could not be written', () => assert.equal(run(measured, '--write', join(folder, 'no', 'card.md')).code, 1));
  test('prints its costs as JSON', () => assert.ok('costs' in (JSON.parse(run(measured, '--json').out) as object)));
  test('exits with 64 for a wrong word and for a file that is no report', () => {
    assert.equal(run('--fast').code, 64);
    assert.equal(run(join(folder, 'none.json')).code, 64);
    for (const [name, broken] of [
      ['no-fit', { ...hold, memory: {} }],
      ['no-memory', { ...hold, memory: undefined }],
      ['no-nodes', { ...hold, scenario: { ...hold.scenario, nodes: 0 } }],
    ] as const)
      assert.equal(run(fileOf(`${name}.json`, broken as unknown as Summary)).code, 64, name);
  });
  test('explains itself', () => assert.match(run('--help').out, /^usage: pinhole loadtest card/));
});

test('docs/capacity.md is what the committed reports give, and is not there before there is one', () => {
  const page = fileURLToPath(new URL('../../docs/capacity.md', import.meta.url));
  const reports = ownReports().map((path) => JSON.parse(readFileSync(path, 'utf8')) as Summary);
  assert.ok(
    reports.every(({ isSynthetic }) => !isSynthetic),
    'a synthetic report is among the inputs of the card',
  );
  if (reports.length === 0) return assert.equal(existsSync(page), false, 'docs/capacity.md was made of no report');
  const inputs = inputsOf(reports);
  assert.ok(typeof inputs !== 'string', String(inputs));
  assert.equal(readFileSync(page, 'utf8'), renderCard(inputs, reports), 'run ./pinhole loadtest card --write docs/capacity.md');
});

function fileOf(name: string, summary: Summary): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(summary));
  return path;
}
