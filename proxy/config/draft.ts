// The parts of a file that can be read, so that checks across keys still run where some other key is wrong.

import type * as z from 'zod';
import {
  configSchema,
  type Config,
  type EndpointEntry,
  type GatewayEntry,
  type ListenEntry,
  type PinEntry,
  type TlsEntry,
} from './schema.ts';

/** A map of the file. A key that is wrong is undefined here: its problem is known already. */
export interface Part<T> {
  readonly entry: { readonly [K in keyof T]?: T[K] | undefined };
  /** False where any key of it is wrong: what is absent may then only be misspelt. */
  readonly isWhole: boolean;
}

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
}

export function draftOf(value: unknown): Draft {
  const { listen, tls, endpoints, gateway, resolve, health, admin, addresses } = configSchema.shape;
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
  };
}

function partOf<S extends z.ZodObject>(schema: S, value: unknown): Part<z.output<S>> {
  const fields = Object.entries<z.ZodType>(schema.shape).map(([key, field]) => {
    const result = field.safeParse(fieldOf(value, key));
    return [key, result.success ? result.data : undefined];
  });
  return { entry: Object.fromEntries(fields) as Part<z.output<S>>['entry'], isWhole: schema.safeParse(value).success };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}
