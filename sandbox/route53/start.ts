/**
 * A stand-in of Route 53 on loopback: its API, its health checkers, and the name servers that answer by what these found. For tests and for
 * a fleet on one machine; never for production: it keeps everything in memory.
 */

import { randomBytes } from 'node:crypto';
import type { ApiCode } from './api/api-error.ts';
import { type Fault, Faults, RateLimit } from './api/faults.ts';
import { startApi } from './api/server.ts';
import type { AccessKeys } from './api/signature.ts';
import { Checkers } from './checkers/checkers.ts';
import { type Probe, probe } from './checkers/probe.ts';
import { createClock, type WorldClock } from './clock.ts';
import { startDns } from './dns/server.ts';
import { HealthCheckBook } from './health-check-book.ts';
import { PROPAGATION_MS, REQUESTS_PER_SECOND } from './limits.ts';
import { ZoneBook } from './zone-book.ts';

export type { ApiCode, Fault };

export interface Turn {
  readonly healthCheckId: string;
  readonly address: string;
  readonly isHealthy: boolean;
  /** Of the world's clock. */
  readonly atMs: number;
}

export interface Route53Options {
  readonly log: (line: string) => void;
  /** Names of public zones that are there from the start. */
  readonly zones?: readonly string[];
  readonly host?: string;
  /** 0, which is also the default: a free one. */
  readonly apiPort?: number;
  readonly dnsPort?: number;
  /** How much faster than ours the clock of checkers and changes runs. */
  readonly speed?: number;
  readonly clock?: WorldClock;
  readonly keys?: AccessKeys;
  /** Null: as many as come. */
  readonly requestsPerSecond?: number | null;
  readonly propagationMs?: number;
  readonly probe?: Probe;
  readonly random?: () => number;
  readonly onTurn?: (turn: Turn) => void;
}

export interface Route53 {
  /** For AWS_ENDPOINT_URL_ROUTE_53. */
  readonly url: string;
  readonly dns: { readonly host: string; readonly port: number };
  readonly accessKey: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clock: WorldClock;
  readonly zones: ZoneBook;
  readonly checks: HealthCheckBook;
  readonly checkers: Checkers;
  /** Arms trouble for calls to come. */
  arm(fault: Fault): void;
  disarm(): void;
  /** Calls so far, by the name of the operation. */
  calls(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** The keys that AWS's own documentation uses as its example. */
const EXAMPLE_KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' } as const;

export async function startRoute53(options: Route53Options): Promise<Route53> {
  const { log, host = '127.0.0.1', random = Math.random, requestsPerSecond = REQUESTS_PER_SECOND } = options;
  const clock = options.clock ?? createClock(options.speed);
  const startedAt = Date.now();
  const checks = new HealthCheckBook(newCheckId);
  const checkers = new Checkers({
    ...{ clock, book: checks, probe: options.probe ?? probe, random },
    onTurn({ id, config }, isHealthy, atMs) {
      log(`route53: ${config.address} is ${isHealthy ? 'healthy' : 'unhealthy'} (${id})`);
      options.onTurn?.({ healthCheckId: id, address: config.address, isHealthy, atMs });
    },
  });
  const propagationMs = options.propagationMs ?? PROPAGATION_MS;
  const zones = new ZoneBook({ clock, newId, propagationMs, hasHealthCheck: (id) => checks.has(id) });
  for (const name of options.zones ?? []) zones.create(name, `from the start: ${name}`);

  const faults = new Faults();
  const counts: Record<string, number> = {};
  const { accessKeyId, secretAccessKey } = EXAMPLE_KEY;
  const api = await startApi(
    {
      world: { zones, checks, checkers, dateOf: (worldMs) => new Date(startedAt + worldMs).toISOString() },
      keys: options.keys ?? { [accessKeyId]: { secretAccessKey } },
      faults,
      rate: new RateLimit(requestsPerSecond),
      now: Date.now,
      log,
      onCall: (action) => (counts[action] = (counts[action] ?? 0) + 1),
    },
    host,
    options.apiPort ?? 0,
  );
  const stopWorld = (): void => {
    checkers.stop();
    zones.stop();
  };
  try {
    const isHealthy = ({ healthCheckId }: { readonly healthCheckId?: string }): boolean =>
      healthCheckId === undefined || checkers.isHealthy(healthCheckId);
    const view = () =>
      zones
        .all()
        .filter(({ isPrivate }) => !isPrivate)
        .map(({ name, published }) => ({ name, records: published }));
    const dns = await startDns(() => ({ zones: view(), isHealthy, random }), host, options.dnsPort ?? 0);
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${api.port}`,
      dns: { host, port: dns.port },
      accessKey: EXAMPLE_KEY,
      ...{ clock, zones, checks, checkers },
      arm: (fault) => faults.arm(fault),
      disarm: () => faults.clear(),
      calls: () => ({ ...counts }),
      async stop() {
        stopWorld();
        await Promise.all([api.stop(), dns.stop()]);
      },
    };
  } catch (error) {
    stopWorld();
    await api.stop();
    throw error;
  }
}

/** As long as those of AWS, of the same characters. */
function newId(): string {
  return randomBytes(10).toString('hex').toUpperCase();
}

function newCheckId(): string {
  const hex = randomBytes(16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
