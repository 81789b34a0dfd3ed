// What the admin API answers: the one table of its routes. The handlers, the check of what comes in, schema/admin.openapi.json and the table of
// docs/admin.md are made of it, and held to it by tests.

import { DRAIN_ACTIONS } from '../../core/drain.ts';
import { REASONS } from '../../core/fault.ts';
import { DOORS } from '../../core/settings.ts';
import type { Field } from './field.ts';
import { TOP_GROUPS, TOP_SORTS, TUNNEL_SORTS } from './tunnel-book.ts';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** `{name}` is one part of the path, and a field of `input`. */
  readonly path: string;
  readonly summary: string;
  /** Of a GET behind the `?`, of a POST in its body; what is in `path` is there. */
  readonly input: Readonly<Record<string, Field>>;
  /** What a 200 says, field by field; a text is what it is instead. */
  readonly answer: Readonly<Record<string, string>> | string;
}

/** As core/session: 100 random bits in base32. */
const ID = { kind: 'text', pattern: '^[A-Z2-7]{20}$', max: 20 } as const;
const TENANT = { kind: 'text', max: 128 } as const;
export const TUNNEL_ROWS_MAX = 500;

export const ROUTES = {
  status: {
    method: 'GET',
    path: '/status',
    summary: 'How the node is: readiness with reasons, carriers, generations, limits in use, refusals since the start',
    input: {},
    answer: 'what `./pinhole status --json` prints',
  },
  history: {
    method: 'GET',
    path: '/history',
    summary: 'Open tunnels and opens per second, a point for each of the last 900 seconds, for every fourth while control rested',
    input: {},
    answer: { points: 'oldest first: `atMs` (milliseconds since the epoch), `tunnels`, `opensPerSecond`' },
  },
  tunnels: {
    method: 'GET',
    path: '/tunnels',
    summary: 'Open tunnels, searched, sorted and by the page',
    input: {
      search: { kind: 'text', max: 200, description: 'part of an id, client, target, tenant or upstream; case does not matter' },
      tenant: { ...TENANT, description: 'of this tenant alone; empty for those of none' },
      door: { kind: 'choice', values: DOORS, description: 'that came by this door' },
      endpoint: { kind: 'text', max: 128, description: 'to this entry under `endpoints`' },
      sort: { kind: 'choice', values: TUNNEL_SORTS, default: 'age', description: 'by what they are sorted; `rate` is bytes a second' },
      order: { kind: 'choice', values: ['desc', 'asc'], default: 'desc', description: 'largest or smallest first' },
      offset: { kind: 'whole', min: 0, max: 1_000_000, default: 0, description: 'so many are left out before the first row' },
      limit: { kind: 'whole', min: 1, max: TUNNEL_ROWS_MAX, default: 50, description: 'rows at most' },
    },
    answer: {
      atMs: 'when they were looked at, milliseconds since the epoch: a second ago or less, on a node with many tunnels some seconds',
      tunnels: 'open on the node',
      matching: 'of those, let through by the filter',
      offset: 'as asked for',
      silent: '`GENERATION/SLOT` of carriers that did not answer',
      isPartial: 'there were too many to look at all of them',
      rows: 'the tunnels, as `./pinhole tunnels --json` prints them, each with `rate` (null until it was seen twice)',
    },
  },
  tunnel: {
    method: 'GET',
    path: '/tunnels/{id}',
    summary: 'One tunnel whole: its row, and what its record says so far',
    input: { id: { ...ID, in: 'path', required: true, description: 'its id, as in records and in `Pinhole-Request`' } },
    answer: { tunnel: 'its row, `generation`, `carrier`, and `record` with the fields of docs/records.md' },
  },
  top: {
    method: 'GET',
    path: '/top',
    summary: 'Who has most: open tunnels summed up by tenant, target, source, endpoint or door',
    input: {
      by: { kind: 'choice', values: TOP_GROUPS, default: 'tenant', description: 'by what they are summed up' },
      sort: { kind: 'choice', values: TOP_SORTS, default: 'tunnels', description: 'the most of what comes first' },
      limit: { kind: 'whole', min: 1, max: 200, default: 20, description: 'rows at most' },
    },
    answer: {
      atMs: 'as of /tunnels',
      tunnels: 'open on the node',
      silent: 'as of /tunnels',
      isPartial: 'as of /tunnels',
      groups: 'how many there are',
      rows: '`name`, `tunnels`, `bytes` since they were opened, `rate` in bytes a second',
    },
  },
  decisions: {
    method: 'GET',
    path: '/decisions',
    summary: 'The last decisions with their reasons, also those that have no line in the log; each carrier keeps 256, and control 1,000',
    input: {
      reason: { kind: 'choice', values: Object.keys(REASONS), description: 'with this reason alone' },
      tenant: { ...TENANT, description: 'of this tenant alone; empty for those of none' },
      allow: { kind: 'flag', description: 'allowed, or refused' },
      limit: { kind: 'whole', min: 1, max: 1_000, default: 100, description: 'rows at most' },
    },
    answer: { rows: 'youngest first; the words are those of docs/records.md, as `atMs`, `client`, `target`, `wouldDeny`' },
  },
  refusals: {
    method: 'GET',
    path: '/refusals',
    summary: 'Refusals by reason and tenant, since the start and in the last minutes',
    input: { limit: { kind: 'whole', min: 1, max: 500, default: 50, description: 'rows at most' } },
    answer: {
      total: 'since the node began',
      recent: 'in the last `recentMs`',
      recentMs: 'up to five minutes, from when somebody began to ask',
      pairs: 'of a reason and a tenant',
      rows: '`reason`, `blame`, `message`, `tenant`, `count`, `recent`; most recent ones first',
    },
  },
  events: {
    method: 'GET',
    path: '/events',
    summary: 'News as server-sent events: `second` (a point of /history), `decisions` (rows of /decisions, and how many were missed)',
    input: {},
    answer: 'text/event-stream; a reader that does not keep up misses events, and is told how many',
  },
  explain: {
    method: 'GET',
    path: '/explain',
    summary: 'What would be decided for a connection by what is in force, step by step; asks no DNS',
    input: {
      door: { kind: 'choice', values: DOORS, required: true, description: 'the door' },
      host: { kind: 'text', max: 300, required: true, description: 'the name asked for' },
      port: { kind: 'whole', min: 1, max: 65_535, required: true, description: 'the port asked for' },
      tenant: { ...TENANT, description: 'who asks, with the right token or certificate; a stranger unless given' },
      from: { kind: 'text', max: 64, description: 'an IP address where it comes from' },
      sni: { kind: 'text', max: 300, description: 'server name in the ClientHello; empty for none; the right one unless given' },
      alpn: { kind: 'text', max: 300, description: 'protocols it offers, joined by commas' },
      address: { kind: 'text', max: 64, description: 'an IP address that DNS may give for the endpoint' },
    },
    answer: {
      allow: 'whether it would be let through',
      reason: 'the code; null where no door of ours would answer',
      wouldDeny: 'codes of checks that only report',
      steps: '`stage`, `outcome`, `text`',
    },
  },
  limits: {
    method: 'GET',
    path: '/limits',
    summary: 'What the node may hold, what it holds, and what is left: tunnels, descriptors, ports, memory, event-loop delay',
    input: {},
    answer: {
      limits: 'as configured',
      capacity: 'what binds',
      tunnels: 'open on the node',
      opensPerSecond: 'in the last second',
      pending: 'connections without a request yet',
      headroom: 'shares that are free: `tunnels`, `descriptors`, `ports`, `memory`',
      carriers: 'each with `eventLoopDelayS`, `descriptorsFree`, `resolver` and what it is `shedding` for',
    },
  },
  configuration: {
    method: 'GET',
    path: '/configuration',
    summary: 'The configuration as it is in force; of keys, tokens and certificates only whether they are there',
    input: { tenant: { ...TENANT, description: 'this tenant alone under `tenants.shown`; the first hundred unless given' } },
    answer: {
      configuration: 'by the names of the settings',
      file: 'its path, since when it is in force, and what became of the last change',
    },
  },
  generations: {
    method: 'GET',
    path: '/generations',
    summary: 'Generations with their carriers, tunnels and moves',
    input: {},
    answer: { generations: 'the current one first: `generation`, `version`, `state`, `deadlineAtMs`, `carriers`' },
  },
  probe: {
    method: 'GET',
    path: '/probe',
    summary: 'What the probe found, step by step',
    input: {},
    answer: { probe: 'its last verdict; null where it is off, or says nothing' },
  },
  peers: {
    method: 'GET',
    path: '/peers',
    summary: 'The other nodes of `admin.peers`, as they answer',
    input: {},
    answer: { self: 'the name of this node', peers: '`url`, and `status` (what the page shows of it) or `error`' },
  },
  openApi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1',
    input: {},
    answer: 'the same as schema/admin.openapi.json',
  },
  drainView: {
    method: 'GET',
    path: '/drain',
    summary: 'How a drain stands',
    input: {},
    answer: { drain: 'phase, tunnels, rate, `etaMs`; null where the node does not drain' },
  },
  drain: {
    method: 'POST',
    path: '/drain',
    summary: 'Drains the node, or changes how: see docs/drain.md',
    input: {
      do: { kind: 'choice', values: DRAIN_ACTIONS, default: 'start', description: 'what to do' },
      rate: { kind: 'number', min: 0.001, max: 1_000, description: 'tunnels per second, never more than `drain.rate`' },
      why: { kind: 'text', max: 120, description: 'why to go slower, with `slow`' },
    },
    answer: { changed: 'it was not so already', draining: 'whether the node drains now' },
  },
  undrain: {
    method: 'POST',
    path: '/undrain',
    summary: 'Ends a drain',
    input: {},
    answer: { changed: 'it was not so already', draining: 'whether the node drains now' },
  },
  closeTunnel: {
    method: 'POST',
    path: '/tunnels/{id}/close',
    summary: 'Ends one tunnel at once; its record says `ended_by: operator`',
    input: { id: { ...ID, in: 'path', required: true, description: 'its id' } },
    answer: {
      closed: '1 where this ends it, else 0',
      onTheWay: '1 where it was told to end before, or goes over to another generation at this moment (then ask again), else 0',
    },
  },
  closeTenant: {
    method: 'POST',
    path: '/close',
    summary: 'Ends all tunnels of a tenant at once; it may come back',
    input: { tenant: { ...TENANT, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', required: true, description: 'whose' } },
    answer: { closed: 'how many', silent: '`GENERATION/SLOT` of carriers that did not answer' },
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
