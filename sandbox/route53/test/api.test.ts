// The API as AWS's own client sees it.

import assert from 'node:assert/strict';
import { before, describe, test, after, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-route-53';
import { type Route53, type Route53Options, startRoute53 } from '../start.ts';
import { HandClock } from './support/hand-clock.ts';

const silent = (): void => {};
const probe = () => Promise.resolve({ isGood: true, words: 'fine' });

function clientFor(world: Route53, credentials: sdk.Route53ClientConfig['credentials'] = world.accessKey): sdk.Route53Client {
  return new sdk.Route53Client({ region: 'us-east-1', endpoint: world.url, credentials: credentials ?? world.accessKey, maxAttempts: 1 });
}

async function start(t: TestContext, options: Partial<Route53Options> = {}) {
  const clock = new HandClock();
  const world = await startRoute53({ log: silent, zones: ['example.com'], requestsPerSecond: null, clock, probe, ...options });
  const client = clientFor(world);
  t.after(async () => {
    client.destroy();
    await world.stop();
  });
  return { world, client, clock, zone: world.zones.all()[0]!.id };
}

function weighted(id: string, weight: number, more: Partial<sdk.ResourceRecordSet> = {}): sdk.ResourceRecordSet {
  return {
    Name: 'proxy.example.com',
    Type: 'A',
    SetIdentifier: id,
    Weight: weight,
    TTL: 60,
    ResourceRecords: [{ Value: '192.0.2.1' }],
    ...more,
  };
}

function plain(Name: string): sdk.ResourceRecordSet {
  return { Name, Type: 'A', TTL: 30, ResourceRecords: [{ Value: '192.0.2.9' }] };
}

function batch(zone: string, ...changes: readonly (readonly [sdk.ChangeAction, sdk.ResourceRecordSet])[]) {
  const Changes = changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet }));
  return new sdk.ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes } });
}

function httpCheck(reference: string, more: Partial<sdk.HealthCheckConfig> = {}) {
  const HealthCheckConfig: sdk.HealthCheckConfig = {
    IPAddress: '192.0.2.1',
    Port: 443,
    Type: 'HTTP_STR_MATCH',
    ResourcePath: '/ready',
    SearchString: 'ready',
    ...more,
  };
  return new sdk.CreateHealthCheckCommand({ CallerReference: reference, HealthCheckConfig });
}

test('zones: made, found by id and by name', async (t) => {
  const { client } = await start(t);
  const made = await client.send(new sdk.CreateHostedZoneCommand({ Name: 'Example.ORG', CallerReference: 'x' }));
  const id = made.HostedZone?.Id?.replace('/hostedzone/', '') ?? '';
  assert.equal(made.ChangeInfo?.Status, 'PENDING');
  assert.equal(made.DelegationSet?.NameServers?.length, 2);
  const got = await client.send(new sdk.GetHostedZoneCommand({ Id: id }));
  assert.equal(got.HostedZone?.Name, 'example.org.');
  assert.equal(got.HostedZone?.ResourceRecordSetCount, 2);
  const listed = await client.send(new sdk.ListHostedZonesByNameCommand({ DNSName: 'example.org', MaxItems: 1 }));
  assert.deepEqual(
    listed.HostedZones?.map(({ Name }) => Name),
    ['example.org.'],
  );
  assert.equal((await client.send(new sdk.ListHostedZonesCommand({}))).HostedZones?.length, 2);
  await assert.rejects(client.send(new sdk.GetHostedZoneCommand({ Id: 'ZNONE' })), { name: 'NoSuchHostedZone' });
  await assert.rejects(client.send(new sdk.CreateHostedZoneCommand({ Name: 'a.com', CallerReference: 'x' })), {
    name: 'HostedZoneAlreadyExists',
  });
});

