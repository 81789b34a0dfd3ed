/** The client certificate of a connection -> what the registry says of it. The handshake has proved that the client holds its key. */

import type { TLSSocket } from 'node:tls';
import { certificateId, entryOf, type Registry } from '../registry.ts';

export type Identified = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string };

export function identify(socket: TLSSocket, registry: Registry, nowMs: number): Identified {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { ok: false, why: 'no client certificate' };
  const id = certificateId(certificate.raw);
  const known = entryOf(registry.certificates, id);
  const shown = `certificate ${id.slice(0, 12)}`;
  if (!known) return { ok: false, why: `${shown} is not registered` };
  if (known.status !== 'ACTIVE') return { ok: false, why: `${shown} is ${known.status}` };
  if (certificate.validToDate.getTime() < nowMs) return { ok: false, why: `${shown} has expired` };
  return { ok: true, id };
}

/** An IPv4 client of a dual-stack socket shows as `::ffff:a.b.c.d`; policies name it `a.b.c.d`. */
export function sourceIp(socket: TLSSocket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}
