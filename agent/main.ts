// `./pinhole agent`: the reference agent's command line. The only file of the agent that reads the environment and the files of its flags,
// prints, and catches signals.

import { readFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseKeys, type Published } from './address-list.ts';
import { AddressBook } from './addresses.ts';
import { sleep, systemClock } from './clock.ts';
import type { ProxyTls } from './doors.ts';
import { messageOf } from './failure.ts';
import { keepFresh, ListKeeper, type ListSource } from './list-keeper.ts';
import { fileSource, urlSource } from './list-source.ts';
import { diskStore } from './list-store.ts';
import { loadFiles, type Texts as FileTexts } from './option-files.ts';
import { type AgentOptions, parseOptions, USAGE } from './options.ts';
import type { ProxyUrl } from './proxy-url.ts';
import { type AgentEvent, runAgent } from './run.ts';
import { Agent, type AgentSettings } from './session.ts';
import type { ListPlace, SharedFile } from './shared-options.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args);
  if (parsed.kind === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (parsed.kind === 'problems') return usageError(parsed.problems);

  const { options } = parsed;
  const loaded = loadFiles(options.files, readFile);
  if (!loaded.ok) return usageError(loaded.problems);

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const emit = options.isJson ? printJson : printLine;
  const settings = toSettings(options, loaded.texts);
  const keeper = keeperFor(options, loaded.texts, emit);
  const published = (host: string): Published | null => keeper?.published(host) ?? null;
  const agent = new Agent(settings, { clock: systemClock, random: Math.random, lookup: lookupAll, published });
  if (keeper) await startKeeper(keeper, stop.signal);
  const isDone = await runAgent(agent, options, { clock: systemClock, random: Math.random, emit, stop: stop.signal });
  return isDone ? 0 : EXIT_FAILED;
}

/** How long the first session waits for a list, where there is none on disk. */
const FIRST_LIST_MS = 10_000;

/** A list on disk serves the first session at once, and is renewed beside it. */
async function startKeeper(keeper: ListKeeper, stop: AbortSignal): Promise<void> {
  keeper.load();
  const first = new AbortController();
  const fresh = keepFresh(keeper, { clock: systemClock, random: Math.random, stop, asked: () => first.abort() });
  fresh.catch((error: unknown) => console.error(messageOf(error)));
  if (!keeper.hasList()) await sleep(systemClock, FIRST_LIST_MS, AbortSignal.any([first.signal, stop]));
}

function keeperFor(options: AgentOptions, texts: Texts, emit: (event: AgentEvent) => void): ListKeeper | null {
  const { addresses, proxies } = options;
  const [proxy] = proxies;
  const keys = parseKeys(texts['addresses-key'] ?? '');
  if (addresses === null || !proxy || keys === null) return null;
  const keeper: ListKeeper = new ListKeeper({
    keys,
    proxy,
    source: sourceFor(addresses.source, proxy.host, proxyTlsOf(texts), (host) => keeper.published(host)),
    store: diskStore(addresses.cache ?? usualCache(proxy)),
    clock: systemClock,
    emit,
  });
  return keeper;
}

function sourceFor(source: ListPlace, proxyHost: string, proxyTls: ProxyTls, published: (host: string) => Published | null): ListSource {
  if ('file' in source) return fileSource(source.file, readFile);
  const { url } = source;
  const book = new AddressBook([{ ...url, authorization: null }], {
    clock: systemClock,
    random: Math.random,
    lookup: lookupAll,
    published,
  });
  // Elsewhere than at the proxy the public roots count, and this device's certificate is nobody's business.
  const tls = url.host === proxyHost ? proxyTls : { ca: undefined, cert: undefined, key: undefined };
  return urlSource(url, { book, tls, clock: systemClock });
}

function usualCache({ host, port }: ProxyUrl): string {
  const folder = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(folder, 'pinhole', `addresses-${host}-${port}.json`);
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

function usageError(problems: readonly string[]): number {
  for (const problem of problems) console.error(problem);
  console.error('./pinhole agent --help shows all flags');
  return EXIT_USAGE;
}

type Texts = FileTexts<SharedFile>;

function toSettings(options: AgentOptions, texts: Texts): AgentSettings {
  const { roleAlias, credentialsEndpoint, thing, region } = options;
  return {
    door: options.door,
    proxies: options.proxies,
    proxyTls: proxyTlsOf(texts),
    gateway: options.gateway,
    endpoint: options.endpoint,
    port: options.port,
    ca: texts.ca,
    cert: texts.cert ?? '',
    key: texts.key ?? '',
    // AWS policies commonly ask for the thing's name as client id.
    clientId: options.clientId ?? thing ?? `pinhole-agent-${process.pid}`,
    keepAliveSeconds: options.keepAliveSeconds,
    role: roleAlias !== null && credentialsEndpoint !== null && thing !== null ? { roleAlias, credentialsEndpoint, thing, region } : null,
  };
}

function proxyTlsOf(texts: Texts): ProxyTls {
  return { ca: texts['proxy-ca'], cert: texts['proxy-cert'], key: texts['proxy-key'] };
}

async function lookupAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map((found) => found.address);
}

function printJson(event: AgentEvent): void {
  console.log(JSON.stringify({ time: new Date(systemClock.nowMs()).toISOString(), ...event }));
}

function printLine(event: AgentEvent): void {
  const time = new Date(systemClock.nowMs()).toISOString().slice(11, 19);
  switch (event.event) {
    case 'connected':
      return console.log(`${time} connected in ${event.ms} ms${event.via === null ? '' : ` via ${event.via}`}`);
    case 'published':
      return console.log(`${time} published ${event.number} (acknowledged in ${event.ms} ms)`);
    case 'received':
      return console.log(`${time} received ${event.topic}: ${event.payload}`);
    case 'addresses':
      return console.log(`${time} addresses: ${event.outcome}${event.code === null ? '' : ` (${event.code})`}: ${event.detail}`);
    case 'failed':
      return console.error(`${time} ${event.failure.explain().replaceAll('\n', '\n         ')}`);
    case 'moving':
      return console.log(`${time} going on over another address in ${event.ms} ms`);
    case 'waiting':
      return console.log(`${time} coming back in ${(event.ms / 1_000).toFixed(1)} s (failures in a row: ${event.failures})`);
    case 'done':
      return console.log(`${time} done: ${event.published} published, ${event.received} received`);
  }
}

const code = await main(process.argv.slice(2));
// What was said has to be out; nothing that still asks for a list is waited for.
await new Promise<void>((resolve) => process.stdout.once('error', () => resolve()).write('', () => resolve()));
process.exit(code);