test('a change is PENDING until it is on the name servers, and then INSYNC', async (t) => {
  const { client, clock, zone, world } = await start(t, { propagationMs: 30_000 });
  const { ChangeInfo } = await client.send(batch(zone, ['CREATE', weighted('a', 1)]));
  assert.equal(ChangeInfo?.Status, 'PENDING');
  assert.ok(ChangeInfo?.SubmittedAt instanceof Date);
  const status = async () => (await client.send(new sdk.GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status;
  await clock.advance(29_999);
  assert.equal(await status(), 'PENDING');
  assert.ok(!world.zones.all()[0]!.published.some(({ weight }) => weight === 1));
  await clock.advance(1);
  assert.equal(await status(), 'INSYNC');
  assert.ok(world.zones.all()[0]!.published.some(({ weight }) => weight === 1));
  await assert.rejects(client.send(new sdk.GetChangeCommand({ Id: 'CNONE' })), { name: 'NoSuchChange' });
});

test('a batch is all or nothing, and its problems come to the client', async (t) => {
  const { client, zone, world } = await start(t);
  const before = world.zones.all()[0]!.records;
  await assert.rejects(client.send(batch(zone, ['CREATE', weighted('a', 1)], ['DELETE', weighted('b', 1)])), {
    name: 'InvalidChangeBatch',
    message: "[Tried to delete resource record set [name='proxy.example.com.', type='A', set identifier='b'] but it was not found]",
  });
  assert.equal(world.zones.all()[0]!.records, before);
  await assert.rejects(client.send(batch('ZNONE', ['CREATE', weighted('a', 1)])), { name: 'NoSuchHostedZone' });
  await assert.rejects(client.send(batch(zone, ['CREATE', weighted('a', 256)])), { name: 'InvalidInput' });
  await assert.rejects(client.send(batch(zone, ['CREATE', weighted('a', 1, { HealthCheckId: 'none' })])), { name: 'NoSuchHealthCheck' });
});

test('records come back as they were given, in the API’s order, page by page from any place', async (t) => {
  const { client, zone } = await start(t);
  const names = ['b.example.com', 'a.example.com', 'x.a.example.com', 'a-b.example.com'];
  await client.send(
    batch(
      zone,
      ...['s2', 's1', 's3'].map((id) => ['CREATE', weighted(id, 5)] as const),
      ...names.map((Name) => ['CREATE', plain(Name)] as const),
      [
        'CREATE',
        {
          Name: 'multi.example.com',
          Type: 'A',
          SetIdentifier: 'it’s <&>',
          MultiValueAnswer: true,
          TTL: 60,
          ResourceRecords: [{ Value: '192.0.2.3' }],
        },
      ],
    ),
  );
  const seen: string[] = [];
  let more: Partial<sdk.ListResourceRecordSetsCommandInput> | null = {};
  let pages = 0;
  while (more !== null) {
    const page: sdk.ListResourceRecordSetsCommandOutput = await client.send(
      new sdk.ListResourceRecordSetsCommand({ HostedZoneId: zone, MaxItems: 2, ...more }),
    );
    seen.push(...(page.ResourceRecordSets ?? []).map(({ Name, Type, SetIdentifier }) => [Name, Type, SetIdentifier].join(' ').trim()));
    pages += 1;
    more = page.IsTruncated
      ? { StartRecordName: page.NextRecordName, StartRecordType: page.NextRecordType, StartRecordIdentifier: page.NextRecordIdentifier }
      : null;
  }
  assert.deepEqual(seen, [
    'example.com. NS',
    'example.com. SOA',
    'a-b.example.com. A',
    'a.example.com. A',
    'x.a.example.com. A',
    'b.example.com. A',
    'multi.example.com. A it’s <&>',
    'proxy.example.com. A s1',
    'proxy.example.com. A s2',
    'proxy.example.com. A s3',
  ]);
  assert.equal(pages, 5);
  const { ResourceRecordSets: [multi] = [] } = await client.send(
    new sdk.ListResourceRecordSetsCommand({ HostedZoneId: zone, StartRecordName: 'multi.example.com', MaxItems: 1 }),
  );
  assert.equal(multi?.MultiValueAnswer, true);
  assert.equal(multi?.Weight, undefined);
  await assert.rejects(client.send(new sdk.ListResourceRecordSetsCommand({ HostedZoneId: zone, StartRecordType: 'A' })), {
    name: 'InvalidInput',
  });
});

test('health checks: made, changed by version, listed page by page, deleted', async (t) => {
  const { client } = await start(t);
  const { HealthCheck } = await client.send(httpCheck('r1', { RequestInterval: 10, FailureThreshold: 2 }));
  const id = HealthCheck?.Id ?? '';
  assert.deepEqual(HealthCheck, {
    Id: id,
    CallerReference: 'r1',
    HealthCheckVersion: 1,
    HealthCheckConfig: {
      IPAddress: '192.0.2.1',
      Port: 443,
      Type: 'HTTP_STR_MATCH',
      ResourcePath: '/ready',
      SearchString: 'ready',
      RequestInterval: 10,
      FailureThreshold: 2,
      MeasureLatency: false,
      Inverted: false,
      Disabled: false,
      EnableSNI: false,
    },
  });
  const changed = await client.send(
    new sdk.UpdateHealthCheckCommand({
      HealthCheckId: id,
      HealthCheckVersion: 1,
      FailureThreshold: 5,
      Regions: ['us-east-1', 'eu-west-1', 'sa-east-1'],
    }),
  );
  assert.equal(changed.HealthCheck?.HealthCheckVersion, 2);
  assert.equal(changed.HealthCheck?.HealthCheckConfig?.FailureThreshold, 5);
  assert.equal(changed.HealthCheck?.HealthCheckConfig?.Regions?.length, 3);
  await assert.rejects(client.send(new sdk.UpdateHealthCheckCommand({ HealthCheckId: id, HealthCheckVersion: 1, Port: 80 })), {
    name: 'HealthCheckVersionMismatch',
  });
  const reset = await client.send(new sdk.UpdateHealthCheckCommand({ HealthCheckId: id, ResetElements: ['Regions', 'ResourcePath'] }));
  assert.equal(reset.HealthCheck?.HealthCheckConfig?.Regions, undefined);
  assert.equal(reset.HealthCheck?.HealthCheckConfig?.ResourcePath, undefined);

  for (const name of ['r2', 'r3', 'r4']) await client.send(httpCheck(name));
  const ids: string[] = [];
  let marker: string | undefined;
  do {
    const page: sdk.ListHealthChecksCommandOutput = await client.send(new sdk.ListHealthChecksCommand({ MaxItems: 3, Marker: marker }));
    ids.push(...(page.HealthChecks ?? []).map(({ Id = '' }) => Id));
    marker = page.IsTruncated ? page.NextMarker : undefined;
  } while (marker !== undefined);
  assert.equal(new Set(ids).size, 4);

  await client.send(new sdk.DeleteHealthCheckCommand({ HealthCheckId: id }));
  await assert.rejects(client.send(new sdk.GetHealthCheckCommand({ HealthCheckId: id })), { name: 'NoSuchHealthCheck' });
  await assert.rejects(client.send(new sdk.DeleteHealthCheckCommand({ HealthCheckId: id })), { name: 'NoSuchHealthCheck' });
});

test('a CallerReference gives the same check for the same settings, and is never given out again', async (t) => {
  const { client } = await start(t);
  const first = await client.send(httpCheck('r'));
  const again = await client.send(httpCheck('r'));
  assert.equal(again.HealthCheck?.Id, first.HealthCheck?.Id);
  await assert.rejects(client.send(httpCheck('r', { Port: 80 })), { name: 'HealthCheckAlreadyExists' });
  const other = await client.send(httpCheck('r2'));
  assert.notEqual(other.HealthCheck?.Id, first.HealthCheck?.Id);
  await client.send(new sdk.DeleteHealthCheckCommand({ HealthCheckId: first.HealthCheck?.Id }));
  await assert.rejects(client.send(httpCheck('r')), { name: 'HealthCheckAlreadyExists' });
});

describe('a health check that is refused', () => {
  for (const [name, more] of [
    ['an interval of 20 s', { RequestInterval: 20 }],
    ['a threshold of 11', { FailureThreshold: 11 }],
    ['a search text without STR_MATCH', { Type: 'HTTP' }],
    ['STR_MATCH without a search text', { SearchString: undefined }],
    ['two regions', { Regions: ['us-east-1', 'eu-west-1'] }],
    ['a path without a slash', { ResourcePath: 'ready' }],
    ['a calculated one', { Type: 'CALCULATED' }],
  ] as const) {
    test(name, async (t) => {
      const { client } = await start(t);
      await assert.rejects(client.send(httpCheck('r', more as Partial<sdk.HealthCheckConfig>)), { name: 'InvalidInput' });
    });
  }

  test('the 201st', async (t) => {
    const { client, world } = await start(t);
    const config = {
      type: 'TCP',
      address: '192.0.2.1',
      port: 1,
      intervalS: 30,
      threshold: 3,
      inverted: false,
      disabled: true,
      measureLatency: false,
      regions: [],
    } as const;
    for (let index = 0; index < 200; index += 1) world.checks.create(`r${index}`, config);
    await assert.rejects(client.send(httpCheck('one more')), { name: 'TooManyHealthChecks' });
  });
});

test('tags: added, replaced, removed, read for many', async (t) => {
  const { client } = await start(t);
  const ids = [(await client.send(httpCheck('a'))).HealthCheck?.Id ?? '', (await client.send(httpCheck('b'))).HealthCheck?.Id ?? ''];
  const tag = (id: string, AddTags: sdk.Tag[], RemoveTagKeys?: string[]) =>
    client.send(new sdk.ChangeTagsForResourceCommand({ ResourceType: 'healthcheck', ResourceId: id, AddTags, RemoveTagKeys }));
  await tag(ids[0]!, [
    { Key: 'x', Value: '1' },
    { Key: 'y', Value: '2' },
  ]);
  await tag(ids[0]!, [{ Key: 'x', Value: '3' }], ['y']);
  const { ResourceTagSets } = await client.send(new sdk.ListTagsForResourcesCommand({ ResourceType: 'healthcheck', ResourceIds: ids }));
  assert.deepEqual(
    ResourceTagSets?.map(({ Tags }) => Tags),
    [[{ Key: 'x', Value: '3' }], []],
  );
  const many = Array.from({ length: 11 }, () => ids[0]!);
  await assert.rejects(client.send(new sdk.ListTagsForResourcesCommand({ ResourceType: 'healthcheck', ResourceIds: many })), {
    name: 'InvalidInput',
  });
});

test('the status of a check says what each checker has seen', async (t) => {
  const { client, clock } = await start(t);
  const id = (await client.send(httpCheck('a', { RequestInterval: 10 }))).HealthCheck?.Id;
  const status = async () => (await client.send(new sdk.GetHealthCheckStatusCommand({ HealthCheckId: id }))).HealthCheckObservations ?? [];
  assert.deepEqual(await status(), []);
  await clock.advance(10_000);
  const [first, ...others] = await status();
  assert.equal(others.length, 15);
  assert.equal(first?.Region, 'us-east-1');
  assert.equal(first?.StatusReport?.Status, 'Success: fine');
  assert.ok(first?.StatusReport?.CheckedTime instanceof Date);
});

describe('who may ask', () => {
  const KEYS = {
    FULL: { secretAccessKey: 's' },
    TEMPORARY: { secretAccessKey: 's', sessionToken: 'to/k+en=' },
    READER: { secretAccessKey: 's', allow: ['route53:ListHealthChecks'] },
  };
  let world: Route53;
  before(async () => {
    world = await startRoute53({ log: silent, requestsPerSecond: null, probe, clock: new HandClock(), keys: KEYS, zones: ['example.com'] });
  });
  after(() => world.stop());

  const list = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }, systemClockOffset = 0) => {
    const client = new sdk.Route53Client({ region: 'us-east-1', endpoint: world.url, credentials, maxAttempts: 1, systemClockOffset });
    return client.send(new sdk.ListHealthChecksCommand({})).finally(() => client.destroy());
  };

  test('a good key, with and without a session token', async () => {
    await list({ accessKeyId: 'FULL', secretAccessKey: 's' });
    await list({ accessKeyId: 'TEMPORARY', secretAccessKey: 's', sessionToken: 'to/k+en=' });
    await list({ accessKeyId: 'READER', secretAccessKey: 's' });
  });

  for (const [name, credentials, code] of [
    ['an unknown key', { accessKeyId: 'NOBODY', secretAccessKey: 's' }, 'InvalidClientTokenId'],
    ['a wrong secret', { accessKeyId: 'FULL', secretAccessKey: 'x' }, 'SignatureDoesNotMatch'],
    ['a session token that is missing', { accessKeyId: 'TEMPORARY', secretAccessKey: 's' }, 'InvalidClientTokenId'],
    ['a session token too many', { accessKeyId: 'FULL', secretAccessKey: 's', sessionToken: 'x' }, 'InvalidClientTokenId'],
  ] as const) {
    test(`${name} is refused`, async () => assert.rejects(list(credentials), { name: code }));
  }

  test('a signature of an hour ago is refused', async () => {
    await assert.rejects(list({ accessKeyId: 'FULL', secretAccessKey: 's' }, -3_600_000), { name: 'SignatureDoesNotMatch' });
  });

  test('no signature at all, and a changed request', async () => {
    const plain = await fetch(`${world.url}/2013-04-01/healthcheck`);
    assert.equal(plain.status, 403);
    assert.match(await plain.text(), /MissingAuthenticationToken/);
    const client = clientFor(world, { accessKeyId: 'FULL', secretAccessKey: 's' });
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { query: Record<string, string> }).query['maxitems'] = '7';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'meddler' },
    );
    await assert.rejects(client.send(new sdk.ListHealthChecksCommand({ MaxItems: 5 })), { name: 'SignatureDoesNotMatch' });
    client.destroy();
  });

  test('a key that may not do this', async () => {
    const client = clientFor(world, { accessKeyId: 'READER', secretAccessKey: 's' });
    await assert.rejects(client.send(new sdk.ListHostedZonesCommand({})), {
      name: 'AccessDenied',
      message: /not authorized to perform: route53:ListHostedZones/,
    });
    client.destroy();
  });
});

