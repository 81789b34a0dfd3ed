// A stand-in of Route 53, and `pinhole fleet` run against it in this process, by AWS's own client.

import type { TestContext } from 'node:test';
import { Route53Client } from '@aws-sdk/client-route-53';
import { startRoute53, type Route53, type Route53Options } from '../../sandbox/route53/start.ts';
import type { RecordSet } from '../../sandbox/route53/record-set.ts';
import type { Clock } from '../clock.ts';
import { runFleet } from '../fleet/command.ts';
import { FakeClock } from './fake-clock.ts';

export const FLEET = `name: proxy.example.com
zone: example.com
owner: pinhole-eu
guard: { minWeight: 1, withdrawnShare: 1 }
slots:
  - { id: a, address: 203.0.113.1 }
  - { id: b, address: 203.0.113.2 }
  - { id: c, address: 203.0.113.3 }
  - { id: s, address: 203.0.113.4, role: spare }
`;

/** Two in each of eight regions. */
const CHECKERS = 16;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly lines: () => readonly Record<string, unknown>[];
  /** The first line with this event, from a line on. */
  readonly until: (event: string, from?: number) => Promise<Record<string, unknown>>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<number>;
}

export interface FleetWorld {
  readonly aws: Route53;
  readonly clock: Clock;
  /** What FLEET.yaml holds; null: it is not there. */
  file: string | null;
  fleet(...args: readonly string[]): Promise<Ran>;
  /** `fleet run --json`. */
  start(): Running;
  /** Records of ours as short lines: `a w 1/100/60`. */
  records(): string[];
}

export interface FleetWorldOptions extends Partial<Route53Options> {
  readonly fleetClock?: Clock;
  readonly client?: (url: string) => Pick<Route53Client, 'send'>;
}

export async function fleetWorld(t: TestContext, options: FleetWorldOptions = {}): Promise<FleetWorld> {
  const aws = await startRoute53({
    log: () => {},
    zones: ['example.com'],
    requestsPerSecond: null,
    propagationMs: 0,
    // So fast that checkers have spoken before the next command looks.
    speed: 50,
    probe: () => Promise.resolve({ isGood: true, words: 'fine' }),
    ...options,
  });
  const client = new Route53Client({ region: 'us-east-1', endpoint: aws.url, credentials: aws.accessKey, maxAttempts: 1 });
  t.after(async () => {
    client.destroy();
    await aws.stop();
  });
  const clock = options.fleetClock ?? new FakeClock(true);
  const world: FleetWorld = {
    ...{ aws, clock, file: FLEET },
    async fleet(...args) {
      let out = '';
      let err = '';
      const code = await runFleet([...args, '-c', '/etc/FLEET.yaml'], {
        ...io(),
        stdout: (text) => (out += text),
        stderr: (text) => (err += text),
      });
      return { code, out, err };
    },
    start() {
      const running = startRun(io());
      t.after(() => {
        running.signal('SIGTERM');
        return running.ended;
      });
      return running;
    },
    records: () => shortRecords(aws),
  };
  const io = () => ({
    stdout: () => {},
    stderr: () => {},
    env: {},
    readFile() {
      if (world.file === null) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
      return world.file;
    },
    clock,
    random: () => 0.5,
    connect: () => options.client?.(aws.url) ?? client,
    onSignal: () => {},
    columns: () => null,
  });
  return world;
}

function startRun(io: Parameters<typeof runFleet>[1]): Running {
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const heard = new Map<NodeJS.Signals, () => void>();
  const ended = runFleet(['run', '--json', '-c', '/etc/FLEET.yaml'], {
    ...io,
    stdout(text) {
      lines.push(JSON.parse(text) as Record<string, unknown>);
      for (const look of waiting) look();
    },
    onSignal: (name, run) => heard.set(name, run),
  });
  return {
    lines: () => lines,
    until: (event, from = 0) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.slice(from).find((line) => line['event'] === event);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    signal: (name) => heard.get(name)?.(),
    ended,
  };
}

function shortRecords(aws: Route53): string[] {
  const [zone] = aws.zones.all();
  return (zone?.records ?? [])
    .filter(({ setIdentifier }) => setIdentifier !== undefined)
    .map(({ setIdentifier, weight, ttl, values }: RecordSet) => {
      const slot = setIdentifier?.split('/')[1];
      return `${slot} ${weight === undefined ? 'm' : 'w'} ${values[0]?.split('.')[3]}/${weight ?? '-'}/${ttl}`;
    });
}

/** Waits until it holds; the test's own deadline ends a wait in vain. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Every checker has asked, so that a withdrawal finds proven slots. */
export function allProven(aws: Route53): Promise<void> {
  return eventually(() => aws.checks.all().every(({ id }) => aws.checkers.observations(id).length === CHECKERS));
}
