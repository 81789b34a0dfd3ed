// What a scraper waits for: the node's /metrics, asked a number of times.

import { setTimeout as delay } from 'node:timers/promises';

const TIMES = 30;
const BREATH_MS = 200;

export interface Scraped {
  /** Of each answer, the shortest first. */
  readonly spansMs: readonly number[];
  /** Of the last answer. */
  readonly bytes: number;
}

/** Throws where an answer is no 200. */
export async function scrapeOften(port: number): Promise<Scraped> {
  const spansMs: number[] = [];
  let bytes = 0;
  for (let time = 0; time < TIMES; time += 1) {
    const fromMs = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    bytes = (await answer.arrayBuffer()).byteLength;
    if (answer.status !== 200) throw new Error(`/metrics answers ${answer.status}`);
    spansMs.push(performance.now() - fromMs);
    await delay(BREATH_MS);
  }
  return { spansMs: spansMs.toSorted((a, b) => a - b), bytes };
}
