// The short-lived child that reads a configuration, so that the supervisor need not: as a start wants it, and as a running node does.

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { preparedSettingsFile } from '../core/runtime-files.ts';
import { EXIT } from './plan.ts';
import type { ReloadPlan, ServePlan } from './plan.ts';

/** It takes a third of a second; a file that it has to read may be on a machine that does not answer. */
export const PREPARE_MS = 30_000;
/** What it prints is a plan or a list of mistakes; what it mutters is a crash's last words. */
const OUTPUT_CHARS_MAX = 1024 * 1024;

/** The child has said on standard error what is wrong where it gives an exit code instead of a plan. */
export function prepareStart(entry: string, configFile: string): Promise<ServePlan | number> {
  const child = spawn(process.execPath, ['--disable-sigusr1', entry, 'prepare', configFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(text) as ServePlan);
      else if (signal) reject(new Error(`the configuration was not read: ${signal}`));
      else resolve(code ?? EXIT.failed);
    });
  });
}

export interface Reading {
  /** Never rejects: a text is one line that says why there is no plan. */
  readonly plan: Promise<ReloadPlan | string>;
  /** Ends it; the plan is then a text. */
  end(): void;
  /** Takes away what it left in the runtime folder, where nobody has taken it into use. */
  cleanUp(): void;
}

export interface ReadingPlace {
  /** The program that has the role `prepare`, and words before it. */
  readonly command: readonly [string, ...string[]];
  readonly configFile: string;
  readonly runtime: string;
  /** By whose settings the node runs. */
  readonly generation: number;
  /** `upgrade` wants settings for another generation, whether they are new or not. */
  readonly reason: 'reload' | 'upgrade';
  readonly clock: Clock;
}

/** For the node that runs in `runtime`. Never throws. */
export function prepareReload(place: ReadingPlace): Reading {
  try {
    return startReading(place);
  } catch (error) {
    // Some of what the system may say of a program comes as an event, and some at once.
    const why = `the configuration was not read: ${place.command[0]}: ${(error as Error).message}`;
    return { plan: Promise.resolve(why), end: () => {}, cleanUp: () => {} };
  }
}

function startReading({ command: [program, ...words], configFile, runtime, generation, reason, clock }: ReadingPlace): Reading {
  // In a process group of its own: `program` may be any that an operator has named, and may start others.
  const child = spawn(program, [...words, 'prepare', configFile, runtime, String(generation), reason], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let why = '';
  const end = (because: string): void => {
    why ||= because;
    killGroup(child);
    // What has left the group holds the other end still: it is neither read nor waited for.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  let text = '';
  let muttered = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > OUTPUT_CHARS_MAX) end('the list of its mistakes is too long');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (muttered = (muttered + chunk).slice(0, OUTPUT_CHARS_MAX)));
  const plan = new Promise<ReloadPlan | string>((resolve) => {
    const cancel = clock.after(PREPARE_MS, () => end(`a file that it names was not read within ${PREPARE_MS / 1_000} s`));
    const settle = (outcome: ReloadPlan | string): void => {
      cancel();
      resolve(outcome);
    };
    child.once('error', (error) => settle(`the configuration was not read: ${error.message}`));
    child.once('close', (code, signal) => {
      const last = muttered.trim().split('\n').at(-1);
      if (why !== '') settle(`the configuration was not read: ${why}`);
      else if (code !== EXIT.ok) settle(`the configuration was not read: ${signal ?? `exit code ${code}`}${last ? `, ${last}` : ''}`);
      else settle(parsePlan(text));
    });
  });
  return {
    plan,
    end: () => end('the node stops'),
    cleanUp: () => {
      try {
        if (child.pid !== undefined) rmSync(preparedSettingsFile(runtime, child.pid), { force: true });
      } catch {
        // The next start of the node takes it away.
      }
    },
  };
}

/** With whatever it has started. Also where it has ended by itself: what it left behind is still of its group. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}

const KINDS: ReadonlySet<string> = new Set<ReloadPlan['kind']>(['changed', 'unchanged', 'bad', 'at-start', 'failed']);

/** The reader is the code that is installed now: it may have been replaced under this process, without another version. */
function parsePlan(text: string): ReloadPlan | string {
  try {
    const plan = JSON.parse(text) as Partial<ReloadPlan>;
    const isWhole = plan.kind !== 'changed' || (typeof plan.plan === 'object' && plan.plan !== null);
    if (plan.kind !== undefined && KINDS.has(plan.kind) && Array.isArray(plan.files) && isWhole) return plan as ReloadPlan;
  } catch {
    // No JSON at all.
  }
  return 'the configuration was not read: its reader printed something else; was the installation replaced?';
}
