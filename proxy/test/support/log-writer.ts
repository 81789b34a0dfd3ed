// A process that writes lines through proxy/control/log.ts, for control/log.test.ts. Says over IPC what it sees.

import { createLog } from '../../control/log.ts';
import { systemClock } from '../../core/clock.ts';
import { openStandardOutput } from '../../supervisor/standard-output.ts';

const [writer = '', count = '0', padding = '0', file = ''] = process.argv.slice(2);
const log = createLog({
  level: 'info',
  file: file === '' ? null : file,
  stdout: openStandardOutput(),
  base: { writer },
  clock: systemClock,
});

const startMs = systemClock.nowMs();
for (let line = 0; line < Number(count); line += 1) log.info({ line, text: 'x'.repeat(Number(padding)) });
const tookMs = systemClock.nowMs() - startMs;

// The loop goes round while the lines wait.
let turns = 0;
const turn = setInterval(() => (turns += 1), 1);
setTimeout(() => process.send?.({ tookMs, turns, dropped: log.dropped() }), 1_000);

process.on('message', (message) => {
  if (message === 'more') {
    log.info({ line: 'more' });
    process.send?.({ tookMs, turns, dropped: log.dropped() });
    return;
  }
  clearInterval(turn);
  void log.close(Number(message)).then(() => process.disconnect?.());
  process.once('disconnect', () => process.exit(0));
});
