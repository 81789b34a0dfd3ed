// Every key of a stage's file, with its type, its default and its meaning. schema/stage.schema.json and the table in docs/deploy.md are made
// from this by scripts/schema.ts. `node` and `fleet` hold keys of other files, and are read by the very schemas of those.

import * as z from 'zod';
import { fleetSchema } from '../../healthcheck/fleet/schema.ts';
import { hostName, path, range, wholeNumber } from '../../proxy/config/fields.ts';
import { configSchema } from '../../proxy/config/schema.ts';
import * as field from './stage-fields.ts';

/** Route 53 takes 100 records of one name; an account starts with 5 Elastic IPs (VPC quotas), so a real fleet is far below. */
const ADDRESSES_MAX = 100;
/** Targets of one zone of a Network Load Balancer (ELB quotas). */
const NODES_MAX = 500;

const zone = z.strictObject({
  name: hostName().meta({ description: 'The public hosted zone that holds `name`.' }),
  id: field.zoneId().meta({ description: 'Its id: the one role that may change DNS is held to this zone.' }),
});

const subnet = z.strictObject({
  zone: field.availabilityZone().meta({ description: 'Availability zone.' }),
  cidr: range().optional().meta({ description: 'Its range, where the VPC is made here.' }),
  subnet: field.awsId('subnet').optional().meta({ description: 'Its id, where the VPC is given: a public subnet.' }),
});

const network = z.strictObject({
  vpc: field.awsId('vpc').optional().meta({ description: 'A VPC that is there. Left out: one is made.' }),
  cidr: range().meta({ description: 'Range of the VPC, made or given. IPv4.' }),
  zones: z.array(subnet).min(1).meta({ description: 'One subnet for each availability zone that is used.' }),
  connected: z
    .array(range())
    .prefault([])
    .meta({ description: 'Ranges that the VPC is, or will be, connected to. What overlaps is refused.' }),
  ipv6: z.boolean().prefault(false).meta({ description: 'Nodes reach AWS over IPv6 too. Clients come over IPv4 only: Elastic IPs are.' }),
  iotEndpoints: z
    .boolean()
    .prefault(false)
    .meta({ description: 'AWS IoT through interface endpoints of the VPC (data and credentials), not over the internet.' }),
});

const address = z.strictObject({
  id: field.slotId().meta({ description: 'Which slot. Its Elastic IP is published under it, and outlives every node.' }),
  zone: field.availabilityZone().meta({ description: 'One of `network.zones`.' }),
  role: z
    .enum(['active', 'spare'])
    .optional()
    .meta({ description: 'With `slots` only: `spare` is published and without weight until it takes over.' }),
});

const instance = z.strictObject({
  type: field.instanceType().prefault('c7g.large').meta({ description: 'A Nitro type; Graviton unless you choose another.' }),
  image: field.awsId('ami').meta({ description: 'The AMI, pinned: a deployment replaces nothing by itself.' }),
  system: z.enum(['amazon-linux-2023', 'debian-12']).prefault('amazon-linux-2023').meta({ description: 'What the AMI holds.' }),
  diskGiB: wholeNumber(8, 1_024).prefault(20).meta({ description: 'Root volume, encrypted.' }),
});

const release = z.strictObject({
  url: field.s3Url().meta({ description: 'The tarball that `npm run release` made, in a bucket of yours.' }),
  sha256: field.sha256().meta({ description: 'Its checksum. Anything else is not unpacked.' }),
});

const certificate = z.strictObject({
  file: path().meta({ description: 'The public certificate in PEM, to be held against the names here. Never the key.' }),
});

const devices = z.strictObject({
  thingType: field.thingName().prefault('pinhole-device').meta({ description: 'Thing type of the devices.' }),
  group: field.thingName().prefault('pinhole-devices').meta({ description: 'Thing group of all of them.' }),
  topics: field
    .topic()
    .prefault('dt/pinhole')
    .meta({ description: 'Each device may use `TOPICS/THING/...`, its shadows and its jobs; nothing else.' }),
  claim: z.boolean().prefault(false).meta({
    description:
      'Fleet provisioning by claim: devices with a shared claim certificate make their own identity. [What a stolen one can do](#devices-by-claim).',
  }),
});

const watch = z.strictObject({
  email: field.email().meta({ description: 'Where alarms go.' }),
  budgetUsd: wholeNumber(1, 10_000_000).meta({
    description: 'A month, of the whole account. Mail at 80 % spent, and where the forecast passes it.',
  }),
  logDays: z
    .union([z.literal(30), z.literal(90), z.literal(180), z.literal(365)])
    .prefault(90)
    .meta({ title: '30, 90, 180 or 365', description: 'How long records and messages are kept.' }),
});

export const stageSchema = z.strictObject({
  stage: field.stageName().meta({
    description:
      'In the name of everything that is made: another one for each stage of an account, in whatever region, since names of roles are the account’s.',
  }),
  account: field.accountId().meta({ description: 'The AWS account, in quotes.' }),
  region: field.region().meta({ description: 'The region of the nodes: best that of AWS IoT.' }),
  name: hostName().meta({ description: 'The name that agents dial.' }),
  zone: zone.meta({ description: 'Where that name is.' }),
  shape: z
    .enum(['slots', 'nlb'])
    .prefault('slots')
    .meta({ description: '`slots`: a node for each address. `nlb`: a load balancer holds the addresses.' }),
  network: network.meta({ description: 'The VPC, and its subnets.' }),
  addresses: z.array(address).min(1).max(ADDRESSES_MAX).meta({ description: 'The published addresses, one Elastic IP each.' }),
  nodes: wholeNumber(2, NODES_MAX).optional().meta({ description: 'With `nlb` only: how many nodes, spread over the zones.' }),
  instance: instance.meta({ description: 'What a node runs on.' }),
  release: release.meta({ description: 'What it runs.' }),
  certificate: certificate.optional().meta({ description: 'Given where the nodes speak TLS themselves (`connect-tls`, `gateway`).' }),
  addressList: z.boolean().prefault(false).meta({ description: 'Nodes serve the signed address list; it has to be in the bucket first.' }),
  node: configSchema
    .pick({
      ...{ endpoints: true, gateway: true, policy: true, resolve: true, limits: true, timeouts: true, drain: true },
      ...{ carriers: true, relay: true },
    })
    .meta({ description: 'What every node’s file says besides what is worked out here: keys of [configuration](configuration.md).' }),
  fleet: fleetSchema
    .pick({ ttl: true, owner: true, quota: true, guard: true, check: true })
    .partial({ owner: true })
    .prefault({})
    .meta({ description: 'Keys of [FLEET.yaml](fleet.md); `owner` is `pinhole-STAGE` unless said.' }),
  devices: devices.optional().meta({ description: 'The identity of devices. Left out: it is made elsewhere.' }),
  watch: watch.meta({ description: 'Alarms, logs and the budget.' }),
});

export const STAGE_COMPUTED_DEFAULTS: Readonly<Record<string, string>> = {
  'addresses[].role': '`active`',
};

/** Maps whose keys belong to other files, and stand in their pages. */
export const STAGE_KEYS_ELSEWHERE = ['node', 'fleet'] as const;

export type StageFile = z.output<typeof stageSchema>;
