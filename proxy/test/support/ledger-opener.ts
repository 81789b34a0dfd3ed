// One carrier's part in process-ledger.test.ts: opens as fast as it can until the node is full, and says how often it was let.

import { systemClock } from '../../core/clock.ts';
import { openLedgerFile } from '../../limits/ledger.ts';

const [file = '', row = '', cap = ''] = process.argv.slice(2);
const limits = {
  capacity: { tunnels: Number(cap), perCarrier: Number(cap), nofile: 1_000_000 },
  opensPerSecond: 1e9,
  pending: 1e6,
  perSource: { pending: 1e6, refusalsPerSecond: 1e6 },
};
const ledger = openLedgerFile(file, Number(row), limits, systemClock);
process.stdout.write('open\n');
process.stdin.once('data', () => {
  let opened = 0;
  while (ledger.open() === null) opened += 1;
  process.stdout.write(`${opened}\n`, () => process.exit(0));
});
