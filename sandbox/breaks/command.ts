// `sandbox --break NAME`: a broken world to run the doctor in, or with --once the doctor run in it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FIXERS, causeOf } from '../../agent/doctor/causes.ts';
import { DEFAULT_DIR, PINHOLE, showPath, showPinhole } from '../world/place.ts';
import { type BreakName, breakOf } from './breaks.ts';
import { type BrokenWorld, startBrokenWorld } from './broken-world.ts';
import { startSite } from './site.ts';

export interface BrokenInput {
  readonly dir: string | null;
  readonly once: boolean;
  readonly print: (text: string) => void;
  readonly tell: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves when the world is to end. */
  readonly signal: Promise<void>;
}

const EXIT = { ok: 0, failed: 1 } as const;
/** Away from the sandbox's own, and from those of its fleet. */
const ADDRESSES = ['127.0.0.31', '127.0.0.32'] as const;

export async function runBroken(name: BreakName, input: BrokenInput): Promise<number> {
  const { once: isOnce, print, tell, signal } = input;
  const isTemporary = isOnce && input.dir === null;
  const dir = isTemporary ? await mkdtemp(join(tmpdir(), 'pinhole-break-')) : resolve(input.dir ?? join(DEFAULT_DIR, 'break'));
  const site = await startSite({ dir, addresses: ADDRESSES, tell });
  let world: BrokenWorld | null = null;
  try {
    world = await startBrokenWorld({ site, name, addresses: ADDRESSES });
    print(`\n${name}: ${breakOf(name).means}\n`);
    if (isOnce) return await runDoctor(name, world, input);
    print(`Type in another terminal:\n\n  ${commandLine(world)}\n\nIt should say: ${expectation(name)}\n\nCtrl-C ends everything.`);
    await signal;
    return EXIT.ok;
  } finally {
    await world?.stop();
    await site.stop();
    if (isTemporary) await rm(dir, { recursive: true, force: true });
  }
}

function commandLine({ flags, env }: BrokenWorld): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  const words = flags.map((flag) => (flag.startsWith('/') ? showPath(flag, process.cwd()) : flag));
  return `${variables.join('')}${showPinhole(process.cwd())} doctor ${words.join(' ')}`;
}

function expectation(name: BreakName): string {
  const { expects } = breakOf(name);
  if (expects === null) return 'all good.';
  return `${expects.cause}, at ${expects.check}; to be mended by ${FIXERS[causeOf(expects.cause).fixer]}.`;
}

/** Right where it names the cause, and nothing else that would have to be mended. */
async function runDoctor(name: BreakName, { flags, env }: BrokenWorld, { print, env: mine }: BrokenInput): Promise<number> {
  const doctor = spawn(PINHOLE, ['doctor', ...flags], { env: { ...mine, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [doctor.stdout, doctor.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const [code] = (await once(doctor, 'close')) as [number | null];
  print(said.trimEnd());
  const { expects } = breakOf(name);
  const named = [...said.matchAll(/^[✗!] ([a-z-]+) \(/gm)].map((match) => match[1]);
  const wanted = expects === null ? [] : [expects.cause];
  const isFailure = expects !== null && causeOf(expects.cause).isRemark !== true;
  const isRight = wanted.every((cause) => named.includes(cause)) && code === (isFailure ? 1 : 0);
  print(isRight ? `\nThe doctor is right: ${expectation(name)}` : `\nFAILED: the doctor should have said: ${expectation(name)}`);
  return isRight ? EXIT.ok : EXIT.failed;
}
