// docs/costs.md adds up: its sums follow from its own unit prices and sizes, so that a price is corrected in one place and the test says where else.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rowsWith, tableUnder } from './support/markdown.ts';
import { readText } from './support/tree.ts';

const page = readText('docs/costs.md');
const words = page.replace(/\s+/g, ' ');
const plain = (cell: string): string => cell.replace(/[`*]/g, '');
const prices = new Map(rowsWith(page, 'what', 'price', 'per', 'source').map(([what = '', price = '']) => [plain(what), Number(price)]));
const fleets = tableUnder(page, 'Three fleets');
const AGENTS = [1_000, 10_000, 100_000] as const;

/** From the text above the table. */
const GB_UP = Number(/counted as ([0-9.]+) GB a month to AWS/.exec(words)?.[1]);
const GB_DOWN = Number(/([0-9.]+) GB back to the device/.exec(words)?.[1]);
const LOG_GB = Number(/([0-9.]+) MB a month/.exec(words)?.[1]) / 1_000;

function price(what: string): number {
  return prices.get(what) ?? assert.fail(`no price of ${what}`);
}

for (const [index, agents] of AGENTS.entries()) {
  describe(`${agents} agents`, () => {
    const cell = (row: string): string => plain(fleets.find(([name = '']) => plain(name) === row)?.[index + 1] ?? assert.fail(row));
    const slots = Number(cell('active slots')) + Number(cell('spare slots'));
    const sums: readonly (readonly [row: string, sum: number])[] = [
      ['machines', slots * price(cell('machine'))],
      ['Elastic IPs', slots * price('Elastic IP')],
      ['disks', slots * price('disk')],
      ['instance of fleet run', price('instance of fleet run')],
      ['CloudWatch', slots * price('CloudWatch, a slot') + price('CloudWatch, the fleet')],
      ['health checks', slots * price('health check')],
      ['hosted zone', price('hosted zone')],
      ['data out to devices', agents * GB_DOWN * price('data out')],
      ['data to AWS IoT', agents * GB_UP * price('data to AWS IoT')],
      ['logs', agents * LOG_GB * price('logs')],
    ];
    const total = sums.reduce((all, [row]) => all + Number(cell(row)), 0);

    for (const [row, sum] of sums) test(`${row}: ${sum.toFixed(2)}`, () => assert.ok(Math.abs(Number(cell(row)) - sum) < 0.011, cell(row)));
    test(`together: ${total.toFixed(2)}`, () => assert.equal(cell('a month'), total.toFixed(2)));
    test(`of an agent: ${(total / agents).toFixed(3)}`, () => assert.equal(cell('an agent and month'), (total / agents).toFixed(3)));
  });
}
