// Changes the configuration of a running node: has the file read by a child, has every carrier make what it needs, accepts the settings, and has
// everybody swap. Whatever goes wrong before that leaves the last good configuration as it is, and is said. One change at a time.

import type { Cancel, Clock } from '../core/clock.ts';
import type { AtStartChange, ConfigurationView, ReloadOutcome, ReloadResult, Taking } from '../core/supervision.ts';
import type { FileMark } from './file-mark.ts';
import { markNow } from './file-mark.ts';
import { FileWatch } from './file-watch.ts';
import type { HandOut, Takings } from './hand-out.ts';
import type { LineLog, PreparedLineLog } from './line-log.ts';
import { EXIT } from './plan.ts';
import type { LivePlan, ReloadPlan } from './plan.ts';
import type { Reading } from './prepare-child.ts';
import type { AcceptedSettings } from './runtime-folder.ts';

/** What failed for another reason than the file (a full disk, a carrier without a descriptor) is tried again, since nothing else would. */
export const RETRY_MS = 30_000;
/** Mistakes that get a line of the log each. */
const PROBLEM_LINES_MAX = 20;
/** Names of those who asked, in one line. */
const ASKED_MAX = 5;

export interface ReloaderOptions {
  readonly clock: Clock;
  readonly log: LineLog;
  /** The generation that a change is for, as of now. An installation that was replaced under it may mean something else by its settings. */
  current(): { readonly handOut: HandOut; readonly accepted: AcceptedSettings; readonly version: string };
  /** The configuration's absolute path, and the files that it was read from. */
  readonly file: string;
  readonly files: readonly FileMark[];
  readonly policyVersion: string;
  /** Has the file read; nothing of the node is different by that. */
  read(): Reading;
  /** The settings are accepted: what the supervisor itself goes by. */
  take(plan: LivePlan): void;
}

/** Who asked for the run that is under way, or for the next. */
interface Asked {
  readonly by: Set<string>;
  readonly answers: ((result: ReloadResult) => void)[];
}

