// Every key of FLEET.yaml, with its type, its default and its meaning. schema/fleet.schema.json and the table in docs/fleet.md are made from
// this by scripts/schema.ts; a test holds the three equal.

import * as z from 'zod';
import { adminUrl, duration, hostName, label, secret, wholeNumber } from '../../proxy/config/fields.ts';
import { ipv4Address, owner, searchText, share, urlPath, zone } from './fields.ts';

/** Records of one name and type (Route 53 developer guide, quotas). */
const SLOTS_MAX = 100;
/** Above this a dead node would stay in DNS too long; Route 53's guide says the same of records with health checks. */
const TTL_MAX_MS = 60_000;
/** Below this, resolvers ask so often that a slow answer is felt. */
const TTL_MIN_MS = 5_000;
const WEIGHT_MAX = 255;
const THRESHOLD_MAX = 10;

const ROLES = ['active', 'canary', 'spare'] as const;
export type Role = (typeof ROLES)[number];

const quota = z.strictObject({
  connectsPerSecond: wholeNumber(1, 1_000_000)
    .prefault(500)
    .meta({ description: 'MQTT CONNECTs per second that AWS IoT lets your account have. Look up yours: it differs by region.' }),
  closeShare: share().prefault(0.25).meta({ description: 'Share of it that planned closes may cause, over the whole fleet.' }),
});

const guard = z.strictObject({
  minWeight: wholeNumber(1, SLOTS_MAX * WEIGHT_MAX)
    .prefault(1)
    .meta({ description: 'Weight of healthy slots below which nothing is taken out of DNS.' }),
  withdrawnShare: share()
    .prefault(0.34)
    .meta({ description: 'Share of the slots that may be out at once, those that fail their check included.' }),
});

const check = z.strictObject({
  protocol: z
    .enum(['http', 'https', 'tcp'])
    .prefault('http')
    .meta({ description: 'What Route 53 speaks. `https` tests no certificate; `tcp` tests no answer.' }),
  port: wholeNumber(1, 65_535).prefault(443).meta({ description: 'The port that agents use, so that the very door is tested.' }),
  path: urlPath().optional().meta({ description: 'What is asked for.' }),
  search: searchText().optional().meta({ description: 'What the first 5,120 bytes of the answer must hold.' }),
  interval: z
    .enum(['10s', '30s'])
    .prefault('10s')
    .meta({ description: 'How often each of Route 53’s checkers asks. A change makes new checks.' }),
  threshold: wholeNumber(1, THRESHOLD_MAX)
    .prefault(3)
    .meta({ description: 'Failures in a row, or successes, that change a checker’s mind.' }),
});

const slot = z.strictObject({
  id: label().meta({ description: 'Which slot. It lives on when its node is replaced.' }),
  address: ipv4Address().meta({ description: 'Its Elastic IP.' }),
  weight: wholeNumber(0, WEIGHT_MAX)
    .optional()
    .meta({ description: 'Its part of the answers, against the sum of all. 0: none, while any other slot is healthy.' }),
  role: z
    .enum(ROLES)
    .prefault('active')
    .meta({ description: '`canary` is not under the companion name; `spare` has no weight until it takes over.' }),
  admin: adminUrl().optional().meta({ description: 'Where `fleet status` asks the node itself, and `fleet drain` tells it to drain.' }),
  token: secret().optional().meta({ description: 'Its `admin.token`, which `fleet drain` needs. `file:PATH` reads it from a file.' }),
});

export const fleetSchema = z.strictObject({
  name: hostName().meta({ description: 'The name that agents dial. The companion name has `-all` behind its first label.' }),
  zone: zone().meta({ description: 'The public hosted zone that holds it.' }),
  ttl: duration({ min: TTL_MIN_MS, max: TTL_MAX_MS }).prefault('60s').meta({ description: 'Of every record, in whole seconds.' }),
  owner: owner().meta({ description: 'Marks what is ours: prefix of set identifiers, tag of health checks. Nothing else is touched.' }),
  quota: quota.prefault({}).meta({ description: 'What AWS IoT allows, and how much of it planned work may use.' }),
  guard: guard.prefault({}).meta({ description: 'What no run may do, whatever the file says.' }),
  check: check.prefault({}).meta({ description: 'The health check of each slot.' }),
  slots: z.array(slot).min(1).max(SLOTS_MAX).meta({ description: 'The inventory: one entry for each Elastic IP.' }),
});

export const FLEET_COMPUTED_DEFAULTS: Readonly<Record<string, string>> = {
  'check.path': '`/ready`; none with `tcp`',
  'check.search': '`ready`; none with `tcp`',
  'slots[].weight': '100, for a canary 10, for a spare 0',
};

export type FleetFile = z.output<typeof fleetSchema>;
export type SlotEntry = FleetFile['slots'][number];
export type CheckEntry = FleetFile['check'];
