// Has another installation take over from the one that runs, without a connection lost: a new generation is made ready beside the current one,
// tries itself, accepts on the same sockets, and only when it has held out for a moment is the one before retired. Whatever goes wrong before that
// leaves the node as it was.

import { resolve } from 'node:path';
import type { Cancel, Clock } from '../core/clock.ts';
import type { UpgradeNews, UpgradeOutcome, UpgradeResult } from '../core/supervision.ts';
import { type Generation, WARM_MS } from './generation.ts';
import type { Death } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import { EXIT, type LivePlan, PROTOCOL, type ReloadPlan } from './plan.ts';
import type { Reading } from './prepare-child.ts';

/** A generation that is retired holds what could not be moved for up to `drain.deadline`; each of them costs its carriers' memory. */
export const RETIRED_MAX = 2;
const ACCEPT_MS = 15_000;
/** What crashes at its first connections does so now, while the one before still accepts. */
export const PROVE_MS = 2_000;

export interface Target {
  /** The folder of the installation. */
  readonly root: string;
  /** That it must have; null where any will do. */
  readonly version: string | null;
}

export interface UpgradePlan extends LivePlan {
  readonly files: ReloadPlan['files'];
  readonly version: string;
  readonly launch: ReloadPlan['launch'];
}

export interface UpgraderDeps {
  readonly clock: Clock;
  readonly log: LineLog;
  current(): Generation;
  /** Those of which a process lives, the youngest first. */
  retired(): readonly Generation[];
  /** Open tunnels, by the shared counts. */
  tunnelsOf(generation: Generation): number;
  /** The installation that was the current one's before; null where there is none. */
  previous(): Target | null;
  read(root: string): Reading;
  /** Makes it, of settings that were prepared; throws where the runtime folder cannot take them. */
  raise(plan: UpgradePlan): Generation;
  /** It is the current one from now on, and the one before is retired. Gives back its deadline by the wall clock. */
  takeOver(generation: Generation, plan: UpgradePlan): number;
  /** It has accepted, and does not do: what it has goes to the current one. */
  abandon(generation: Generation): void;
}

interface Finding {
  readonly outcome: UpgradeOutcome;
  readonly deadlineAtMs?: number;
  readonly problems?: readonly string[];
  readonly why?: string;
}

export class Upgrader {
  readonly #deps: UpgraderDeps;
  #rising: Generation | null = null;
  /** Why the rising one will not do. */
  #broken: string | null = null;
  #reading: Reading | null = null;
  #isStopped = false;
  #look: () => void = () => {};

  constructor(deps: UpgraderDeps) {
    this.#deps = deps;
  }

  /** A carrier of the rising generation is one step further. */
  moved(): void {
    this.#look();
  }

  died(generation: Generation, slot: number, { code, signal, cause, error }: Death): void {
    if (generation !== this.#rising) return;
    const how = cause ?? error ?? signal ?? `exit code ${code}`;
    this.#broken ??= `its carrier ${slot} died (${how}); what it said is in the log`;
    this.#look();
  }

  /** The node stops. */
  stop(): void {
    this.#isStopped = true;
    this.#broken ??= 'the node stops';
    this.#reading?.end();
    this.#look();
  }

  /** `root` null is the installation before. One at a time, and never beside a change of the configuration. */
  async upgrade(by: string, root: string | null, say: (news: UpgradeNews) => void): Promise<UpgradeResult> {
    const { clock, log, current, previous } = this.#deps;
    const beganMs = clock.nowMs();
    const { number, version } = current();
    const before = { generation: number, version };
    const target = root === null ? previous() : { root: resolve(root), version: null };
    log.write('info', 'upgrade-began', { by, from: target?.root ?? null, back: root === null });
    const finding: Finding =
      target === null
        ? {
            outcome: 'refused',
            why: 'there is no installation to go back to: this one was the first, or has taken the place of its own files',
          }
        : await this.#attempt(target, say).catch((error: unknown) => ({ outcome: 'failed' as const, why: (error as Error).message }));
    this.#rising = null;
    const result: UpgradeResult = {
      outcome: finding.outcome,
      code: CODES[finding.outcome],
      by,
      tookMs: Math.round(clock.nowMs() - beganMs),
      generation: current().number,
      version: current().version,
      before,
      from: current().launch.root,
      deadlineAtMs: finding.deadlineAtMs ?? null,
      problems: finding.problems ?? [],
      why: finding.why ?? null,
    };
    this.#say(result);
    return result;
  }

  #say({ outcome, by, tookMs, generation, version, before, why, problems }: UpgradeResult): void {
    const { log } = this.#deps;
    const fields = { by, took_ms: tookMs, generation, to: version, before: before.version };
    if (outcome === 'upgraded') log.write('info', 'upgraded', fields);
    else log.write('error', 'upgrade-failed', { ...fields, outcome, why, problems: problems.length });
  }

