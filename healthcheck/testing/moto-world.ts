// A hosted zone at moto's Route 53, `pinhole fleet` as a process against it, and what stands there, read with AWS's own client.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  type HealthCheck,
  ListHealthChecksCommand,
  ListResourceRecordSetsCommand,
  ListTagsForResourceCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { Moto } from './moto.ts';

const PINHOLE = fileURLToPath(new URL('../../pinhole', import.meta.url));
/** AWS's example; moto takes any. */
const KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };

const HEAD = (label: string): string =>
  `name: proxy.${label}.test\nzone: ${label}.test\nowner: ${label}-owner\nguard: { minWeight: 1, withdrawnShare: 1 }\nslots:\n`;

export interface MotoWorld {
  /** Says what FLEET.yaml has from now on: a line for each slot, and other keys. */
  write(slots: readonly string[], more?: string): void;
  fleet(verb: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  upsert(records: readonly ResourceRecordSet[]): Promise<unknown>;
  /** All of the zone but its own two. */
  sets(): Promise<ResourceRecordSet[]>;
  /** The same as short lines: `NAME TYPE SET-IDENTIFIER WEIGHT TTL VALUES`. */
  records(): Promise<string[]>;
  /** Those with this fleet's tags, by their Name. */
  checks(): Promise<Map<string, HealthCheck>>;
}

/** `label` is for the zone and the owner: tests of different labels do not meet. */
export async function motoWorld(t: TestContext, moto: Moto, label: string): Promise<MotoWorld> {
  const client = new Route53Client({ region: 'us-east-1', endpoint: moto.url, credentials: KEY });
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-fleet-'));
  t.after(() => {
    rmSync(dir, { recursive: true });
    client.destroy();
  });
  const { HostedZone } = await client.send(new CreateHostedZoneCommand({ Name: `${label}.test`, CallerReference: label }));
  const HostedZoneId = HostedZone?.Id ?? '';
  const sets = async (): Promise<ResourceRecordSet[]> => {
    const { ResourceRecordSets = [], IsTruncated } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
    assert.equal(IsTruncated, false);
    return ResourceRecordSets.filter(({ Type }) => Type !== 'SOA' && Type !== 'NS');
  };
  return {
    sets,
    write: (slots, more = '') =>
      writeFileSync(join(dir, 'FLEET.yaml'), `${HEAD(label)}${slots.map((slot) => `  - ${slot}\n`).join('')}${more}`),
    fleet: (verb) => runFleet(verb, dir, moto.url),
    upsert(records) {
      const changes = records.map((record) => ({ Action: 'UPSERT' as const, ResourceRecordSet: record }));
      return client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes: changes } }));
    },
    records: async () => (await sets()).map(wordsOf).toSorted(),
    checks: () => checksOf(client, { 'pinhole:owner': `${label}-owner`, 'pinhole:name': `proxy.${label}.test` }),
  };
}

async function checksOf(client: Route53Client, tagged: Readonly<Record<string, string>>): Promise<Map<string, HealthCheck>> {
  const { HealthChecks = [] } = await client.send(new ListHealthChecksCommand({}));
  const found = new Map<string, HealthCheck>();
  for (const check of HealthChecks) {
    const { ResourceTagSet } = await client.send(new ListTagsForResourceCommand({ ResourceType: 'healthcheck', ResourceId: check.Id }));
    const tags = Object.fromEntries(ResourceTagSet?.Tags?.map(({ Key, Value }) => [Key, Value]) ?? []) as Record<string, string>;
    if (Object.entries(tagged).every(([key, value]) => tags[key] === value)) found.set(tags['Name'] ?? '', check);
  }
  return found;
}

function wordsOf({ Name, Type, SetIdentifier, Weight, MultiValueAnswer, TTL, ResourceRecords = [] }: ResourceRecordSet): string {
  const policy = MultiValueAnswer === true ? 'multivalue' : (Weight ?? '-');
  return [Name, Type, SetIdentifier ?? '-', policy, TTL, ...ResourceRecords.map(({ Value }) => Value)].join(' ');
}

/** Nothing of this machine's own AWS set-up reaches the child. */
function runFleet(verb: string, dir: string, url: string): Promise<{ code: number; out: string; err: string }> {
  const env = {
    ...{ PATH: '/usr/bin:/bin', HOME: dir, AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL_ROUTE_53: url },
    ...{ AWS_ACCESS_KEY_ID: KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey },
  };
  return new Promise((resolve) => {
    execFile(PINHOLE, ['fleet', verb, '-c', 'FLEET.yaml'], { cwd: dir, env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}
