// The health checks of the account: made, changed and deleted by the API's rules. What the checkers found is kept elsewhere.

import { isIPv4, isIPv6 } from 'node:net';
import { ApiError } from './api/api-error.ts';
import { CHECKS_MAX, REFERENCE_CHARACTERS_MAX, REGIONS } from './limits.ts';

export const CHECK_TYPES = ['HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP'] as const;
export type CheckType = (typeof CHECK_TYPES)[number];

export interface CheckConfig {
  readonly type: CheckType;
  readonly address: string;
  readonly port: number;
  readonly path?: string | undefined;
  readonly search?: string | undefined;
  /** Host header and server name. */
  readonly host?: string | undefined;
  readonly intervalS: number;
  readonly threshold: number;
  readonly inverted: boolean;
  readonly disabled: boolean;
  readonly enableSni?: boolean | undefined;
  readonly measureLatency: boolean;
  /** Empty: all of them. */
  readonly regions: readonly string[];
}

export interface HealthCheck {
  readonly id: string;
  readonly callerReference: string;
  readonly version: number;
  readonly config: CheckConfig;
  readonly tags: ReadonlyMap<string, string>;
}

/** What UpdateHealthCheck may change. */
export type CheckUpdate = Partial<Omit<CheckConfig, 'type' | 'intervalS' | 'measureLatency'>>;

export class HealthCheckBook {
  readonly #newId: () => string;
  readonly #checks = new Map<string, HealthCheck>();
  /** References of deleted checks too: they are never given out again. */
  readonly #references = new Map<string, string>();
  readonly #listeners = new Set<() => void>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Called after every change. */
  onChange(heard: () => void): void {
    this.#listeners.add(heard);
  }

  /** In the order of their ids, which is that of the API's pages. */
  all(): readonly HealthCheck[] {
    return [...this.#checks.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  has(id: string): boolean {
    return this.#checks.has(id);
  }

  find(id: string): HealthCheck {
    const check = this.#checks.get(id);
    if (check === undefined) throw new ApiError('NoSuchHealthCheck', `A health check with id ${id} does not exist.`);
    return check;
  }

  /** The same reference with the same settings gives the check that is there (API, CreateHealthCheck). */
  create(callerReference: string, config: CheckConfig): { readonly check: HealthCheck; readonly isNew: boolean } {
    if (callerReference === '' || callerReference.length > REFERENCE_CHARACTERS_MAX)
      throw new ApiError('InvalidInput', `CallerReference has 1 to ${REFERENCE_CHARACTERS_MAX} characters`);
    judge(config);
    const known = this.#references.get(callerReference);
    const existing = known === undefined ? undefined : this.#checks.get(known);
    if (existing !== undefined && JSON.stringify(existing.config) === JSON.stringify(config)) return { check: existing, isNew: false };
    if (known !== undefined)
      throw new ApiError(
        'HealthCheckAlreadyExists',
        'A health check with the same caller reference but different settings, or a deleted one, exists.',
      );
    if (this.#checks.size >= CHECKS_MAX)
      throw new ApiError('TooManyHealthChecks', `The account has its ${CHECKS_MAX} health checks already.`);
    const id = this.#newId();
    this.#references.set(callerReference, id);
    return { check: this.#put({ id, callerReference, version: 1, config, tags: new Map() }), isNew: true };
  }

  update(id: string, version: number | undefined, change: CheckUpdate): HealthCheck {
    const check = this.find(id);
    if (version !== undefined && version !== check.version)
      throw new ApiError('HealthCheckVersionMismatch', `The health check has version ${check.version}, not ${version}.`);
    const config = { ...check.config, ...change };
    judge(config);
    return this.#put({ ...check, config, version: check.version + 1 });
  }

  delete(id: string): void {
    this.find(id);
    this.#checks.delete(id);
    for (const heard of this.#listeners) heard();
  }

  tag(id: string, add: ReadonlyMap<string, string>, remove: readonly string[]): void {
    const check = this.find(id);
    const tags = new Map([...check.tags, ...add]);
    for (const key of remove) tags.delete(key);
    this.#put({ ...check, tags });
  }

  #put(check: HealthCheck): HealthCheck {
    this.#checks.set(check.id, check);
    for (const heard of this.#listeners) heard();
    return check;
  }
}

function judge(config: CheckConfig): void {
  const { type, address, port, path, search, host, intervalS, threshold, regions } = config;
  const refuse = (message: string): never => {
    throw new ApiError('InvalidInput', message);
  };
  if (!isIPv4(address) && !isIPv6(address)) refuse('Invalid parameter : IPAddress is needed here, and is not an address');
  if (!(port >= 1 && port <= 65_535)) refuse('Invalid parameter : Port must be from 1 to 65535');
  if (intervalS !== 10 && intervalS !== 30) refuse('Invalid parameter : RequestInterval must be 10 or 30');
  if (!(threshold >= 1 && threshold <= 10)) refuse('Invalid parameter : FailureThreshold must be from 1 to 10');
  if (type.endsWith('STR_MATCH') !== (search !== undefined))
    refuse('Invalid parameter : SearchString goes with a type of STR_MATCH, and only with that');
  if (type === 'TCP' && (path !== undefined || host !== undefined))
    refuse('Invalid parameter : a TCP check has no ResourcePath and no FullyQualifiedDomainName');
  if ((path ?? '').length > 255 || (search ?? '').length > 255) refuse('Invalid parameter : at most 255 characters');
  if (path !== undefined && !path.startsWith('/')) refuse('Invalid parameter : ResourcePath begins with /');
  const known: readonly string[] = REGIONS;
  if (regions.length > 0 && (regions.length < 3 || regions.some((region) => !known.includes(region))))
    refuse('Invalid parameter : Regions are at least three of those where checkers are');
}
