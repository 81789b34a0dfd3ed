// The templates of both shapes, read by AWS's linter.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sayNotRun } from '../../../healthcheck/testing/not-run.ts';
import { type CfnLint, findCfnLint } from '../../testing/cfn-lint.ts';
import { stageText, synthesize } from '../../testing/synth.ts';

const found = await findCfnLint();
if ('missing' in found) sayNotRun('templates at cfn-lint', found.missing);
else tests(found);

function tests(linter: CfnLint): void {
  test('cfn-lint finds nothing in the templates of either shape, and does find what is wrong', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'pinhole-templates-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
      linter.remove();
    });
    const files = (['example', 'example-nlb'] as const).flatMap((name) =>
      Object.entries(synthesize(stageText(name)).templates).map(([stack, template]) => {
        const file = join(folder, `${name}-${stack}.json`);
        writeFileSync(file, JSON.stringify(template));
        return file;
      }),
    );
    assert.equal(files.length, 7);
    assert.equal(await linter.lint(files), '');
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, JSON.stringify({ Resources: { A: { Type: 'AWS::EC2::EIP', Properties: { Domain: 'vpc', Nonsense: 1 } } } }));
    assert.match(await linter.lint([broken]), /E3002.*Nonsense/);
  });
}
