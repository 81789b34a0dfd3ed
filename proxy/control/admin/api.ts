// The routes and what answers them. A question goes: route by path, what was sent by the route's fields, handler.

import type { Clock } from '../../core/clock.ts';
import type { DrainRequest } from '../../core/drain.ts';
import { carrierSocket } from '../../core/runtime-files.ts';
import type { Settings } from '../../core/settings.ts';
import type { SlotView } from '../../core/supervision.ts';
import { QUESTION_FIELDS, readQuestion } from '../../explain/question.ts';
import { askJson, askSupervisor, type Told } from '../ask.ts';
import type { Answer, Change, ChangeHandler, Handler } from '../bounded-server.ts';
import { json, NOT_FOUND } from '../bounded-server.ts';
import { EXPLAIN_PATH, NO_SUCH_TUNNEL, TUNNEL_PATH } from '../carrier-api.ts';
import { closeTenant, closeTunnels } from '../close-orders.ts';
import type { NodeStatus } from '../node-status.ts';
import type { ProbeView } from '../probe-report.ts';
import { SharedLook } from '../shared-look.ts';
import { viewConfiguration } from './configuration-view.ts';
import type { DecisionFeed } from './decision-feed.ts';
import type { EventStream } from './event-stream.ts';
import { type InputOf, readBody, readQuery } from './field.ts';
import { gatherHeadroom } from './headroom.ts';
import type { History } from './history.ts';
import { renderOpenApi } from './open-api.ts';
import type { PageFiles } from './page-files.ts';
import { askPeers } from './peers.ts';
import type { Refusals } from './refusals.ts';
import { type Route, type RouteName, ROUTES } from './routes.ts';
import type { TunnelBook } from './tunnel-book.ts';

const STATUS_FRESH_MS = 500;
const PEERS_FRESH_MS = 2_000;
/** What a new listener is shown of before. */
const FIRST_DECISIONS = 50;
const SUPERVISOR_SILENT: Answer = json(503, { error: 'the supervisor does not answer' });
const CARRIERS_SILENT: Answer = json(503, { error: 'no carrier answers' });

export interface AdminApiDeps {
  readonly runtime: string;
  readonly clock: Clock;
  /** As they are now. */
  readonly settings: () => Settings;
  /** Null where the supervisor does not answer. */
  status(): Promise<NodeStatus | null>;
  /** Null where the node does not drain. */
  drain(): Promise<object | null>;
  /** Null where no carrier answers. */
  order(request: Partial<DrainRequest>): Promise<Told | null>;
  /** Null where it is off, or says nothing. */
  probe(): ProbeView | null;
  readonly book: TunnelBook;
  readonly feed: DecisionFeed;
  readonly history: History;
  readonly refusals: Refusals;
  readonly stream: EventStream;
  readonly page: PageFiles;
}

export interface AdminApi {
  readonly read: Handler;
  readonly change: ChangeHandler;
}

type Handlers = { readonly [Name in RouteName]: (input: InputOf<(typeof ROUTES)[Name]['input']>, by: string) => Promise<Answer> | Answer };

export function createAdminApi(deps: AdminApiDeps): AdminApi {
  const handlers = createHandlers(deps);
  const handle = async (name: RouteName, input: Readonly<Record<string, unknown>>, by: string): Promise<Answer> =>
    // The input was read by this very route's fields.
    handlers[name](input as never, by);
  return {
    async read(question) {
      const file = deps.page(question.path);
      if (file) return file;
      const found = findRoute('GET', question.path);
      if (!found) return NOT_FOUND;
      const input = readQuery(found.route.input, question.query, found.path);
      return input.ok ? handle(found.name, input.value, '') : json(400, { error: input.why });
    },
    async change(change) {
      const found = findRoute('POST', change.path);
      if (!found) return NOT_FOUND;
      if (!change.body.ok) return change.body.answer;
      const input = readBody(found.route.input, change.body.value, found.path);
      return input.ok ? handle(found.name, input.value, actorOf(change)) : json(400, { error: input.why });
    },
  };
}

interface FoundRoute {
  readonly name: RouteName;
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

/** A path that has another method only is no path of this one. */
export function findRoute(method: Route['method'], path: string): FoundRoute | null {
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    const found = route.method === method ? partsOf(route.path, path) : null;
    if (found) return { name, route, path: found };
  }
  return null;
}

/** What stands for each `{name}`; null where the path is another one. */
function partsOf(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== text : text === '') return null;
    if (name !== undefined) parts[name] = text;
  }
  return parts;
}

/** For the log: what somebody says of themselves, and where they are, which they cannot choose. */
function actorOf({ actor, from }: Change): string {
  const who = actor === '' ? 'somebody' : actor;
  return from === null ? `${who} (Unix socket)` : `${who} (admin address, from ${from})`;
}

