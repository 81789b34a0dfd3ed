// Tenants as one text, a line each: what the settings of a node carry. A line is read on its own, so that a list of any length can be read a
// little at a time. No field holds a tab or a line break: ids are labels, names of certificates have no control characters.

import type { TenantCertificate, TenantEntry } from '../core/tenant.ts';

const FIELDS = 8;

export function writeTenants(tenants: readonly TenantEntry[]): string {
  return tenants.map((tenant) => fieldsOf(tenant).join('\t')).join('\n');
}

function fieldsOf({ id, tokens, certificate, sources, sniBySource, endpoints, tunnels, opensPerSecond }: TenantEntry): string[] {
  return [
    id,
    tokens.join(','),
    certificate === null ? '' : textOf(certificate),
    sources.join(','),
    sniBySource ? '1' : '',
    endpoints === null ? '*' : endpoints.join(','),
    tunnels === null ? '' : String(tunnels),
    opensPerSecond === null ? '' : String(opensPerSecond),
  ];
}

function textOf(certificate: TenantCertificate): string {
  return certificate.by === 'fingerprints' ? `fingerprints=${certificate.fingerprints.join(',')}` : `${certificate.by}=${certificate.name}`;
}

/** How many lines a text of this kind has. */
export function countLines(text: string): number {
  return text === '' ? 0 : text.split('\n').length;
}

/**
 * Throws on a line that `writeTenants` never wrote: what cannot be read must not become a tenant. Nothing of the answer is a part of a longer text:
 * V8 keeps the whole for the sake of a part, and tunnels keep their tenant for days.
 */
export function readTenant(line: string): TenantEntry {
  const fields = copyOf(line).split('\t');
  if (fields.length !== FIELDS) throw new Error('not a line of tenants of this version');
  const [id = '', tokens = '', certificate = '', sources = '', sniBySource, endpoints = '', tunnels = '', opens = ''] = fields;
  return {
    // By itself, since every look-up compares it.
    id: copyOf(id),
    tokens: listIn(tokens),
    certificate: certificateIn(certificate),
    sources: listIn(sources),
    sniBySource: sniBySource === '1',
    endpoints: endpoints === '*' ? null : listIn(endpoints),
    tunnels: tunnels === '' ? null : Number(tunnels),
    opensPerSecond: opens === '' ? null : Number(opens),
  };
}

function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

function listIn(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

function certificateIn(text: string): TenantCertificate | null {
  if (text === '') return null;
  const [by = ''] = text.split('=', 1);
  const value = text.slice(by.length + 1);
  if (by === 'fingerprints') return { by, fingerprints: listIn(value) };
  if (by === 'commonName' || by === 'san') return { by, name: value };
  throw new Error('not a certificate of this version');
}
