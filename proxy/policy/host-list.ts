// The allow list: exact names in a Map. One look-up answers for 1 entry and for 10,001 alike; there is no second, faster path
// that could answer differently (CVE-2026-27588 was a host matcher whose answers changed above 100 entries).

import type { ListedHost } from '../core/settings.ts';
import { parseEndpointName } from './endpoint-name.ts';

export class HostList {
  readonly #byName = new Map<string, ListedHost>();
  /** `anyAccount` entries by their name without the account's prefix. */
  readonly #byForm = new Map<string, ListedHost>();

  constructor(hosts: readonly ListedHost[]) {
    for (const listed of hosts) {
      if (!this.#byName.has(listed.host)) this.#byName.set(listed.host, listed);
      const form = listed.anyAccount ? formOf(listed.host) : null;
      if (form !== null && !this.#byForm.has(form)) this.#byForm.set(form, listed);
    }
  }

  /** The entry that lists this name (lower case), or the `anyAccount` entry of its form; the name asked for stays the target. */
  find(host: string): ListedHost | null {
    const exact = this.#byName.get(host);
    if (exact !== undefined) return exact;
    if (this.#byForm.size === 0) return null;
    const form = formOf(host);
    return form === null ? null : (this.#byForm.get(form) ?? null);
  }
}

function formOf(host: string): string | null {
  const parsed = parseEndpointName(host);
  return parsed.ok ? parsed.value.form : null;
}
