// A configuration file's text to Settings, or to every problem in it. Opens nothing: files it names come through `readFile`, the
// environment and the machine by argument.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { GatewaySettings, ListenerSettings, ResolvePin, Settings } from '../core/settings.ts';
import { type Published, readAddresses, warnOfOtherNode } from './addresses.ts';
import { autoCarriers, type Machine, tunnelsPerCarrier } from './capacity.ts';
import { type OurTls, readTls, warnOfUncoveredNames } from './certificate.ts';
import { type ConfigDocument, type Environment, readDocument } from './document.ts';
import { draftOf } from './draft.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { Files } from './files.ts';
import { readGateways } from './gateways.ts';
import { problemsOf } from './issues.ts';
import { readListeners, refuseOpenAdmin } from './listeners.ts';
import { refuseSharedNames } from './names.ts';
import { readPins } from './pins.ts';
import { inOrder, type Problem, Report } from './problem.ts';
import { type Config, configSchema } from './schema.ts';
import { warnOfSettings } from './warnings.ts';

export type { Machine } from './capacity.ts';
export { type Problem, renderProblem } from './problem.ts';

export type Loaded = { readonly settings: Settings; readonly warnings: Problem[] } | { readonly problems: Problem[] };

/** `file` is the path of the text: paths in it are relative to its folder. `nowMs` judges the certificate's dates. */
export function loadConfig(
  text: string,
  file: string,
  env: Environment,
  readFile: (path: string) => string,
  machine: Machine,
  nowMs: number = systemClock.wallMs(),
): Loaded {
  const document = readDocument(text, env);
  const root = rootProblem(document);
  if (root !== null) return { problems: inOrder([...document.problems, root]) };

  const parsed = configSchema.safeParse(document.value);
  const found = parsed.success ? [] : problemsOf(parsed.error.issues, document.value, document);
  const { brokenFrom } = document;
  if (brokenFrom !== null) {
    // Behind a broken line anything may have been misread, a key that seems to be missing included.
    const sure = found.filter((problem) => problem.line < brokenFrom && !problem.isMissing);
    return { problems: inOrder(withoutRepeats(document.problems, sure)) };
  }

  const report = new Report(document);
  const files = new Files(file, readFile, report);
  const parts = readParts(document.value, files, report, nowMs);
  if (parts.published) warnOfOtherNode(parts.published.list, parsed.data?.node.publicAddresses ?? [], report);
  const token = readToken(parsed.data?.admin.token, files, report);
  const problems = withoutRepeats(document.problems, [...found, ...report.problems]);
  if (!parsed.success || problems.length > 0) return { problems: inOrder(problems) };

  const settings = settingsOf(parsed.data, parts, { runtime: runtimeOf(parsed.data, files, env, machine), token, machine, files });
  if (tunnelsPerCarrier(machine) === 0) {
    report.problem(['limits', 'tunnels'], `${machine.nofile} descriptors for a process are too few for a single tunnel: raise LimitNOFILE`);
    return { problems: inOrder(report.problems) };
  }
  warnOfSettings(settings, machine, report);
  return { settings, warnings: inOrder(report.warnings) };
}

function rootProblem(document: ConfigDocument): Problem | null {
  const { value } = document;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return null;
  const message = value === undefined || value === null ? 'the file is empty' : 'expected a map of keys, such as listen: and endpoints:';
  return { line: 1, column: 1, path: '', message };
}

interface Parts {
  readonly listeners: readonly ListenerSettings[];
  readonly tls: OurTls | null;
  readonly endpoints: Endpoints;
  readonly gateways: readonly GatewaySettings[];
  readonly pins: readonly ResolvePin[];
  readonly published: Published | null;
}

