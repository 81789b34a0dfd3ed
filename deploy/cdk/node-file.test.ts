// A node's file as the node will read it, and as whoever stands on the instance will.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeNamedBy } from '../../proxy/config/load.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { goodStage, stageText } from '../testing/synth.ts';
import { poolNodeFile, slotNodeFile } from './node-file.ts';

const SLOTS = goodStage(stageText('example'));
const [FIRST] = SLOTS.slots;
const ROOT_ON_AN_INSTANCE = { cores: 2, nofile: 1_024, uid: 0 };

for (const [shape, text] of [
  ['slots', FIRST === undefined ? '' : slotNodeFile(SLOTS, FIRST, () => '203.0.113.10')],
  ['nlb', poolNodeFile(goodStage(stageText('example-nlb')), () => '203.0.113.10')],
] as const) {
  test(`${shape}: the file names the runtime folder that systemd gives the node, so that \`-c\` finds it without systemd's environment too`, () => {
    const [, given] = /^RuntimeDirectory=(.*)$/m.exec(readText('deploy/host/pinhole.service')) ?? [];
    assert.equal(runtimeNamedBy(text, '/etc/pinhole/pinhole.yaml', {}, ROOT_ON_AN_INSTANCE), `/run/${given}`);
  });
}
