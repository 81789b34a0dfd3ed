// Goes into a network of its own and prints what it sees there, for namespace.test.ts.

import { lookup } from 'node:dns/promises';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findScenario } from '../../scenarios.ts';
import { Names } from '../names.ts';
import { enter, INSIDE, prepareNetwork, readPortRange, readSysctls } from '../namespace.ts';

const before = process.env[INSIDE];
if (before === undefined) {
  const flags = JSON.parse(process.argv[2] ?? '[]') as string[];
  enter(flags, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], { ...process.env, [INSIDE]: String(process.pid) });
}
const troubles = prepareNetwork(findScenario('slow') ?? { events: [] });
const folder = mkdtempSync(join(tmpdir(), 'pinhole-inside-'));
const names = new Names(folder);
names.cover();
names.set('inside.pinhole.test', ['127.0.0.11']);
const { address } = await lookup('inside.pinhole.test');
rmSync(folder, { recursive: true });
process.stdout.write(
  JSON.stringify({
    ...{ pids: [Number(before), process.pid], net: readlinkSync('/proc/self/ns/net') },
    ...{ troubles, sysctls: readSysctls(), range: readPortRange(), address },
  }),
);