/** Everything that takes more than one key to judge. */
function readParts(value: unknown, files: Files, report: Report, nowMs: number): Parts {
  const draft = draftOf(value);
  const tls = draft.tls ? readTls(draft.tls, files, report, nowMs) : null;
  const endpoints = readEndpoints(draft, files, report);
  refuseSharedNames(draft, endpoints.hosts, tls, report);
  refuseOpenAdmin(draft, report);
  const published = draft.addresses === undefined ? null : readAddresses(draft.addresses, files, report, nowMs);
  if (tls !== null) {
    const written = (draft.tls?.entry.names ?? []).map((name, index) => ({ name, at: ['tls', 'names', index] }));
    const gateways = draft.gateway.flatMap(({ entry: { name } }, index) =>
      name === undefined ? [] : [{ name, at: ['gateway', index, 'name'] }],
    );
    const dialled = published === null ? [] : [{ name: published.list.proxy.host, at: ['addresses'] }];
    warnOfUncoveredNames(tls, [...written, ...gateways, ...dialled], report);
  }
  return {
    listeners: readListeners(draft, report),
    tls,
    endpoints,
    gateways: readGateways(draft, endpoints, report),
    pins: readPins(draft, endpoints, report),
    published,
  };
}

function readToken(secret: string | undefined, files: Files, report: Report): string | null {
  if (secret === undefined) return null;
  if (!secret.startsWith('file:')) return secret;
  const text = files.read(secret.slice('file:'.length), ['admin', 'token']);
  if (text === null) return null;
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  report.problem(['admin', 'token'], 'the file holds no token: expected visible ASCII without spaces');
  return null;
}

/** systemd gives a list where a unit has several folders; the first is ours. */
function runtimeOf(config: Config, files: Files, env: Environment, machine: Machine): string {
  if (config.runtime !== undefined) return files.resolve(config.runtime);
  const [fromSystemd = ''] = (env['RUNTIME_DIRECTORY'] ?? '').split(':');
  if (fromSystemd !== '') return fromSystemd;
  const xdg = env['XDG_RUNTIME_DIR'] ?? '';
  return xdg === '' ? `/tmp/pinhole-${machine.uid}` : join(xdg, 'pinhole');
}

function settingsOf(
  config: Config,
  parts: Parts,
  found: { readonly runtime: string; readonly token: string | null; readonly machine: Machine; readonly files: Files },
): Settings {
  const { limits, timeouts, health, admin, log } = config;
  const carriers = config.carriers === 'auto' ? autoCarriers(limits.tunnels, found.machine) : config.carriers;
  const settings = {
    node: config.node,
    runtime: found.runtime,
    listeners: parts.listeners,
    tls: parts.tls?.settings ?? null,
    hosts: parts.endpoints.hosts.map(({ listed }) => listed),
    gateways: parts.gateways,
    policy: config.policy,
    resolve: { servers: config.resolve.servers, family: config.resolve.family, pins: parts.pins },
    limits: {
      tunnels: limits.tunnels,
      opensPerSecond: limits.opensPerSecond,
      idleMs: limits.idle,
      maxAgeMs: limits.maxAge,
      perTunnelBufferBytes: limits.perTunnelBuffer,
      pending: limits.pending,
      perSource: limits.perSource,
    },
    timeouts: {
      headMs: timeouts.head,
      helloMs: timeouts.hello,
      handshakeMs: timeouts.handshake,
      answerMs: timeouts.answer,
      upgradeMs: timeouts.upgrade,
      halfClosedMs: timeouts.halfClosed,
      proxyHeaderMs: timeouts.proxyHeader,
    },
    drain: { stopMs: config.drain.stop },
    carriers,
    relay: config.relay,
    health: { host: health.address.host, port: health.address.port },
    admin: { host: admin.address.host, port: admin.address.port, token: found.token },
    addresses: parts.published?.settings ?? null,
    log: { level: log.level, file: log.file === undefined ? null : found.files.resolve(log.file) },
  };
  const policyVersion = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12);
  return { ...settings, policyVersion };
}

/** What cannot be read has one problem, not another for being empty; and what two steps see is said once. */
function withoutRepeats(early: readonly Problem[], late: readonly Problem[]): Problem[] {
  const unreadable = new Set(early.map(placeOf));
  const said = new Set<string>();
  return [...early, ...late.filter((problem) => !unreadable.has(placeOf(problem)))].filter((problem) => {
    const key = `${placeOf(problem)} ${problem.path} ${problem.message}`;
    const isNew = !said.has(key);
    said.add(key);
    return isNew;
  });
}

function placeOf(problem: Problem): string {
  return `${problem.line}:${problem.column}`;
}
