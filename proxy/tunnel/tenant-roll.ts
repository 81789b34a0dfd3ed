// The tenants of now. One roll for the process and not one for each plane: a session keeps its plane, and days of tunnels would keep every list that
// there ever was. So who asks while a list is taken over is already judged by the new one.

import type { TenantsSettings } from '../core/settings.ts';
import { TenantTable } from '../policy/tenants.ts';

export interface TenantSource {
  /** Null where anyone may use the list. */
  readonly current: TenantTable | null;
}

export class TenantRoll implements TenantSource {
  readonly #breathe: () => Promise<void>;
  #settings: TenantsSettings | null = null;
  #current: TenantTable | null = null;

  /** `breathe` resolves when whoever else waits for the event loop had a turn. */
  constructor(breathe: () => Promise<void>) {
    this.#breathe = breathe;
  }

  get current(): TenantTable | null {
    return this.#current;
  }

  /** Makes what these settings need, a little at a time; it is used once it is taken. A list that is in use already is not made again. */
  async make(settings: TenantsSettings | null): Promise<{ readonly table: TenantTable | null; take(): void }> {
    const table =
      settings === null ? null : isSame(settings, this.#settings) ? this.#current : await TenantTable.build(settings, this.#breathe);
    return {
      table,
      take: () => {
        this.#settings = settings;
        this.#current = table;
      },
    };
  }
}

function isSame({ list, places }: TenantsSettings, other: TenantsSettings | null): boolean {
  return other !== null && list === other.list && places === other.places;
}
