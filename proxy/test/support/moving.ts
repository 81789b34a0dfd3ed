// Carriers of several generations of one slot, started as the supervisor starts them, and tunnels through them that talk both ways without pause.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CarrierStatus } from '../../control/carrier-api.ts';
import type { MoveView } from '../../core/move.ts';
import { carrierSocket, ledgerFile, settingsFile } from '../../core/runtime-files.ts';
import type { Settings } from '../../core/settings.ts';
import { createLedger, readRows } from '../../limits/ledger-file.ts';
import { launchOf, spawnCarrier } from '../../supervisor/spawn-role.ts';
import { wholeLines } from '../clients/node-log.ts';
import { Talk } from './talk.ts';
import { until } from './fake-serve.ts';
import { makeHello } from './hello.ts';
import { DATA_HOST, testSettings } from './settings.ts';
import { unlessBusy } from './unless-busy.ts';
import { startUpstream } from './upstream.ts';

const ENTRY = fileURLToPath(new URL('../../main.ts', import.meta.url));
const GENERATIONS = 4;
const SLOT = 0;
const HELLO = makeHello({ sni: DATA_HOST });

export interface Line {
  readonly event: string;
  readonly id: string;
  readonly generation: number;
  readonly [field: string]: unknown;
}

export interface TestCarrier {
  readonly generation: number;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  ask(path: string, method?: 'GET' | 'POST'): Promise<{ readonly status: number; readonly body: unknown }>;
  status(): Promise<CarrierStatus>;
  /** Waits until its status is so. */
  until(isSo: (status: CarrierStatus) => boolean): Promise<CarrierStatus>;
  /** Moves all it can to another generation. */
  move(to: number): Promise<MoveView>;
  /** As the supervisor does. */
  stop(deadlineMs: number): void;
}

export interface TestTunnel {
  readonly door: 'connect' | 'sni';
  readonly client: Talk;
  readonly upstream: Talk;
}

export interface MovingNode {
  readonly port: number;
  readonly runtime: string;
  carrier(generation: number): Promise<TestCarrier>;
  open(door: 'connect' | 'sni'): Promise<TestTunnel>;
  lines(): Line[];
  /** Tunnels by generation, as the ledger has them. */
  ledger(): number[];
}

export async function movingNode(t: TestContext, overrides: Partial<Settings> = {}): Promise<MovingNode> {
  const runtime = mkdtempSync(join(tmpdir(), 'moving-'));
  const log = join(runtime, 'lines');
  const arrived = new Map<number, (talk: Talk) => void>();
  // By the client's own port towards the proxy nothing is known here: the client says its number first.
  const upstream = await startUpstream((socket) => {
    const talk = new Talk(socket, (number) => arrived.get(number)?.(talk));
  });
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0, reusePort: true });
  const { port } = bound.address() as net.AddressInfo;
  const settings = testSettings({
    runtime,
    relay: 'native',
    listeners: [{ name: 'first', host: '127.0.0.1', port, doors: ['connect', 'sni'], backlog: 512, proxyProtocolTrust: null }],
    policy: { sni: 'off', alpn: 'off', address: 'enforce', allowMissingSni: false, revoked: 'close' },
    resolve: { servers: [], family: 'ipv4', pins: [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: upstream.port }] }] },
    log: { level: 'info', file: log },
    ...overrides,
  });
  writeFileSync(log, '');
  createLedger(ledgerFile(runtime), GENERATIONS);
  const carriers: TestCarrier[] = [];
  t.after(async () => {
    for (const { child } of carriers) child.kill('SIGKILL');
    await Promise.all(carriers.map(({ ended }) => ended));
    await upstream.close();
    bound.close();
    rmSync(runtime, { recursive: true, force: true });
  });
  let numbers = 0;
  return {
    port,
    runtime,
    carrier: async (generation) => {
      // As the supervisor leaves them for each generation.
      writeFileSync(settingsFile(runtime, generation), JSON.stringify(settings));
      const carrier = await startCarrier(runtime, generation, bound.fd());
      carriers.push(carrier);
      return carrier;
    },
    open: async (door) => {
      numbers += 1;
      const number = numbers;
      const far = new Promise<Talk>((resolve) => arrived.set(number, resolve));
      const socket = await established(port, door);
      const client = new Talk(socket);
      client.start(number);
      return { door, client, upstream: await far };
    },
    lines: () => wholeLines(readFileSync(log, 'utf8')).map((line) => JSON.parse(line) as Line),
    ledger: () => readRows(ledgerFile(runtime)).map(({ tunnels }) => tunnels),
  };
}

