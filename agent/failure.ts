// What can go wrong between the device and AWS IoT: which leg of the way failed, who can mend it, and when to come back.

/** The legs in the order in which a connection walks them. */
export const LEGS = [
  'settings',
  'proxy-name',
  'proxy-tcp',
  'proxy-tls',
  'proxy-answer',
  'endpoint-tls',
  'credentials',
  'upgrade',
  'mqtt',
] as const;
export type Leg = (typeof LEGS)[number];

const LEG_NAMES: Readonly<Record<Leg, string>> = {
  settings: 'settings of this agent',
  'proxy-name': "finding the proxy's address (DNS)",
  'proxy-tcp': 'TCP connection to the proxy',
  'proxy-tls': 'TLS with the proxy',
  'proxy-answer': "the proxy's answer",
  'endpoint-tls': 'TLS with AWS IoT, through the proxy',
  credentials: "AWS IoT's credential provider",
  upgrade: "AWS IoT's answer to the WebSocket upgrade",
  mqtt: 'MQTT with AWS IoT',
};

export type Fixer = 'device' | 'site' | 'operator' | 'account';

const FIXER_NAMES: Readonly<Record<Fixer, string>> = {
  device: 'whoever configures this device',
  site: "the site's network team",
  operator: 'the operator of the proxy',
  account: 'the owner of the AWS account',
};

export interface FailureFacts {
  readonly leg: Leg;
  /** Short and stable, for programs: a reason of the proxy, an errno, a TLS code or `HTTP_403`. */
  readonly code: string;
  readonly fixer: Fixer;
  /** What was tried, on what, and what came of it. */
  readonly detail: string;
  /** The next step for the fixer. */
  readonly hint?: string | undefined;
  readonly status?: number | undefined;
  /** The proxy's id of this connection, which its operator can look up. */
  readonly request?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The proxy address over which it happened. */
  readonly via?: string | undefined;
}

/** Answers of the far side: no other address of the proxy can change them. */
const PAST_THE_PROXY: ReadonlySet<Leg> = new Set<Leg>(['settings', 'credentials', 'upgrade', 'mqtt']);

export class AgentFailure extends Error {
  override readonly name = 'AgentFailure';
  readonly facts: FailureFacts;
  /** What each address of the proxy gave, where more than one was tried. */
  readonly others: readonly AgentFailure[];

  constructor(facts: FailureFacts, options?: ErrorOptions & { others?: readonly AgentFailure[] }) {
    super(`${facts.leg}: ${facts.code}: ${facts.detail}`, options);
    this.facts = facts;
    this.others = options?.others ?? [];
  }

  /** Whether another address of the proxy may do better. */
  get isWorthAnotherAddress(): boolean {
    return !PAST_THE_PROXY.has(this.facts.leg);
  }

  /** A session that was up ended between this device and AWS, and not by AWS's word: over another address it may go on. */
  get isLostOnTheWay(): boolean {
    return this.facts.leg === 'mqtt' && this.facts.fixer === 'site';
  }

  /** For people: which leg, what happened, who must fix it. */
  explain(): string {
    const { leg, code, detail, request, via, fixer, hint } = this.facts;
    const where = [via && `via ${via}`, request && `request ${request}`].filter(Boolean).join(', ');
    const lines = [
      `failed at: ${LEG_NAMES[leg]}${where ? ` (${where})` : ''}`,
      `what:      ${code}: ${detail}`,
      `who:       ${FIXER_NAMES[fixer]}${hint ? `: ${hint}` : ''}`,
    ];
    for (const other of this.others)
      lines.push(`also:      ${other.facts.via ?? other.facts.leg}: ${other.facts.code}: ${other.facts.detail}`);
    return lines.join('\n');
  }

  toJSON(): FailureFacts & { others?: readonly FailureFacts[] } {
    return this.others.length === 0 ? this.facts : { ...this.facts, others: this.others.map((other) => other.facts) };
  }
}

/** The same failure with the address over which it happened. */
export function withVia(failure: AgentFailure, via: string): AgentFailure {
  return failure.facts.via ? failure : new AgentFailure({ ...failure.facts, via }, { cause: failure.cause });
}

/** One failure for all addresses: the one that came furthest speaks, the longest wish to be left alone counts. */
export function joinFailures(failures: readonly [AgentFailure, ...AgentFailure[]]): AgentFailure {
  const progress = (failure: AgentFailure): number => LEGS.indexOf(failure.facts.leg);
  const furthest = failures.reduce((best, next) => (progress(next) > progress(best) ? next : best));
  if (failures.length === 1) return furthest;
  const retryAfterMs = Math.max(0, ...failures.map((failure) => failure.facts.retryAfterMs ?? 0)) || undefined;
  const others = failures.filter((failure) => failure !== furthest);
  return new AgentFailure({ ...furthest.facts, retryAfterMs }, { cause: furthest, others });
}

/** An unknown throw on a leg becomes a failure of that leg; a failure stays what it is. */
export function asFailure(thrown: unknown, facts: FailureFacts): AgentFailure {
  return thrown instanceof AgentFailure ? thrown : new AgentFailure(facts, { cause: thrown });
}

/** An errno, a TLS code, or the words of the error. */
export function codeOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return thrown instanceof Error ? thrown.name : 'ERROR';
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
