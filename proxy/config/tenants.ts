// Entries of tenants to the list that a node goes by: everything that takes more than one key, or more than one tenant, to judge.

import type { TenantCertificate, TenantEntry } from '../core/tenant.ts';
import type { Draft } from './draft.ts';
import type { Endpoints } from './endpoints.ts';
import { type Environment } from './document.ts';
import type { Files } from './files.ts';
import type { Report } from './problem.ts';
import { TENANTS_BYTES_MAX, tenantsInConfig, tenantsInFile, type WrittenTenant } from './tenant-list.ts';
import { TENANT_PLACES } from '../policy/tenant-places.ts';

const FILE = ['tenantsFile'];

/** Null where anyone may use the node. */
export function readTenants(
  draft: Draft,
  endpoints: Endpoints,
  { files, env }: { readonly files: Files; readonly env: Environment },
  report: Report,
): TenantEntry[] | null {
  const { tenants, tenantsFile } = draft;
  if (tenants !== null && tenantsFile !== undefined) report.problemAtKey(FILE, 'give tenants or tenantsFile, not both');
  const written = tenantsFile === undefined ? tenants && tenantsInConfig(tenants, report) : readFile(tenantsFile, files, env, report);
  if (written === null) return null;
  if (written.length > TENANT_PLACES) report.problem(tenantsFile === undefined ? ['tenants'] : FILE, `more than ${TENANT_PLACES} tenants`);
  const judge = new Judge(draft, endpoints);
  return written.flatMap((one) => judge.take(one) ?? []);
}

function readFile(path: string, files: Files, env: Environment, report: Report): WrittenTenant[] {
  const text = files.read(path, FILE);
  if (text === null) return [];
  if (text.length > TENANTS_BYTES_MAX) {
    report.problem(FILE, `${path} is longer than ${TENANTS_BYTES_MAX / 1_048_576} MiB: no list of tenants`);
    return [];
  }
  return tenantsInFile({ file: files.resolve(path), text, env }, report);
}

class Judge {
  readonly #endpoints: Endpoints;
  readonly #hasClientCa: boolean;
  readonly #ids = new Set<string>();
  /** Who has a range or a name of a certificate already. */
  readonly #owners = new Map<string, string>();

  constructor({ tls }: Draft, endpoints: Endpoints) {
    this.#endpoints = endpoints;
    this.#hasClientCa = tls?.entry.clientCa !== undefined;
  }

  /** Null where the entry has no id to speak of; whatever else is wrong is told. */
  take(written: WrittenTenant): TenantEntry | null {
    const { entry } = written.part;
    const { id } = entry;
    if (id === undefined) return null;
    if (this.#ids.has(id)) written.problem(['id'], `another tenant is called ${id} already`);
    this.#ids.add(id);
    const certificate = this.#certificateOf(written);
    const tenant: TenantEntry = {
      id,
      tokens: entry.tokens ?? [],
      certificate,
      sources: entry.sources ?? [],
      sniBySource: entry.sniBySource === true,
      endpoints: entry.endpoints ?? null,
      tunnels: entry.limits?.tunnels ?? null,
      opensPerSecond: entry.limits?.opensPerSecond ?? null,
    };
    if (written.part.isWhole) this.#judgeWhole(tenant, written);
    return tenant;
  }

  #judgeWhole(tenant: TenantEntry, written: WrittenTenant): void {
    const { id, tokens, certificate, sources, sniBySource, endpoints } = tenant;
    const hasCredential = tokens.length > 0 || certificate !== null;
    const hasWritten = hasCredential || written.part.entry.certificate !== undefined;
    if (!hasWritten && sources.length === 0) written.problem([], `${id} has nothing to be known by: give tokens, certificate or sources`);
    if (sniBySource && sources.length === 0) written.problem(['sniBySource'], `${id} has no sources`);
    for (const [index, name] of (endpoints ?? []).entries()) {
      if (this.#endpoints.names.has(name) || !this.#endpoints.isWhole) continue;
      written.problem(
        ['endpoints', index],
        `no entry under endpoints is called ${name}; there is ${[...this.#endpoints.names].join(', ')}`,
      );
    }
    if (hasCredential && !sniBySource) return;
    for (const [index, range] of sources.entries()) {
      this.#own(`range ${range}`, id, (other) => written.problem(['sources', index], `${range} stands for ${other} already`));
    }
  }

  #certificateOf(written: WrittenTenant): TenantCertificate | null {
    const { certificate, id = '' } = written.part.entry;
    if (certificate === undefined) return null;
    const at = ['certificate'];
    const { commonName, san, fingerprints } = certificate;
    if ([commonName, san, fingerprints].filter((key) => key !== undefined).length !== 1) {
      written.problem(at, 'give one of commonName, san and fingerprints');
    }
    if (!this.#hasClientCa) written.problem(at, 'needs tls.clientCa: without it no client is asked for a certificate');
    const own = (what: string): void => this.#own(what, id, (other) => written.problem(at, `${what} stands for ${other} already`));
    for (const fingerprint of fingerprints ?? []) own(`fingerprint ${fingerprint}`);
    if (fingerprints !== undefined) return { by: 'fingerprints', fingerprints };
    if (commonName !== undefined) {
      own(`common name ${commonName}`);
      return { by: 'commonName', name: commonName };
    }
    if (san === undefined) return null;
    own(`subject alternative name ${san}`);
    return { by: 'san', name: san };
  }

  #own(what: string, id: string, taken: (other: string) => void): void {
    const other = this.#owners.get(what);
    if (other !== undefined) taken(other);
    else this.#owners.set(what, id);
  }
}
