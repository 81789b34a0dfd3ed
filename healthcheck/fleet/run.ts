// `fleet run`: the reconciler. Looks again and again, mends what differs, and when in doubt leaves everything as it is.

import type { Clock } from '../clock.ts';
import type { Fleet } from './fleet.ts';
import type { LoadedFleet } from './load.ts';
import { isHealthy } from './observed.ts';
import { isEmpty, type Plan } from './plan.ts';
import { Pace } from './pace.ts';
import { type MayWithdraw, reconcile, type Round } from './reconcile.ts';
import { differencesIn } from './render-plan.ts';
import type { Caller } from './route53/caller.ts';
import { FleetTrouble } from './trouble.ts';

export type RunLevel = 'info' | 'warn' | 'error';
export type RunLog = (level: RunLevel, event: string, facts?: Readonly<Record<string, unknown>>) => void;

export interface RunDeps {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly log: RunLog;
  /** The file as it is now. */
  readonly load: () => LoadedFleet;
}

export class Reconciler {
  readonly #deps: RunDeps;
  #running: Promise<void> | null = null;
  readonly #pace: Pace;
  /** The fleet for which the zone was last seen, or left, as it should be. */
  #settledFor: string | null = null;
  #saidHeldBack = '';

  constructor(deps: RunDeps) {
    this.#deps = deps;
    this.#pace = new Pace(deps.clock.nowMs());
  }

  /** One round; while one runs, the same. Never throws. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** A round that begins from now on: one that is under way has read the file already. */
  async runAnew(): Promise<void> {
    await this.#running;
    await this.run();
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #round(): Promise<void> {
    const { log, load } = this.#deps;
    const loaded = load();
    if ('problems' in loaded) {
      const problems = loaded.problems.map(
        ({ line, column, path, message }) => `${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`,
      );
      return log('error', 'file-bad', { problems, does: 'nothing is changed' });
    }
    try {
      await this.#reconcile(loaded.fleet);
    } catch (error) {
      const { code, message } = error instanceof FleetTrouble ? error : { code: 'INTERNAL', message: String(error) };
      log('error', 'failed', { code, why: message });
    }
  }

  async #reconcile(fleet: Fleet): Promise<void> {
    const { log, caller, clock } = this.#deps;
    const wanted = JSON.stringify(fleet);
    const mayWithdraw: MayWithdraw = ({ records }) => this.#pace.mayWithdraw(fleet, records, clock.nowMs());
    const report = (step: string): void => log('info', 'step', { step });
    const { observed, plan } = await reconcile({ caller, clock, report }, fleet, mayWithdraw, (round) => this.#announce(wanted, round));
    if (plan.heldBack.length === 0) this.#settledFor = wanted;
    const healthy = observed.checks.filter(isHealthy).length;
    log('info', 'ran', {
      changed: plan.records.length,
      heldBack: plan.heldBack.length,
      healthyChecks: healthy,
      checks: observed.checks.length,
    });
  }

  /** The zone was right for this very file, and is no longer: somebody else has changed it. */
  #announce(wanted: string, { plan }: Round): void {
    const { log, clock } = this.#deps;
    if (plan.withdraws !== null) this.#pace.withdrew(plan.withdraws, clock.nowMs());
    const isDrift = this.#settledFor === wanted;
    if (!isEmpty(plan)) log(isDrift ? 'warn' : 'info', isDrift ? 'drift' : 'plan', { plan: differencesIn(plan) });
    this.#sayHeldBack(plan);
  }

  /** Once, not in every round. */
  #sayHeldBack({ heldBack }: Plan): void {
    const text = JSON.stringify(heldBack);
    if (text === this.#saidHeldBack) return;
    this.#saidHeldBack = text;
    for (const held of heldBack) this.#deps.log(held.how === 'refused' ? 'warn' : 'info', 'held-back', { ...held });
  }
}
