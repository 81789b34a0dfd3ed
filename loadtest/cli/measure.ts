// From a folder of its own to the exit code, wherever the nodes are: what is to be started is told by whoever knows.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT } from './exit.ts';
import type { Inside } from './inside.ts';
import type { RunOptions } from '../options.ts';
import type { RigPlan } from '../plan.ts';
import type { Outcome } from '../report/parts.ts';
import { setAside } from '../report/set-aside.ts';
import { HTML_NAME, JSON_NAME, writeReport } from '../report/write.ts';
import { readHonesty } from '../rig/honesty.ts';
import { FOLDER_PREFIX, type Lock } from '../rig/lock.ts';
import { Processes } from '../rig/processes.ts';
import { Progress } from '../rig/progress.ts';
import { keepRecord, RECORD_FILE } from '../rig/record-file.ts';
import { type RunInput, runScenario } from '../rig/run.ts';
import type { RunRecord } from '../run-record.ts';
import type { Scenario } from '../scenario.ts';

/** Under the folder that the program was called in. */
export const REPORTS = '.loadtest';

export interface Measured {
  readonly scenario: Scenario;
  readonly plan: RigPlan;
  /** fit.ts */
  readonly shrunk: string | null;
  readonly inside: Omit<Inside, 'from'>;
  readonly options: RunOptions;
  /** Null where the nodes are our own. */
  readonly targetUrl: string | null;
  readonly lock: Lock;
  readonly stop: AbortSignal;
}

type Parts = Pick<RunInput, 'troubles' | 'startWorld' | 'startProbe' | 'machine' | 'beginsMs'>;

/** From a folder of its own to the exit code; nothing is left but the report, and the logs of what was no valid run. */
export async function measure(
  { scenario, plan, shrunk, inside, options, targetUrl, lock, stop }: Measured,
  prepare: (own: { folder: string; processes: Processes; say: (line: string) => void }) => Parts,
): Promise<number> {
  const folder = mkdtempSync(FOLDER_PREFIX);
  const note = (groups: readonly number[]): void => lock.note({ folder, groups });
  const processes = new Processes(note);
  // However this program ends, short of SIGKILL, nothing stays behind.
  process.on('exit', () => processes.killAll());
  note([]);
  const stream = options.isJson ? process.stderr : process.stdout;
  const columns = !options.isJson && process.stdout.isTTY ? process.stdout.columns : null;
  const progress = new Progress({ write: (text) => void stream.write(text), columns }, scenario);
  const say = (line: string): void => progress.say(line);
  let outcome: Outcome = 'not a valid run';
  try {
    const parts = prepare({ folder, processes, say });
    const isPrivileged = process.getuid?.() === 0 && !isUserNamespace();
    const honesty = readHonesty(scenario, inside.k6, { ...inside, isPrivileged, shrunk, targetUrl });
    const record = await runScenario({
      ...{ scenario, plan, k6: inside.k6, honesty, folder, processes, stop, say, ...parts },
      moment: (moment) => progress.moment(moment),
    });
    progress.close();
    outcome = report(record, options);
  } catch (error) {
    progress.close();
    console.error(error instanceof Error ? error.message : error);
  }
  await processes.stopAll();
  if (outcome === 'not a valid run' && !stop.aborted) console.error(`Logs and configuration are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  return stop.aborted ? EXIT.interrupted : EXIT[outcome];
}

function report(record: RunRecord, { report: folder, isJson }: RunOptions): Outcome {
  const { name } = record.scenario;
  const wanted = resolve(folder ?? join(REPORTS, `${name}-${record.began.replace(/[:.]/g, '-')}`));
  const earlier = setAside(wanted, [JSON_NAME, HTML_NAME, RECORD_FILE]);
  const elsewhere = join(tmpdir(), `pinhole-${name}-${process.pid}`);
  const kept = keepRecord(record, earlier?.isFree === false ? [elsewhere] : [wanted, elsewhere]);
  const { verdict, lines, unwritten } = writeReport(kept.record, kept.folder);
  const troubles = [...kept.record.troubles, ...(unwritten === null ? [] : [unwritten])];
  if (earlier !== null) console.error(earlier.words);
  if (isJson) console.log(JSON.stringify({ verdict, folder: kept.folder, troubles, lines }));
  else for (const line of [...kept.troubles, ...lines]) console.log(line);
  return verdict;
}

/** A whole machine has one row that maps every id to itself (user_namespaces(7)). */
function isUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}
