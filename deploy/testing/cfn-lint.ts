// AWS's own cfn-lint, which npm does not have: what is there in the right version, else one in a virtual environment of its own, in a temporary
// folder that goes with the run.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pipInstall } from '../../healthcheck/testing/pip-install.ts';

const run = promisify(execFile);

export const CFN_LINT_VERSION = '1.58.0';

export interface CfnLint {
  /** What it says of these files; empty where they are clean. */
  lint(files: readonly string[]): Promise<string>;
  remove(): void;
}

/** Or why there is none here. */
export async function findCfnLint(): Promise<CfnLint | { readonly missing: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-cfn-lint-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const program = (await isRight('cfn-lint')) ? 'cfn-lint' : await install(folder);
    return { remove, lint: (files) => lint(program, files) };
  } catch (error) {
    remove();
    return {
      missing:
        String(error)
          .split('\n')
          .findLast((line) => line.trim() !== '') ?? 'it could not be installed',
    };
  }
}

async function isRight(program: string): Promise<boolean> {
  const { stdout } = await run(program, ['--version']).catch(() => ({ stdout: '' }));
  return stdout.trim() === `cfn-lint ${CFN_LINT_VERSION}`;
}

/** Gives the program. */
async function install(folder: string): Promise<string> {
  return join(await pipInstall(folder, `cfn-lint==${CFN_LINT_VERSION}`), 'cfn-lint');
}

/** It ends with another code than 0 where it has found something, and says that on standard output. */
async function lint(program: string, files: readonly string[]): Promise<string> {
  try {
    return (await run(program, ['--', ...files])).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = Object(error) as { stdout?: string; stderr?: string };
    return `${stdout}${stderr}` || String(error);
  }
}