/** What a run comes to. */
interface Finding {
  readonly outcome: ReloadOutcome;
  readonly changed?: readonly string[];
  readonly problems?: readonly string[];
  readonly atStart?: readonly AtStartChange[];
  readonly takings?: Takings;
  readonly why?: string;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #watch: FileWatch;
  #policyVersion: string;
  #sinceMs: number;
  #failed = 0;
  #last: ReloadResult | null = null;
  #running = false;
  /** Those that wait until nothing is under way. */
  readonly #waiting: (() => void)[] = [];
  #next: Asked | null = null;
  #reading: Reading | null = null;
  #isStopped = false;
  #cancelRetry: Cancel = () => {};
  /** Files of the configuration in use. */
  #files: readonly FileMark[];

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#policyVersion = options.policyVersion;
    this.#sinceMs = options.clock.wallMs();
    this.#files = options.files;
    this.#watch = new FileWatch({ clock: options.clock, mark: markNow, changed: () => void this.request('file') });
    this.#watch.watch(options.files);
  }

  start(): void {
    this.#watch.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry();
    this.#watch.stop();
    this.#reading?.end();
    this.#options.current().handOut.stop();
  }

  get isUnderWay(): boolean {
    return this.#running;
  }

  view(): ConfigurationView {
    return {
      file: this.#options.file,
      policyVersion: this.#policyVersion,
      sinceMs: this.#sinceMs,
      failed: this.#failed,
      last: this.#last,
    };
  }

  /** Resolves with what came of the next run that begins: whoever asks while one is under way shares it with all who do. */
  request(by: string): Promise<ReloadResult> {
    return new Promise((resolve) => {
      this.#next ??= { by: new Set(), answers: [] };
      this.#next.by.add(by);
      this.#next.answers.push(resolve);
      if (!this.#running) void this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    for (let asked = this.#takeNext(); asked; asked = this.#takeNext()) {
      // Never rejects: what is thrown on the way is a finding too.
      const result = await this.#run(asked);
      for (const answer of asked.answers) answer(result);
      this.#retryLater(result.outcome);
    }
    this.#running = false;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** Does something that must not meet a change of the configuration; whoever asks for one meanwhile waits. */
  async alone<T>(job: () => Promise<T>): Promise<T> {
    while (this.#running) await new Promise<void>((goOn) => this.#waiting.push(goOn));
    this.#running = true;
    try {
      return await job();
    } finally {
      void this.#runAll();
    }
  }

  /** Another generation is the current one, by settings that it was started with. */
  replaced({ policyVersion, files }: { readonly policyVersion: string; readonly files: readonly FileMark[] }): void {
    if (policyVersion !== this.#policyVersion) this.#sinceMs = this.#options.clock.wallMs();
    this.#policyVersion = policyVersion;
    this.#files = files;
    this.#watch.watch(files);
  }

  #retryLater(outcome: ReloadOutcome): void {
    const { clock } = this.#options;
    const { handOut } = this.#options.current();
    this.#cancelRetry();
    if (this.#isStopped || (outcome !== 'failed' && !handOut.isUneven)) return;
    this.#cancelRetry = clock.after(RETRY_MS, () => void this.request('retry'));
  }

  #takeNext(): Asked | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }

  async #run({ by }: Asked): Promise<ReloadResult> {
    const { clock, file } = this.#options;
    const beganMs = clock.nowMs();
    const before = this.#policyVersion;
    const finding = await this.#attempt().catch((error: unknown): Finding => ({ outcome: 'failed', why: messageOf(error) }));
    const takings = finding.takings ?? null;
    const isWhole = takings === null || takings.carriers.every(({ took }) => took);
    const result: ReloadResult = {
      outcome: finding.outcome,
      code: codeOf(finding.outcome, isWhole),
      by: [...by].slice(0, ASKED_MAX).join(', '),
      file,
      atMs: clock.wallMs(),
      tookMs: Math.round(clock.nowMs() - beganMs),
      policyVersion: this.#policyVersion,
      sinceMs: this.#sinceMs,
      before,
      changed: finding.changed ?? [],
      problems: finding.problems ?? [],
      atStart: finding.atStart ?? [],
      carriers: takings?.carriers ?? [],
      control: takings?.control ?? null,
      why: finding.why ?? null,
    };
    this.#last = result;
    if (result.outcome !== 'taken' && result.outcome !== 'unchanged') this.#failed += 1;
    this.#say(result);
    return result;
  }

  async #attempt(): Promise<Finding> {
    if (this.#isStopped) return { outcome: 'failed', why: 'the node stops' };
    if (this.#options.current().accepted.restore()) this.#options.log.write('warn', 'settings-restored');
    const reading = this.#options.read();
    this.#reading = reading;
    this.#watch.hold();
    try {
      const plan = await reading.plan;
      if (typeof plan === 'string') return { outcome: 'failed', why: plan };
      this.#watchFilesOf(plan);
      return await this.#judge(plan);
    } finally {
      this.#reading = null;
      this.#watch.goOn();
      reading.cleanUp();
    }
  }

  /** What a bad file names counts too, and so does what the last good one named: the mistake may be mended in any of them. */
  #watchFilesOf(plan: ReloadPlan): void {
    if (plan.kind === 'changed' || plan.kind === 'unchanged') this.#files = plan.files;
    const read = new Set(plan.files.map(({ path }) => path));
    const latest = new Map(this.#watch.files().map(({ path, mark }) => [path, mark]));
    const others = this.#files.filter(({ path }) => !read.has(path)).map(({ path, mark }) => ({ path, mark: latest.get(path) ?? mark }));
    this.#watch.watch([...plan.files, ...others]);
  }

  async #judge(plan: ReloadPlan): Promise<Finding> {
    const { version, handOut } = this.#options.current();
    if (plan.version !== version) {
      return { outcome: 'at-start', atStart: [{ key: 'the installed version', running: version, wanted: plan.version }] };
    }
    switch (plan.kind) {
      case 'bad':
        return { outcome: 'bad', problems: plan.problems };
      case 'at-start':
        return { outcome: 'at-start', atStart: plan.changes };
      case 'failed':
        return { outcome: 'failed', why: plan.why };
      case 'unchanged':
        // Whoever could not take it before is asked again.
        return { outcome: 'unchanged', takings: handOut.isUneven ? await handOut.swap(this.#policyVersion) : handOut.takings() };
      case 'changed':
        return this.#change(plan.plan, plan.changed);
    }
  }

  async #change(plan: LivePlan, changed: readonly string[]): Promise<Finding> {
    const { log, take, current } = this.#options;
    const { handOut, accepted } = current();
    let prepared: PreparedLineLog;
    try {
      prepared = log.prepare(plan.log, plan.node);
    } catch (error) {
      return { outcome: 'failed', why: `the log file cannot be opened: ${messageOf(error)}` };
    }
    const giveUp = (why: string): Finding => {
      prepared.drop();
      handOut.drop();
      return { outcome: 'failed', why };
    };

    const refused = await handOut.make(plan.preparedSettings);
    if (refused.length > 0) return giveUp(`nobody takes it, since ${refused.map(refusal).join(' and ')}`);
    if (this.#isStopped) return giveUp('the node stops');
    try {
      accepted.accept(plan.preparedSettings);
    } catch (error) {
      return giveUp(`the settings cannot be put into the runtime folder: ${messageOf(error)}`);
    }
    // From here on there is no way back: a process that starts reads these.
    this.#policyVersion = plan.policyVersion;
    this.#sinceMs = this.#options.clock.wallMs();
    prepared.take();
    take(plan);
    return { outcome: 'taken', changed, takings: await handOut.swap(plan.policyVersion) };
  }

  #say(result: ReloadResult): void {
    const { log } = this.#options;
    const { by, file, before, changed, problems, why } = result;
    const asked = { by, policy_version: result.policyVersion };
    switch (result.outcome) {
      case 'taken': {
        const took = result.carriers.filter((carrier) => carrier.took).length;
        log.write('info', 'configuration-taken', {
          ...asked,
          before,
          changed,
          carriers: result.carriers.length,
          took,
          took_ms: result.tookMs,
        });
        break;
      }
      case 'unchanged':
        log.write('info', 'configuration-unchanged', asked);
        break;
      case 'at-start':
        log.write('warn', 'configuration-needs-start', { ...asked, file, keys: result.atStart.map(({ key }) => key) });
        break;
      case 'bad':
      case 'failed':
        log.write('error', 'configuration-refused', { ...asked, file, why: why ?? 'the file has mistakes', problems: problems.length });
        break;
    }
    for (const problem of problems.slice(0, PROBLEM_LINES_MAX)) log.write('error', 'configuration-problem', { problem });
    for (const taking of [...result.carriers, ...(result.control ? [result.control] : [])]) if (!taking.took) this.sayNotTaken(taking);
  }

  sayNotTaken({ who, why }: Taking): void {
    this.#options.log.write('warn', 'configuration-not-taken', { who, why });
  }
}

function refusal({ who, why }: Taking): string {
  return `${who} cannot: ${why}`;
}

function codeOf(outcome: ReloadOutcome, isWhole: boolean): number {
  if (outcome === 'bad') return EXIT.usage;
  if (outcome === 'at-start') return EXIT.atStart;
  return outcome !== 'failed' && isWhole ? EXIT.ok : EXIT.failed;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
