// The probe as a process of its own (rig/probe.ts starts it): what it times must not wait for what the rig does. It lives as long as the rig.

import { readFileSync } from 'node:fs';
import type { ProbeSettings, ProbeWord } from './messages.ts';
import { Probe } from './probe.ts';

const TELL_EVERY_MS = 1_000;

const settings = JSON.parse(process.argv[2] ?? '') as ProbeSettings;
const probe = new Probe(settings, settings.caFile === null ? undefined : readFileSync(settings.caFile, 'utf8'));

const tell = (done?: () => void): void => {
  const word: ProbeWord = { word: 'seen', seen: probe.seen() };
  process.send?.(word, undefined, {}, done);
};

// The only order there is: to stop.
process.on('message', () => {
  probe.stop();
  tell(() => process.exit());
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
// The whole group of a terminal hears Ctrl-C; the rig says when the probe ends.
process.on('SIGINT', () => {});
probe.begin();
setInterval(tell, TELL_EVERY_MS);
