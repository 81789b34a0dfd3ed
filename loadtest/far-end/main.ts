// A far end as a process of its own (rig/far-ends.ts starts it). It lives as long as the rig: with the pipe to it gone, it ends.

import type { FarEndOrder, FarEndSettings, FarEndWord } from './messages.ts';
import { FarEnd } from './server.ts';
import { SharedCount } from './shared-count.ts';

const settings = JSON.parse(process.argv[2] ?? '') as FarEndSettings;
const count = new SharedCount(settings.countFile, settings.row, settings.rows);
const farEnd = new FarEnd({ ...settings, count, nowMs: Date.now });

const say = (word: FarEndWord): void => void process.send?.(word);

function listen(): void {
  farEnd.listen().then(
    () => say({ word: 'listening' }),
    (error: Error) => say({ word: 'failed', why: error.message }),
  );
}

function obey(order: FarEndOrder): void {
  switch (order.order) {
    case 'throttle':
      return farEnd.throttle(order.connectsPerSecond);
    case 'die':
      return farEnd.die();
    case 'come-back':
      return listen();
  }
}

/** At whole seconds of Unix time, so that those of all far ends can be added up. */
function sayEachSecond(): void {
  setTimeout(
    () => {
      say({ word: 'second', at: Math.round(Date.now() / 1_000) - 1, seen: farEnd.take() });
      sayEachSecond();
    },
    1_000 - (Date.now() % 1_000),
  );
}

process.on('message', obey);
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
// The whole group of a terminal hears Ctrl-C; the rig says when a far end ends.
process.on('SIGINT', () => {});
listen();
sayEachSecond();
