// `pinhole close`, against a supervisor and carriers that are not there for anything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { MACHINE } from '../config/test-support.ts';
import { runClose } from './close.ts';

function io() {
  const said = { out: '', err: '' };
  return {
    said,
    io: {
      stdout: (text: string) => void (said.out += text),
      stderr: (text: string) => void (said.err += text),
      env: { HOME: '/nonexistent' },
      readFile: (path: string) => assert.fail(path),
      machine: MACHINE,
      clock: systemClock,
    },
  };
}

for (const [args, err] of [
  [[], 'pinhole close: --tenant is missing\n'],
  [['--tenant', ''], 'pinhole close: --tenant is missing\n'],
  [['--tenant', 'acme', 'more'], "pinhole close: Unexpected argument 'more'\n"],
] as const) {
  test(`close ${args.join(' ')}: wrong command line`, async () => {
    const { said, io: given } = io();
    assert.equal(await runClose(args, given), 64);
    assert.equal(said.err, err);
  });
}

test('where no node answers it says so', async () => {
  const { said, io: given } = io();
  assert.equal(await runClose(['--tenant', 'acme', '--runtime', '/nonexistent/run'], given), 1);
  assert.match(said.err, /\/nonexistent\/run/);
});
