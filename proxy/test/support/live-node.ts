// A whole node whose file a test changes while tunnels are open through it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { TestContext } from 'node:test';
import tls from 'node:tls';
import type { ReloadResult } from '../../core/supervision.ts';
import { type LogLine, ready, type ServeProcess } from './fake-serve.ts';
import { pinhole, type Ran, servedNode } from './served-node.ts';
import { unlessBusy } from './unless-busy.ts';

export interface LiveNode {
  readonly folder: string;
  readonly runtime: string;
  readonly file: string;
  readonly serve: ServeProcess;
  readonly port: number;
  /** Replaces text in the file, all of it at once. */
  edit(from: string | RegExp, to: string): void;
  /** `pinhole reload`, as JSON where it gave some. The node may have taken a change by itself already. */
  reload(): Promise<Ran & { readonly result: ReloadResult | null }>;
  /** Edits, reloads, and gives the line of the log that says what was taken, whoever was first. */
  change(from: string | RegExp, to: string, ...more: readonly string[]): Promise<LogLine>;
  /** The lines of sessions so far. */
  records(event: 'decision' | 'close'): LogLine[];
}

export async function liveNode(t: TestContext, lines: readonly string[], prepare: (folder: string) => void = () => {}): Promise<LiveNode> {
  const { folder, runtime, file, serve: start } = servedNode(t, lines);
  prepare(folder);
  const serve = start();
  const port = await ready(serve);
  await serve.line('control-ready');
  const replaced = (text: string, from: string | RegExp, to: string): string => {
    const after = text.replace(from, to);
    assert.notEqual(after, text, `nothing to replace: ${String(from)}`);
    return after;
  };
  const put = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  return {
    folder,
    runtime,
    file,
    serve,
    port,
    edit: (from, to) => put(replaced(readFileSync(file, 'utf8'), from, to)),
    async change(from, to, ...more) {
      const seen = serve.lines.length;
      let text = replaced(readFileSync(file, 'utf8'), from, to);
      for (let at = 0; at < more.length; at += 2) text = replaced(text, more[at] ?? '', more[at + 1] ?? '');
      put(text);
      const { code, stderr, stdout } = await pinhole('reload', '--runtime', runtime);
      assert.equal(code, 0, stdout + stderr);
      return serve.line('configuration-taken', seen);
    },
    async reload() {
      const ran = await pinhole('reload', '--runtime', runtime, '--json');
      return { ...ran, result: ran.stdout === '' ? null : (JSON.parse(ran.stdout) as ReloadResult) };
    },
    records: (event) => serve.lines.filter((line) => line.event === event),
  };
}

/** A tunnel whose far end sends everything back, with a stream of numbers in it. */
export interface Tunnel {
  /** The first line of the answer to CONNECT. */
  readonly answer: string;
  /** Echoes seen, each the next number in turn; -1 where one was not. */
  echoed(): number;
  isOpen(): boolean;
  /** Waits until that many more have come back. */
  goesOn(count?: number): Promise<void>;
  close(): void;
}

const TICK_MS = 5;

type Secure = (plain: net.Socket) => Promise<net.Socket>;

/** `secure` speaks TLS with the proxy first, and gives the socket that is then talked to. */
export async function openTunnel(t: TestContext, port: number, host: string, secure?: Secure): Promise<Tunnel> {
  return talking(t, host, await ask(t, port, host, { secure }));
}

interface Asked {
  readonly socket: net.Socket;
  /** The first line. */
  readonly answer: string;
}

interface Asking {
  readonly secure?: Secure | undefined;
  /** Further lines of the head. */
  readonly fields?: string;
}

/** A CONNECT and its answer; nothing is said in the tunnel. */
export function ask(t: TestContext, port: number, host: string, asking: Asking = {}): Promise<Asked> {
  return unlessBusy(
    () => askOnce(t, port, host, asking),
    ({ answer }) => answer,
  );
}

async function askOnce(t: TestContext, port: number, host: string, { secure, fields = '' }: Asking): Promise<Asked> {
  const plain = net.connect({ port, host: '127.0.0.1' });
  plain.on('error', () => {});
  await once(plain, 'connect');
  const socket = secure ? await secure(plain) : plain;
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n${fields}\r\n`);
  const answer = await new Promise<string>((resolve) => {
    socket.once('data', (data: Buffer) => resolve(data.toString('latin1').split('\r\n', 1)[0] ?? ''));
    socket.once('close', () => resolve('closed'));
  });
  return { socket, answer };
}

function talking(t: TestContext, host: string, { socket, answer }: Asked): Tunnel {
  let sent = 0;
  let echoed = 0;
  let rest = '';
  let isOpen = answer.includes(' 200 ');
  socket.on('data', (data: Buffer) => {
    const parts = (rest + data.toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) echoed = echoed >= 0 && Number(part) === echoed + 1 ? echoed + 1 : -1;
  });
  const closed = (): void => void (isOpen = false);
  socket.on('end', closed);
  socket.on('close', closed);
  const talk = setInterval(() => isOpen && socket.write(`${(sent += 1)}\n`), TICK_MS);
  t.after(() => clearInterval(talk));
  return {
    answer,
    echoed: () => echoed,
    isOpen: () => isOpen,
    async goesOn(count = 10) {
      const goal = echoed + count;
      while (echoed < goal) {
        assert.ok(isOpen && echoed >= 0, `the tunnel to ${host} is ${isOpen ? 'garbled' : 'closed'}`);
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
    },
    close: () => socket.end(),
  };
}

/** TLS with the proxy by this root; gives the certificate that it showed. */
export async function handshake(plain: net.Socket, ca: string, servername: string): Promise<tls.TLSSocket> {
  const socket = tls.connect({ socket: plain, ca, servername });
  await once(socket, 'secureConnect');
  return socket;
}

export async function shownCertificate(port: number, servername: string): Promise<string> {
  // Whose it is is what is asked, not whether it is to be trusted.
  const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