test('more than five requests in a second are throttled', async (t) => {
  // All of one moment, however long they take on their way. The stand-in's start keeps `Date.now` as it is then.
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const { client } = await start(t, { requestsPerSecond: 5 });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => client.send(new sdk.ListHealthChecksCommand({}))));
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).name] : []));
  assert.deepEqual(refused, ['Throttling', 'Throttling', 'Throttling']);
});

test('trouble on demand: refusals, a lost request, a lost answer', async (t) => {
  const { client, world, zone } = await start(t);
  const list = () => client.send(new sdk.ListHealthChecksCommand({}));
  world.arm({ kind: 'refuse', code: 'PriorRequestNotComplete', action: 'ChangeResourceRecordSets', times: 2 });
  await list();
  for (let round = 0; round < 2; round += 1)
    await assert.rejects(client.send(batch(zone, ['CREATE', weighted('a', 1)])), { name: 'PriorRequestNotComplete' });
  world.arm({ kind: 'lose-request', action: 'ChangeResourceRecordSets' });
  await assert.rejects(client.send(batch(zone, ['CREATE', weighted('a', 1)])));
  assert.equal(world.zones.find(zone).records.length, 2);
  world.arm({ kind: 'lose-answer', action: 'ChangeResourceRecordSets', after: 1 });
  await client.send(batch(zone, ['CREATE', weighted('a', 1)]));
  await assert.rejects(client.send(batch(zone, ['CREATE', weighted('b', 1)])));
  assert.equal(world.zones.find(zone).records.length, 4);
  world.arm({ kind: 'refuse', code: 'Throttling', times: 9 });
  await assert.rejects(list(), { name: 'Throttling' });
  world.disarm();
  await list();
  assert.equal(world.calls()['ChangeResourceRecordSets'], 5);
});

test('what it does not know is said', async (t) => {
  const { client } = await start(t);
  await assert.rejects(client.send(new sdk.GetHealthCheckCountCommand({})), /UnknownOperation|knows no/);
});
