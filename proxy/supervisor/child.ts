// A child's side of the supervisor's channel: says that it lives, hears when to stop, and ends at once when the supervisor is gone.

import type { Clock } from '../core/clock.ts';
import { BEAT_MS } from '../core/supervision.ts';
import type { TunnelSurvey } from '../core/revoked.ts';
import type { ChildMessage, RetireMessage, SupervisorMessage, SupervisorView } from '../core/supervision.ts';
import { Staging, type Staged } from './staging.ts';
import { ViewAsk } from './view-ask.ts';

export type { Staged } from './staging.ts';

export interface SupervisorLink {
  /** Everything is made and tried: it could serve. Resolves when it shall. */
  warm(): Promise<void>;
  /** It serves from now on, by this configuration. */
  ready(policyVersion: string): void;
  /** It has begun to rest, which has to be known before it is silent for longer. */
  rests(): void;
  /** It has closed its listening sockets because descriptors ran out. */
  full(): void;
  /** It listens again, on sockets it has bound itself. */
  room(): void;
  /** How all processes of the node are; null where the supervisor does not say it here. */
  view(): Promise<SupervisorView | null>;
}

export interface ChildHandlers {
  /** The node stops: this process must have ended by itself within `deadlineMs` from now. */
  onStop(deadlineMs: number): void;
  /** Another generation has taken over. Said again where a number is another. */
  onRetire?(message: RetireMessage): void;
  /** The log file has been moved away: go on in a new one. */
  onReopenLog?(): void;
  /** Makes everything of the settings in this file, and uses nothing of it yet; rejects where that is not possible. */
  stage(settingsFile: string): Promise<Staged>;
  /** How it is, with each beat; undefined where there is nothing to say. */
  word?(): unknown;
  /** That could not be told, which is a bug. */
  wordFailed?(error: unknown): void;
  /** Which tunnels the settings in this file would close; rejects where it cannot be told. */
  survey?(settingsFile: string): Promise<TunnelSurvey>;
}

/** The part of `process` that is used here. */
interface Channel {
  send?: ((message: ChildMessage, handle: undefined, options: undefined, sent: () => void) => boolean) | undefined;
  on(event: 'message', heard: (message: unknown) => void): unknown;
  on(event: 'disconnect', heard: () => void): unknown;
  readonly pid: number;
  kill(pid: number, signal: 'SIGKILL'): unknown;
}

/** `restMs`: its turns come so seldom at the moment; null, or missing, where it does not rest. */
type ChildClock = Clock & { readonly restMs?: number | null };

export function connectToSupervisor(handlers: ChildHandlers, clock: ChildClock, channel: Channel = process): SupervisorLink {
  if (!channel.send) throw new Error('this role is started by `pinhole serve` only');
  // The channel may close under us; 'disconnect' then says so.
  const say = (message: ChildMessage, sent = (): void => {}): void => void channel.send?.(message, undefined, undefined, sent);

  const accept = Promise.withResolvers<void>();
  const staging = new Staging((file) => handlers.stage(file), say);
  const views = new ViewAsk(clock, () => say({ type: 'ask' }));

  const survey = async (turn: number, file: string): Promise<void> => {
    const nobody = (): Promise<string> => Promise.resolve('it has no tunnels');
    const found = await (handlers.survey?.(file) ?? nobody()).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    say({ type: 'surveyed', turn, survey: found });
  };

  // Not `exit`, which waits for a thread that may hang in a write: an orphan's listening sockets would swallow every client.
  channel.on('disconnect', () => channel.kill(channel.pid, 'SIGKILL'));
  channel.on('message', (message) => {
    const heard = message as SupervisorMessage;
    if (heard.type === 'stop') handlers.onStop(heard.deadlineMs);
    else if (heard.type === 'reopen') handlers.onReopenLog?.();
    else if (heard.type === 'retire') handlers.onRetire?.(heard);
    else if (heard.type === 'accept') accept.resolve();
    else if (heard.type === 'view') views.answered(heard.view);
    else if (heard.type === 'survey') void survey(heard.turn, heard.file);
    else staging.heard(heard);
  });
  // A supervisor that hangs reads nothing: what is said to it meanwhile is kept in this process, and a word is long.
  let isOnTheWay = false;
  const wordNow = (): unknown => {
    try {
      return isOnTheWay ? undefined : handlers.word?.();
    } catch (error) {
      // That it lives has to be said whatever is wrong with the rest.
      handlers.wordFailed?.(error);
      return undefined;
    }
  };
  const beat = (): void => {
    const word = wordNow();
    const { restMs = null } = clock;
    const when = restMs === null ? {} : { withinMs: restMs };
    if (word === undefined) return say({ type: 'beat', ...when });
    isOnTheWay = true;
    say({ type: 'beat', word, ...when }, () => (isOnTheWay = false));
  };
  clock.every(BEAT_MS, beat);

  return {
    warm: () => {
      say({ type: 'warm' });
      return accept.promise;
    },
    ready: (policyVersion) => {
      say({ type: 'ready', policyVersion });
      // What it said before is that it does not accept.
      beat();
    },
    rests: beat,
    full: () => say({ type: 'full' }),
    room: () => say({ type: 'room' }),
    view: () => views.ask(),
  };
}