  async #attempt(target: Target, say: (news: UpgradeNews) => void): Promise<Finding> {
    const { retired, tunnelsOf, read } = this.#deps;
    if (this.#isStopped) return { outcome: 'refused', why: 'the node stops' };
    const held = retired();
    const oldest = held.at(-1);
    // The way back is open where a release is not: there is a row for one more.
    const most = target.version === null ? RETIRED_MAX : RETIRED_MAX + 1;
    if (oldest && held.length >= most) return { outcome: 'refused', why: waitsFor(oldest, tunnelsOf(oldest)) };

    say({ step: 'reading', generation: null, version: null });
    const reading = read(target.root);
    this.#reading = reading;
    try {
      const plan = await reading.plan;
      if (this.#isStopped) return { outcome: 'failed', why: 'the node stops' };
      if (typeof plan === 'string') return { outcome: 'failed', why: `${target.root}: ${plan}` };
      return refusalOf(plan, target) ?? (await this.#raise(plan, say));
    } finally {
      this.#reading = null;
      reading.cleanUp();
    }
  }

  async #raise(read: ReloadPlan, say: (news: UpgradeNews) => void): Promise<Finding> {
    const { raise, takeOver, abandon } = this.#deps;
    if (read.kind !== 'changed') return { outcome: 'failed', why: 'the reader of the configuration left no settings' };
    const plan: UpgradePlan = { ...read.plan, files: read.files, version: read.version, launch: read.launch };
    const generation = raise(plan);
    const tell = (step: UpgradeNews['step']): void => say({ step, generation: generation.number, version: generation.version });
    this.#rising = generation;
    this.#broken = null;

    tell('warming');
    const warmMs = generation.rise() * WARM_MS;
    if (!(await this.#until(() => generation.isEvery('warm'), warmMs))) {
      const why = this.#broken ?? `it was not ready within ${warmMs / 1_000} s`;
      this.#rising = null;
      generation.stop(0);
      return { outcome: 'failed', why: `generation ${generation.number} has not taken over: ${why}` };
    }

    tell('accepting');
    generation.accept();
    const accepts = await this.#until(() => generation.isEvery('ready'), ACCEPT_MS);
    if (accepts) tell('proving');
    if (!accepts || (await this.#until(() => false, PROVE_MS)) || this.#broken !== null) {
      const why = this.#broken ?? `it did not accept within ${ACCEPT_MS / 1_000} s`;
      this.#rising = null;
      abandon(generation);
      return { outcome: 'failed', why: `generation ${generation.number} has not taken over: ${why}` };
    }
    return { outcome: 'upgraded', deadlineAtMs: takeOver(generation, plan) };
  }

  /** True once it is so; false when the rising generation is broken, or the time is over. */
  #until(isSo: () => boolean, timeoutMs: number): Promise<boolean> {
    const { clock } = this.#deps;
    return new Promise((done) => {
      let cancel: Cancel = () => {};
      const settle = (value: boolean): void => {
        cancel();
        this.#look = () => {};
        done(value);
      };
      this.#look = () => {
        if (this.#broken !== null) settle(false);
        else if (isSo()) settle(true);
      };
      cancel = clock.after(timeoutMs, () => settle(false));
      this.#look();
    });
  }
}

const CODES: Readonly<Record<UpgradeOutcome, number>> = {
  upgraded: EXIT.ok,
  bad: EXIT.usage,
  'at-start': EXIT.atStart,
  refused: EXIT.failed,
  failed: EXIT.failed,
};

function waitsFor(generation: Generation, tunnels: number): string {
  const { deadlineAtMs, version } = generation.view();
  const by = deadlineAtMs === null ? '' : `, until ${new Date(deadlineAtMs).toISOString()} at the latest`;
  const what = tunnels === 1 ? '1 tunnel' : `${tunnels} tunnels`;
  return `generation ${generation.number} (${version}) still holds ${what}${by}; there is room for ${RETIRED_MAX} that are retired, and one more for the way back`;
}

/** What is in the way before anything is started. */
function refusalOf(plan: ReloadPlan, { root, version }: Target): Finding | null {
  const protocol = (plan as Partial<ReloadPlan>).launch?.protocol;
  if (protocol !== PROTOCOL) {
    const theirs = protocol === undefined ? 'does not say how it is started' : `speaks protocol ${protocol} with its supervisor`;
    return { outcome: 'at-start', why: `${root} ${theirs}, and this one speaks ${PROTOCOL}: it takes a start of the node` };
  }
  if (version !== null && plan.version !== version) {
    return { outcome: 'refused', why: `${root} was version ${version}, and is ${plan.version} by now: say --to where that is meant` };
  }
  if (plan.kind === 'bad')
    return { outcome: 'bad', problems: plan.problems, why: `version ${plan.version} does not take the configuration` };
  if (plan.kind === 'at-start') {
    const problems = plan.changes.map(
      ({ key, running, wanted }) => `${key}: ${wanted} takes a start of the node, which runs with ${running}`,
    );
    return { outcome: 'at-start', problems, why: 'the configuration changes what only a start takes' };
  }
  return plan.kind === 'failed' ? { outcome: 'failed', why: plan.why } : null;
}
