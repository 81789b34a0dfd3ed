// The links of two carriers without a kernel: what is sent is looked at, and what comes is put there by the test.

import { MoveLinks } from '../../tunnel/move-links.ts';

export interface FakeLinks {
  readonly links: MoveLinks;
  readonly sent: string[];
  /** What the next calls give; errno values are names. */
  readonly incoming: (string | { readonly bytes: string })[];
  /** What sending gives, while it is set. */
  sendError: string | null;
  connectError: string | null;
  acceptError: string | null;
  readonly closed: number[];
  /** How often a name was listened on. */
  listening: number;
  /** Whether room to write is asked for. */
  isWatched: boolean;
  readable(link?: number): void;
  writable(link?: number): void;
}

/** Links are 7 where they are connected, 8 where they are accepted, and 6 listens. */
export const CONNECTED = 7;
export const ACCEPTED = 8;
export const LISTENER = 6;

const ERRORS = ['EAGAIN', 'EPIPE', 'ECONNRESET', 'EPROTO', 'EMSGSIZE', 'ETOOMANYREFS', 'ENOMEM', 'EBUSY', 'ENOENT', 'EMFILE', 'EPERM'];

export function errnoOf(code: string): number {
  return -1 - ERRORS.indexOf(code);
}

export function fakeLinks(): FakeLinks {
  let ready: (link: number, what: number) => void = () => {};
  const links = new MoveLinks((onReady) => {
    ready = onReady;
    return {
      listen: () => ((fake.listening += 1), LISTENER),
      accept: () => (fake.acceptError === null ? ACCEPTED : errnoOf(fake.acceptError)),
      connect: () => (fake.connectError === null ? CONNECTED : errnoOf(fake.connectError)),
      watch: (_, isWritable) => void (fake.isWatched = isWritable === 1),
      send: (_, bytes) => (fake.sendError === null ? (fake.sent.push(bytes.toString('latin1')), 0) : errnoOf(fake.sendError)),
      receive: (_, room) => {
        const next = fake.incoming.shift() ?? 'EAGAIN';
        if (typeof next === 'string') return next === 'end' ? 0 : errnoOf(next);
        return room.write(next.bytes, 'latin1');
      },
      close: (link) => void fake.closed.push(link),
      errorCode: (errno) => ERRORS[-1 - errno] ?? 'UNKNOWN',
    };
  });
  const fake: FakeLinks = {
    links,
    sent: [],
    incoming: [],
    sendError: null,
    connectError: null,
    acceptError: null,
    listening: 0,
    closed: [],
    isWatched: false,
    readable: (link = CONNECTED) => ready(link, 1),
    writable: (link = CONNECTED) => ready(link, 2),
  };
  return fake;
}