async function startCarrier(runtime: string, generation: number, fd: number): Promise<TestCarrier> {
  const place = { runtime, slot: SLOT, generation, row: generation % GENERATIONS, isRising: false };
  const child = spawnCarrier(launchOf('', ENTRY), place, [fd]);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message) => (message as { type: string }).type === 'ready' && resolve());
    child.once('exit', () => reject(new Error(`the carrier ended: ${said}`)));
  });
  const path = carrierSocket(runtime, generation, SLOT);
  const ask = (at: string, method = 'GET'): Promise<{ status: number; body: unknown }> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: path, path: at, method, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  const status = async (): Promise<CarrierStatus> => (await ask('/status')).body as CarrierStatus;
  // The test's own time limit ends what is never so.
  const untilStatus = async (isSo: (status: CarrierStatus) => boolean): Promise<CarrierStatus> => {
    for (;;) {
      const now = await status();
      if (isSo(now)) return now;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return {
    generation,
    child,
    ended,
    ask,
    status,
    until: untilStatus,
    move: async (to) => {
      const view = (await ask(`/move?to=${to}`, 'POST')).body as MoveView;
      return view.isOver ? view : ((await untilStatus(({ move }) => move?.isOver === true)).move ?? view);
    },
    stop: (deadlineMs) => void child.send({ type: 'stop', deadlineMs }),
  };
}

async function established(port: number, door: 'connect' | 'sni'): Promise<net.Socket> {
  if (door === 'sni') return begun(port, HELLO);
  const { socket, answer } = await unlessBusy(
    () => asked(port),
    ({ answer: whole }) => whole.split('\r\n', 1)[0] ?? '',
  );
  if (answer !== 'HTTP/1.1 200 Connection established\r\n\r\n') throw new Error(answer);
  socket.pause();
  return socket;
}

async function asked(port: number): Promise<{ readonly socket: net.Socket; readonly answer: string }> {
  const socket = begun(port, `CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`);
  const answer = await new Promise<string>((resolve) => {
    socket.once('data', (data: Buffer) => resolve(data.toString('latin1')));
    socket.once('close', () => resolve('closed'));
  });
  return { socket, answer };
}

function begun(port: number, first: string | Buffer): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write(first);
  return socket;
}

/** Waits until every tunnel has moved on by so many bytes in both directions. */
export async function allTalk(tunnels: readonly TestTunnel[], bytes = 1): Promise<void> {
  const marks = tunnels.map(({ client, upstream }) => ({ client, upstream, down: client.seen + bytes, up: upstream.seen + bytes }));
  const silent = (): number => marks.filter(({ client, upstream, down, up }) => client.seen < down || upstream.seen < up).length;
  await until(
    () => silent() === 0,
    'every tunnel to talk',
    () => `${silent()} of ${tunnels.length} are silent`,
  );
}

/** Ends every tunnel from its client's side, and gives what each lost: bytes sent and not seen, and bytes that were others than those sent. */
export async function finishAll(tunnels: readonly TestTunnel[]): Promise<{ lost: number; wrong: number; bytes: number }> {
  for (const { client, upstream } of tunnels) {
    client.finish();
    upstream.finish();
  }
  await until(() => tunnels.every(({ client, upstream }) => client.isOver && upstream.isOver), 'every tunnel to end');
  let [lost, wrong, bytes] = [0, 0, 0];
  for (const { client, upstream } of tunnels) {
    lost += client.sent - upstream.seen + (upstream.sent - client.seen);
    wrong += client.wrong + upstream.wrong;
    bytes += client.sent + upstream.sent;
  }
  return { lost, wrong, bytes };
}
