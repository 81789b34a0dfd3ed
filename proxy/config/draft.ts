// The parts of a file that can be read, so that checks across keys still run where some other key is wrong.

import { fieldOf, listAt, type Part, partOf } from './part.ts';
import {
  configSchema,
  type Config,
  type EndpointEntry,
  type GatewayEntry,
  type ListenEntry,
  type PinEntry,
  type TlsEntry,
} from './schema.ts';

export interface Draft {
  readonly listen: readonly Part<ListenEntry>[];
  /** Null where the file has no `tls`. */
  readonly tls: Part<TlsEntry> | null;
  readonly endpoints: readonly Part<EndpointEntry>[];
  readonly gateway: readonly Part<GatewayEntry>[];
  readonly pins: readonly Part<PinEntry>[];
  readonly health: Part<Config['health']>;
  readonly admin: Part<Config['admin']>;
  readonly addresses: string | undefined;
  /** Items under `tenants` as they are; null where the file has no such key. */
  readonly tenants: readonly unknown[] | null;
  readonly tenantsFile: string | undefined;
}

export function draftOf(value: unknown): Draft {
  const { listen, tls, endpoints, gateway, resolve, health, admin, addresses, tenantsFile } = configSchema.shape;
  const pin = resolve.unwrap().shape.pin.unwrap().element;
  const ofTls = fieldOf(value, 'tls');
  return {
    listen: listAt(value, 'listen').map((item) => partOf(listen.element, item)),
    tls: ofTls === undefined ? null : partOf(tls.unwrap(), ofTls),
    endpoints: listAt(value, 'endpoints').map((item) => partOf(endpoints.element, item)),
    gateway: listAt(value, 'gateway').map((item) => partOf(gateway.unwrap().element, item)),
    pins: listAt(fieldOf(value, 'resolve'), 'pin').map((item) => partOf(pin, item)),
    health: partOf(health.unwrap(), fieldOf(value, 'health') ?? {}),
    admin: partOf(admin.unwrap(), fieldOf(value, 'admin') ?? {}),
    addresses: addresses.safeParse(fieldOf(value, 'addresses')).data,
    tenants: fieldOf(value, 'tenants') === undefined ? null : listAt(value, 'tenants'),
    tenantsFile: tenantsFile.safeParse(fieldOf(value, 'tenantsFile')).data,
  };
}
