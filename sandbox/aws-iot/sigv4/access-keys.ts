/** Access keys: the account's long-lived ones, and the temporary ones that the credential provider has given out. */

import { randomBytes } from 'node:crypto';
import type { Variables } from '../policy/pattern.ts';
import { entryOf, type Registry } from '../registry.ts';

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Absent on a long-lived key. */
  readonly sessionToken?: string;
  readonly expiresAtMs?: number;
  /** Names of IAM policies. */
  readonly policies: readonly string[];
  readonly variables: Variables;
}

/** What was given out stays known past its end, so that its use is answered with "expired", not "unknown". */
const KEYS_MAX = 10_000;

/** Real tokens are 300 to 1,200 characters of base64, `+`, `/` and `=` included: those must survive a query string. */
const TOKEN_BYTES = 420;

export class AccessKeys {
  readonly #issued = new Map<string, SigningKey & { readonly sessionToken: string; readonly expiresAtMs: number }>();
  readonly #registry: Registry;
  readonly #now: () => number;

  constructor(registry: Registry, now: () => number) {
    this.#registry = registry;
    this.#now = now;
  }

  issue(input: { policies: readonly string[]; variables: Variables; durationSeconds: number }) {
    const key = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(TOKEN_BYTES).toString('base64'),
      expiresAtMs: this.#now() + input.durationSeconds * 1_000,
      policies: input.policies,
      variables: input.variables,
    };
    this.#issued.set(key.accessKeyId, key);
    const oldest = this.#issued.keys().next();
    if (this.#issued.size > KEYS_MAX && !oldest.done) this.#issued.delete(oldest.value);
    return key;
  }

  find(accessKeyId: string): SigningKey | undefined {
    const longLived = entryOf(this.#registry.accessKeys, accessKeyId);
    if (longLived) return { accessKeyId, ...longLived, variables: {} };
    return this.#issued.get(accessKeyId);
  }
}
