// The sandbox's stand-in of AWS IoT as the far end: it judges TLS, SigV4 and policies as AWS does, and is far slower than our own. Started as
// a process; only its words and files are used.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../agent/clock.ts';
import { Agent } from '../../agent/session.ts';
import { presignMqttPath } from '../../agent/sigv4.ts';
import { untilStopped } from './until-stopped.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'sandbox', 'aws-iot', 'main.ts');
const HOST = '127.0.0.1';

/** What the stand-in says of itself. */
export interface SandboxPlace {
  readonly data: { readonly host: string; readonly wssPort: number };
  readonly credentials: { readonly host: string; readonly port: number };
  readonly files: {
    readonly ca: string;
    readonly deviceCertificate: string;
    readonly deviceKey: string;
    readonly proxyCertificate: string;
    readonly proxyKey: string;
  };
  readonly region: string;
  readonly thing: string;
  readonly roleAlias: string;
}

export interface Sandbox {
  readonly place: SandboxPlace;
  readonly started: Started;
}

export async function startSandbox(folder: string, processes: Processes, stop: AbortSignal): Promise<Sandbox> {
  const logFile = join(folder, 'aws-iot.log');
  const started = processes.start({
    name: 'the stand-in of AWS IoT',
    command: [process.execPath, PROGRAM, join(folder, 'aws-iot')],
    logFile,
    isSpokenTo: true,
  });
  const { stdout } = started.child;
  const first = new Promise<string>((resolve) => stdout && createInterface({ input: stdout }).once('line', resolve));
  const said = Promise.race([
    first.then((line) => JSON.parse(line) as SandboxPlace),
    started.ended.then((ended) => {
      throw new Error(`the stand-in of AWS IoT ${wordsOf(ended)}`);
    }),
  ]);
  const place = await untilStopped(said, stop);
  return { place, started };
}

/** Where the node dials instead of asking DNS. */
export function endpointOf({ data, credentials, files }: SandboxPlace): {
  readonly data: string;
  readonly to: readonly string[];
  readonly credentials: { readonly host: string; readonly to: string };
  readonly ca: string;
} {
  return {
    data: data.host,
    to: [`${HOST}:${data.wssPort}`],
    credentials: { host: credentials.host, to: `${HOST}:${credentials.port}` },
    ca: files.ca,
  };
}

/** The URL that every agent of the run opens: credentials fetched through the proxy with the device's certificate, as a real agent does, and signed. */
export async function signedUrl(
  { data, credentials, files, region, thing, roleAlias }: SandboxPlace,
  proxy: { host: string; port: number },
): Promise<string> {
  const [ca, cert, key] = await Promise.all([files.ca, files.deviceCertificate, files.deviceKey].map((file) => readFile(file, 'utf8')));
  const agent = new Agent(
    {
      door: 'connect',
      proxies: [{ isTls: false, host: proxy.host, port: proxy.port, authorization: null }],
      proxyTls: { ca, cert: undefined, key: undefined },
      gateway: null,
      endpoint: data.host,
      port: 443,
      ...{ ca, cert: cert ?? '', key: key ?? '' },
      clientId: thing,
      keepAliveSeconds: 60,
      role: { credentialsEndpoint: credentials.host, roleAlias, thing, region },
    },
    { clock: systemClock, lookup: (host) => Promise.resolve([host]), random: Math.random },
  );
  const path = await presignMqttPath({ host: data.host, region, credentials: await agent.credentials(), atMs: systemClock.nowMs() });
  // Without the port, which Go would put into Host, and the signature is for the name alone.
  return `wss://${data.host}${path}`;
}
