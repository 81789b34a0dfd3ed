// The clock of a node's machine jumps: forward, back, and far beyond what it holds certificates for. By libfaketime on the node's processes alone;
// the machine's own clock is never touched. What counts from a start (CLOCK_MONOTONIC) does not jump on a real machine, and does not here.

import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comesBackToDns, everyAgentIsThrough, nodesAreFine, nodesSay, noTunnelIsLost, probesGoOn, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

const HOUR_S = 3_600;
/** Beyond the year and a month for which the sandbox makes certificates. */
const FAR_DAYS = 400;
/** A look at the wrong moment, or a round of the probe that the jump fell into. */
const GRACE_S = 10;
/** A round every 2 s at this speed, each up to 3 s late by chance, and the look at the clock once a second. */
const PROBE_S = 11;
const BACK_IN_DNS_S = 300;
const EXPIRED = { words: 'that its certificate has expired, as far as it can tell', like: /our certificate has expired/ };

export const clockJumps: GameDay = {
  name: 'clock-jumps',
  does: 'has the clock of all nodes jump by an hour, both ways, and that of one beyond its certificate',
  world: { speed: 10 },
  async prepare(dir) {
    const library = findLibrary();
    if (library === null) return { cannot: 'libfaketime is not on this machine (Debian: apt-get install faketime)' };
    return {
      nodeEnv(slot) {
        const file = offsetFile(dir, slot);
        writeOffset(file, 0);
        // Read at every look at the clock, so that a jump is one.
        return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
      },
    };
  },
  async play(stage) {
    const { slots, world } = stage;
    const [, second] = slots;
    const jump = (which: readonly string[], seconds: number): void =>
      which.forEach((slot) => writeOffset(offsetFile(world.layout.dir, slot), seconds));
    const hasSpoken = (slot: string): boolean => (world.observer.sight(slot)?.probeSecondsAgo ?? null) !== null;
    await stage.sees('the probe of every node has spoken', () => slots.every(hasSpoken), 30);
    await stage.did('forward', 'the clock of every node jumps an hour forward', () => jump(slots, HOUR_S));
    await stage.watches('tunnels, readiness, DNS', 6);
    await stage.did('back', 'it jumps two hours back', () => jump(slots, -HOUR_S));
    await stage.watches('tunnels, readiness, DNS', 14);
    await stage.did('right', 'it is right again', () => jump(slots, 0));
    await stage.watches('tunnels, readiness, DNS', 6);
    await stage.did('far', `the clock of ${second} alone jumps ${FAR_DAYS} days forward, beyond its certificate`, () =>
      jump([second], FAR_DAYS * 24 * HOUR_S),
    );
    await stage.sees(`${second} says that its certificate has expired`, () => stage.hasConcern(second, EXPIRED.like), 60);
    await stage.sees(`${second} is out of DNS`, () => !stage.inDns(second), stage.within(110) + 20);
    await stage.did('mended', `the clock of ${second} is right again`, () => jump([second], 0));
    await stage.sees(`${second} is back in DNS`, () => stage.inDns(second) && stage.state(second) === 'ready', stage.within(BACK_IN_DNS_S));
  },
  judge(story) {
    const [first = '', second = '', third = ''] = story.slots;
    return [
      noTunnelIsLost(story, 'forward'),
      nodesAreFine(story, story.slots, 'forward', 'far', GRACE_S),
      staysInDns(story, story.slots, 'forward', 'far'),
      probesGoOn(story, story.slots, 'forward', 'far', PROBE_S),
      nodesSay(story, [second], EXPIRED, 'far', 60, 'mended'),
      staysInDns(story, [first, third], 'far'),
      comesBackToDns(story, second, 'mended', BACK_IN_DNS_S),
      everyAgentIsThrough(story),
    ];
  },
};

function offsetFile(dir: string, slot: string): string {
  return join(dir, `clock-${slot}`);
}

/** Whole, so that no process reads half of it. */
function writeOffset(file: string, seconds: number): void {
  writeFileSync(`${file}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function findLibrary(): string | null {
  const roots = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter(existsSync);
  const folders = roots.flatMap((root) => [
    root,
    ...readdirSync(root)
      .filter((name) => name.includes('linux-gnu'))
      .map((name) => join(root, name)),
  ]);
  const files = folders.map((folder) => join(folder, 'faketime', 'libfaketime.so.1'));
  return files.find(existsSync) ?? null;
}
