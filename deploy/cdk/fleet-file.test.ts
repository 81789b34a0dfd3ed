// A deployment adds slots to FLEET.yaml, and never takes back what operators put there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFleet } from '../../healthcheck/fleet/load.ts';
import { goodStage, stageText } from '../testing/synth.ts';
import { extendFleetFile, newFleetFile } from './fleet-file.ts';
import type { Slot } from './stage.ts';

const STAGE = goodStage(stageText('example'));
const ADDRESS: Readonly<Record<string, string>> = {
  'eu-1a': '203.0.113.10',
  'eu-1b': '203.0.113.11',
  'eu-1s': '203.0.113.12',
  'eu-1c': '203.0.113.13',
};
const addressOf = ({ id }: Slot): string => ADDRESS[id] ?? '';
const FILE = newFleetFile(STAGE, addressOf);
/** The same stage with one more slot. */
const LARGER = goodStage(stageText('example').replace('role: spare }\n', 'role: spare }\n  - { id: eu-1c, zone: eu-west-1c }\n'));

function slotsIn(text: string) {
  const loaded = loadFleet(text, '/etc/pinhole/FLEET.yaml', {}, () => 'token');
  assert.ok('fleet' in loaded, JSON.stringify(loaded));
  return loaded.fleet.slots.map(({ id, address, weight, role }) => `${id} ${address} ${weight} ${role}`);
}

test('a new file has every slot with its address, and the spare without weight', () => {
  assert.deepEqual(slotsIn(FILE), ['eu-1a 203.0.113.10 100 active', 'eu-1b 203.0.113.11 100 active', 'eu-1s 203.0.113.12 0 spare']);
});

test('a file with a weight of the operator’s stays as it is, to the byte', () => {
  const weighed = FILE.replace('eu-1a, address: 203.0.113.10', 'eu-1a, address: 203.0.113.10, weight: 7').replace(
    'slots:',
    '# by hand\nslots:',
  );
  assert.deepEqual(extendFleetFile(STAGE, addressOf, weighed), { text: weighed, added: [] });
});

test('a new slot is added behind the others, and their weights stay', () => {
  const weighed = FILE.replace('eu-1b, address: 203.0.113.11', 'eu-1b, address: 203.0.113.11, weight: 0');
  const made = extendFleetFile(LARGER, addressOf, weighed);
  assert.ok('text' in made, JSON.stringify(made));
  assert.deepEqual(made.added, ['eu-1c']);
  assert.ok(made.text.startsWith(weighed));
  assert.deepEqual(slotsIn(made.text)[1], 'eu-1b 203.0.113.11 0 active');
  assert.deepEqual(slotsIn(made.text)[3], 'eu-1c 203.0.113.13 100 active');
});

const REFUSED: readonly (readonly [what: string, before: string, says: RegExp])[] = [
  ['a published address that would change', FILE.replace('203.0.113.10', '203.0.113.99'), /eu-1a has 203\.0\.113\.99 .* does not change/],
  ['a slot that the stage has lost', FILE.replace('eu-1b', 'eu-1x'), /eu-1x is in FLEET\.yaml and not in the stage/],
  ['the file of another fleet', FILE.replace('owner: pinhole-example', 'owner: other'), /another fleet's file/],
  ['a file that is no YAML', 'name: [', /not valid YAML/],
];
for (const [what, before, says] of REFUSED) {
  test(`${what} is refused`, () => {
    const made = extendFleetFile(STAGE, addressOf, before);
    assert.ok('problems' in made, 'it was taken');
    assert.match(made.problems.join('\n'), says);
  });
}

test('a file that goes on behind its slots is not written into: the lines to add are said', () => {
  const made = extendFleetFile(LARGER, addressOf, `${FILE}ttl: 30s\n`);
  assert.ok('problems' in made);
  assert.match(made.problems.join('\n'), /put these lines under slots:[^]*eu-1c/);
});
