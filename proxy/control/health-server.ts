// The health address: for load balancers, alarms and people on the machine. Unlike the carriers' public answers these give reasons.

import type { Answer, Handler, Question } from './bounded-server.ts';
import { json, NOT_FOUND } from './bounded-server.ts';
import type { Readying } from './node-status.ts';
import type { ProbeView } from './probe-report.ts';

export interface HealthDeps {
  readonly node: () => string;
  readonly version: string;
  readiness(): Promise<Readying>;
  /** The probe's last word where it is fresh, step by step. */
  probe(): ProbeView | null;
  /** In the form that the Accept header likes best. */
  metrics(accept: string): Promise<{ text: string; type: string }>;
}

export function createHealthHandler(deps: HealthDeps): Handler {
  return async ({ path, accept }: Question): Promise<Answer> => {
    if (path === '/live') return json(200, { live: true, node: deps.node(), version: deps.version });
    if (path === '/ready') {
      const readying = await deps.readiness();
      return json(readying.ready ? 200 : 503, { ...readying, node: deps.node(), version: deps.version, probe: deps.probe() });
    }
    if (path === '/metrics') {
      const { text, type } = await deps.metrics(accept);
      return { status: 200, body: text, type };
    }
    return NOT_FOUND;
  };
}
