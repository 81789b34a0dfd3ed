// One round of the probe: every path through this node, then the other nodes, then what that means.

import { attempt, type AttemptDeps, type Attempted } from './attempt.ts';
import type { Attempt, ProbeJob, ProbeVerdict } from './contract.ts';
import { firstState, nextState, reached } from './counts.ts';
import { type Path, pathsOf } from './paths.ts';
import { viewPeer } from './peers.ts';
import { rule } from './rule.ts';

/** Tunnels that are on their way at once: a hundred endpoints must not look like a storm. */
const AT_ONCE_MAX = 8;

export type RoundVerdict = Omit<ProbeVerdict, 'atMs' | 'goodForMs'>;

/** Never rejects. `before` is the last round's, by this process or by one before it. */
export async function runRound(job: ProbeJob, before: RoundVerdict | null, deps: AttemptDeps): Promise<RoundVerdict> {
  const paths = pathsOf(job);
  const attempted = await inTurns(paths, (path) => tryHere(path, job, deps));
  const attempts = attempted.map(({ attempt: one }) => one);
  const results = new Map(job.endpoints.map(({ name }) => [name, reached(ofEndpoint(attempts, name))]));
  const endpoints = job.endpoints.map(({ name }) => {
    const known = before?.endpoints.find((state) => state.name === name) ?? firstState(name);
    return nextState(known, results.get(name) ?? null, job.failures);
  });
  // From the first failure on: what counts is who failed in the same rounds.
  const inDoubt = endpoints.filter(({ name, isFailing }) => isFailing || results.get(name) === false);
  const asked = inDoubt.flatMap(({ name }) => failedPaths(name, paths, attempts));
  const peers = await inTurns(job.peers, (peer) => viewPeer(peer, asked, deps));
  const ruling = rule({
    endpoints,
    results,
    whys: whysOf(attempts),
    peers,
    failures: job.failures,
    ownAddresses: job.ownAddresses,
    wasWithdrawn: before?.withdraw ?? false,
  });
  return { ...ruling, attempts, peers, certificateLeftMs: leastLeft(attempted) };
}

function tryHere(path: Path, { places }: ProbeJob, deps: AttemptDeps): Promise<Attempted> {
  const place = places[path.way];
  if (place === undefined) throw new Error(`no listener serves ${path.way}`);
  return attempt(path, place, deps);
}

/** The same that failed here; of an endpoint that is well again, but not for long enough, all. */
function failedPaths(endpoint: string, paths: readonly Path[], attempts: readonly Attempt[]): Path[] {
  const own = paths.filter((path) => path.endpoint === endpoint);
  const failed = own.filter((path) => attempts[paths.indexOf(path)]?.outcome !== 'through');
  return failed.length === 0 ? own : failed;
}

function ofEndpoint(attempts: readonly Attempt[], name: string): Attempt[] {
  return attempts.filter(({ endpoint }) => endpoint === name);
}

function whysOf(attempts: readonly Attempt[]): Map<string, string> {
  const whys = new Map<string, string>();
  for (const { endpoint, why, outcome } of attempts) {
    if (why !== null && outcome !== 'unclear' && !whys.has(endpoint)) whys.set(endpoint, why);
  }
  return whys;
}

function leastLeft(attempted: readonly Attempted[]): number | null {
  const seen = attempted.map(({ certificateLeftMs }) => certificateLeftMs).filter((leftMs) => leftMs !== null);
  return seen.length === 0 ? null : Math.min(...seen);
}

/** All of them, a few at once, in their order. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const turn = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, items.length) }, turn));
  return results;
}