function createHandlers(deps: AdminApiDeps): Handlers {
  const { runtime, clock, settings, book, feed, history, refusals, stream } = deps;
  const status = new SharedLook(clock, STATUS_FRESH_MS, () => deps.status());
  const peers = new SharedLook(clock, PEERS_FRESH_MS, () => askPeers(settings().admin.peers, settings().admin.token, clock));
  const openApi = json(200, renderOpenApi());
  const order = async (request: Partial<DrainRequest>): Promise<Answer> => {
    const told = await deps.order(request);
    status.forget();
    return told ? json(told.status, told.value) : CARRIERS_SILENT;
  };
  const slots = async (): Promise<readonly SlotView[]> =>
    ((await askSupervisor(runtime, clock))?.slots ?? []).filter(({ pid }) => pid !== null);
  const node = { runtime, clock };
  const socketOf = ({ generation, slot }: SlotView): string => carrierSocket(runtime, generation, slot);

  return {
    async status() {
      const found = await status.get();
      return found ? json(200, found) : SUPERVISOR_SILENT;
    },
    history: () => json(200, { points: history.all() }),
    tunnels: async (query) => json(200, await book.find(query)),
    async tunnel({ id }) {
      const carriers = await slots();
      const answers = await Promise.all(carriers.map((slot) => askJson(socketOf(slot), `${TUNNEL_PATH}?id=${id}`, clock)));
      const at = answers.findIndex((answer) => answer !== null);
      const { generation, slot } = carriers[at] ?? {};
      return at < 0 ? NO_SUCH_TUNNEL : json(200, { tunnel: { ...Object(answers[at]), generation, carrier: slot } });
    },
    top: async ({ by, sort, limit }) => json(200, await book.top(by, sort, limit)),
    decisions: async ({ limit, ...filter }) => json(200, { rows: await feed.recent(filter, limit) }),
    refusals: async ({ limit }) => json(200, await refusals.find(limit)),
    async events() {
      // So that a new one begins with what there was, and hears only what is new.
      await feed.poll();
      if (stream.isFull) return json(503, { error: 'as many listen to the events as may' });
      const point = history.all().at(-1);
      const first = [
        ...(point ? [['second', point] as const] : []),
        ['decisions', { rows: feed.known(FIRST_DECISIONS), missed: 0 }] as const,
      ];
      return { status: 200, body: '', type: 'text/event-stream', stream: (outlet) => stream.join(outlet, first) };
    },
    async explain(input) {
      const textOf = (field: keyof typeof input): string | undefined => (input[field] === null ? undefined : String(input[field]));
      const question = readQuestion(textOf, (field) => field);
      if (typeof question === 'string') return json(400, { error: question });
      const words = QUESTION_FIELDS.flatMap((field) => (textOf(field) === undefined ? [] : [[field, textOf(field) ?? '']]));
      const path = `${EXPLAIN_PATH}?${new URLSearchParams(words).toString()}`;
      for (const slot of await slots()) {
        const explanation = await askJson(socketOf(slot), path, clock);
        if (explanation !== null) return json(200, explanation);
      }
      return CARRIERS_SILENT;
    },
    async limits() {
      const found = await gatherHeadroom(runtime, clock, settings().limits);
      return found ? json(200, found) : SUPERVISOR_SILENT;
    },
    async configuration({ tenant }) {
      const supervisor = await askSupervisor(runtime, clock);
      return json(200, { configuration: viewConfiguration(settings(), tenant), file: supervisor?.configuration ?? null });
    },
    async generations() {
      const found = await status.get();
      if (!found) return SUPERVISOR_SILENT;
      const carriersOf = (generation: number) =>
        found.carriers
          .filter((carrier) => carrier.generation === generation)
          .map(({ slot, state, pid, restarts, status: own }) => ({
            ...{ slot, state, pid, restarts },
            tunnels: own?.tunnels ?? null,
            move: own?.move ?? null,
          }));
      return json(200, { generations: found.generations.map((view) => ({ ...view, carriers: carriersOf(view.generation) })) });
    },
    probe: () => json(200, { probe: deps.probe() }),
    peers: async () => json(200, { self: settings().node.name, peers: await peers.get() }),
    openApi: () => openApi,
    drainView: async () => json(200, { drain: await deps.drain() }),
    drain: (request, by) => order({ ...request, by }),
    undrain: (_, by) => order({ do: 'end', by }),
    async closeTunnel({ id }, by) {
      const told = await closeTunnels(node, [id], by);
      if (told === null) return CARRIERS_SILENT;
      book.closed((row) => told.closed.includes(row.id));
      const { closed, onTheWay, unknown, silent } = told;
      if (unknown.length === 0) return json(200, { closed: closed.length, onTheWay: onTheWay.length });
      return silent.length === 0 ? NO_SUCH_TUNNEL : json(503, { error: `carrier ${silent.join(', ')} does not answer, and may have it` });
    },
    async closeTenant({ tenant }, by) {
      const told = await closeTenant(node, tenant, by);
      if (told === null) return CARRIERS_SILENT;
      book.closed((row) => row.tenant === tenant && !told.silent.includes(`${row.generation}/${row.carrier}`));
      return json(200, told);
    },
  };
}
