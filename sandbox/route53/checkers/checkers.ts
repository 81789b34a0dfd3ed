// The checkers around the world: each asks by itself at its own moments and makes up its own mind; an endpoint is healthy when more than
// 18 % of them say so.

import type { WorldClock } from '../clock.ts';
import type { CheckConfig, HealthCheck, HealthCheckBook } from '../health-check-book.ts';
import { CHECKERS_PER_REGION, HEALTHY_ABOVE, REGIONS } from '../limits.ts';
import type { Probe } from './probe.ts';

export interface Observation {
  readonly region: string;
  readonly address: string;
  readonly isGood: boolean;
  readonly text: string;
  readonly checkedMs: number;
}

export interface CheckersDeps {
  readonly clock: WorldClock;
  readonly book: HealthCheckBook;
  readonly probe: Probe;
  readonly random: () => number;
  /** A check that turned healthy or unhealthy, and when in the world's time. */
  readonly onTurn: (check: HealthCheck, isHealthy: boolean, atMs: number) => void;
}

interface Checker {
  readonly region: string;
  readonly address: string;
  /** Healthy until it has been seen otherwise so many times. */
  opinion: boolean;
  /** Results in a row that are against it. */
  against: number;
  words: string;
  /** Null until it has asked. */
  checkedMs: number | null;
  cancel: () => void;
}

interface Watched {
  readonly config: CheckConfig;
  readonly checkers: readonly Checker[];
  wasHealthy: boolean;
}

export class Checkers {
  readonly #deps: CheckersDeps;
  readonly #watched = new Map<string, Watched>();

  constructor(deps: CheckersDeps) {
    this.#deps = deps;
    deps.book.onChange(() => this.#follow());
  }

  /** New checks, disabled ones and what is no check of ours count as healthy. */
  isHealthy(id: string): boolean {
    const watched = this.#watched.get(id);
    if (watched === undefined || watched.config.disabled) return true;
    const asked = watched.checkers.filter(({ checkedMs }) => checkedMs !== null);
    if (asked.length === 0) return true;
    const isUp = asked.filter(({ opinion }) => opinion).length / asked.length > HEALTHY_ABOVE;
    return watched.config.inverted ? !isUp : isUp;
  }

  observations(id: string): Observation[] {
    return (this.#watched.get(id)?.checkers ?? []).flatMap(({ region, address, opinion, words, checkedMs }) =>
      checkedMs === null ? [] : [{ region, address, isGood: opinion, text: `${opinion ? 'Success' : 'Failure'}: ${words}`, checkedMs }],
    );
  }

  stop(): void {
    for (const watched of this.#watched.values()) release(watched);
    this.#watched.clear();
  }

  /** Another endpoint is asked from the start; what only the verdict is about takes effect at once. */
  #follow(): void {
    const { book } = this.#deps;
    for (const [id, watched] of this.#watched) {
      if (book.has(id)) continue;
      release(watched);
      this.#watched.delete(id);
    }
    for (const check of book.all()) {
      const watched = this.#watched.get(check.id);
      if (watched?.config === check.config) continue;
      if (watched !== undefined) release(watched);
      const kept =
        watched !== undefined && isSameEndpoint(watched.config, check.config) ? watched.checkers : this.#newCheckers(check.config);
      const next: Watched = { config: check.config, checkers: kept, wasHealthy: watched?.wasHealthy ?? true };
      this.#watched.set(check.id, next);
      if (!check.config.disabled) for (const checker of kept) this.#schedule(check.id, next, checker, this.#deps.random());
      this.#judge(check.id, next);
    }
  }

  #newCheckers({ regions }: CheckConfig): Checker[] {
    const where: readonly string[] = regions.length > 0 ? regions : REGIONS;
    return where.flatMap((region, row) =>
      Array.from({ length: CHECKERS_PER_REGION }, (_, column) => ({
        region,
        address: `15.177.${row}.${column + 1}`,
        opinion: true,
        against: 0,
        words: '',
        checkedMs: null,
        cancel: () => {},
      })),
    );
  }

  /** `share` of an interval from now: checkers do not agree on their moments. */
  #schedule(id: string, watched: Watched, checker: Checker, share: number): void {
    const { clock } = this.#deps;
    checker.cancel = clock.after(share * watched.config.intervalS * 1_000, () => void this.#ask(id, watched, checker));
  }

  async #ask(id: string, watched: Watched, checker: Checker): Promise<void> {
    const { clock, probe } = this.#deps;
    // The next question is asked an interval after this one, however long the answer takes.
    this.#schedule(id, watched, checker, 1);
    const { isGood, words } = await probe(watched.config, (ms) => clock.toRealMs(ms));
    if (this.#watched.get(id) !== watched) return;
    checker.checkedMs = clock.nowMs();
    checker.against = isGood === checker.opinion ? 0 : checker.against + 1;
    if (checker.against >= watched.config.threshold) {
      checker.opinion = isGood;
      checker.against = 0;
    }
    if (isGood === checker.opinion || checker.words === '') checker.words = words;
    this.#judge(id, watched);
  }

  #judge(id: string, watched: Watched): void {
    const isHealthy = this.isHealthy(id);
    if (isHealthy === watched.wasHealthy) return;
    watched.wasHealthy = isHealthy;
    this.#deps.onTurn(this.#deps.book.find(id), isHealthy, this.#deps.clock.nowMs());
  }
}

function release({ checkers }: Watched): void {
  for (const checker of checkers) checker.cancel();
}

function isSameEndpoint(a: CheckConfig, b: CheckConfig): boolean {
  return a.address === b.address && a.port === b.port && a.path === b.path && a.host === b.host && a.regions.join() === b.regions.join();
}
