// What the agent does all day: connect, subscribe, publish, and come back with jitter when a session ends. Prints nothing: it emits
// events, and main.ts turns them into lines.

import type { SessionEnd } from './addresses.ts';
import { backoffMs, GOOD_SESSION_MS, moveMs } from './backoff.ts';
import { type Clock, sleep } from './clock.ts';
import { type AgentFailure, asFailure, codeOf, messageOf } from './failure.ts';
import type { ListEvent } from './list-keeper.ts';
import type { MqttSession } from './mqtt.ts';

export type AgentEvent =
  | ListEvent
  | { readonly event: 'connected'; readonly ms: number; readonly via: string | null }
  | { readonly event: 'published'; readonly number: number; readonly ms: number }
  | { readonly event: 'received'; readonly topic: string; readonly payload: string }
  | { readonly event: 'failed'; readonly failure: AgentFailure }
  | { readonly event: 'moving'; readonly ms: number }
  | { readonly event: 'waiting'; readonly ms: number; readonly failures: number }
  | { readonly event: 'done'; readonly published: number; readonly received: number };

export interface Job {
  readonly topic: string;
  readonly message: string;
  /** 0: for ever. */
  readonly count: number;
  readonly intervalMs: number;
  /** 0: never give up. */
  readonly attempts: number;
}

/** What the loop needs of an agent. */
export interface SessionSource {
  openSession(): Promise<MqttSession>;
  /** What came of a session, or of the attempt to open one. True where another address can be tried at once. */
  sessionOver(end: SessionEnd): boolean;
  /** The address that the open session goes over. */
  readonly via: string | null;
}

export interface RunDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: (event: AgentEvent) => void;
  readonly stop: AbortSignal;
}

/** How long the last messages may take to come back. */
const ECHO_TIMEOUT_MS = 5_000;

interface Progress {
  published: number;
  received: number;
}

/** True if everything asked for was done, or the signal ended it; false if it gave up. */
export async function runAgent(agent: SessionSource, job: Job, deps: RunDeps): Promise<boolean> {
  const progress: Progress = { published: 0, received: 0 };
  let failures = 0;
  while (!deps.stop.aborted) {
    const startedMs = deps.clock.nowMs();
    const failure = await oneSession(agent, job, progress, deps);
    if (failure === null) break;
    const ageMs = deps.clock.nowMs() - startedMs;
    const hasLasted = ageMs >= GOOD_SESSION_MS;
    if (hasLasted) failures = 0;
    deps.emit({ event: 'failed', failure });
    if (agent.sessionOver({ wasLost: failure.isLostOnTheWay, hasLasted })) {
      const ms = moveMs(ageMs, deps.random);
      deps.emit({ event: 'moving', ms });
      await sleep(deps.clock, ms, deps.stop);
      continue;
    }
    failures += 1;
    const isHopeless = failure.facts.leg === 'settings';
    if (isHopeless || (job.attempts > 0 && failures >= job.attempts)) return false;
    const ms = backoffMs(failures, deps.random, failure.facts.retryAfterMs);
    deps.emit({ event: 'waiting', ms, failures });
    await sleep(deps.clock, ms, deps.stop);
  }
  deps.emit({ event: 'done', ...progress });
  return true;
}

/** Null where the job is done or was stopped. */
async function oneSession(agent: SessionSource, job: Job, progress: Progress, deps: RunDeps): Promise<AgentFailure | null> {
  let session: MqttSession | null = null;
  try {
    const startedMs = deps.clock.nowMs();
    session = await agent.openSession();
    deps.emit({ event: 'connected', ms: deps.clock.nowMs() - startedMs, via: agent.via });
    const ended = new AbortController();
    void session.closed.then(() => ended.abort());
    const over = AbortSignal.any([ended.signal, deps.stop]);
    const echoed = new AbortController();
    await session.subscribe(job.topic, (topic, payload) => {
      progress.received += 1;
      deps.emit({ event: 'received', topic, payload: payload.toString('utf8') });
      if (isDone(job, progress) && progress.received >= job.count) echoed.abort();
    });
    await publishAll(session, job, progress, deps, over);
    // The broker may acknowledge a message before it delivers it.
    if (isDone(job, progress) && progress.received < job.count)
      await sleep(deps.clock, ECHO_TIMEOUT_MS, AbortSignal.any([over, echoed.signal]));
    return isDone(job, progress) || deps.stop.aborted ? null : await session.closed;
  } catch (error) {
    if (deps.stop.aborted) return null;
    return asFailure(error, { leg: 'settings', code: codeOf(error), fixer: 'device', detail: messageOf(error) });
  } finally {
    await session?.end();
  }
}

async function publishAll(session: MqttSession, job: Job, progress: Progress, deps: RunDeps, over: AbortSignal): Promise<void> {
  while (!over.aborted && !isDone(job, progress)) {
    const number = progress.published + 1;
    const startedMs = deps.clock.nowMs();
    await session.publish(job.topic, JSON.stringify(`${job.message} [${number}]`));
    progress.published = number;
    deps.emit({ event: 'published', number, ms: deps.clock.nowMs() - startedMs });
    if (!isDone(job, progress)) await sleep(deps.clock, job.intervalMs, over);
  }
}

function isDone(job: Job, progress: Progress): boolean {
  return job.count > 0 && progress.published >= job.count;
}
