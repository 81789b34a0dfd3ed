// What each kind of instance is told: a node of a slot, a node of the pool, the one that runs `fleet run`.

import { fleetAgentConfig, type Groups, nodeAgentConfig, prometheusFile } from './agent-config.ts';
import { LOG_FOLDER } from './names.ts';
import type { Stage } from './stage.ts';
import { type InstanceFiles } from './user-data.ts';

/** Where the release puts itself (deploy/host/install.sh). */
export const PINHOLE = '/opt/pinhole/current/pinhole';

/** `fleet run` writes a line in half a minute, and keeps its file open. */
const FLEET_LOG_ROTATION = `${LOG_FOLDER}/fleet.log {\n  su pinhole pinhole\n  weekly\n  rotate 8\n  missingok\n  compress\n  copytruncate\n}\n`;

export interface Delivered {
  readonly tokenSecret: string;
  readonly certificateSecret: string | null;
  /** `s3://...`; null where nodes serve no list. */
  readonly addressListUrl: string | null;
  readonly fleetUrl: string;
  readonly groups: Groups & { readonly fleet: string };
}

export interface NodeInstance {
  readonly slot: string;
  /** Of the Elastic IP; null behind a load balancer. */
  readonly allocationId: string | null;
  readonly group: string;
  readonly hook: string;
  /** Name of the parameter that holds its file. */
  readonly nodeFile: string;
}

export function namespaceOf(stage: Stage): string {
  return `Pinhole/${stage.stage}`;
}

export function nodeInstanceFiles(stage: Stage, delivered: Delivered, node: NodeInstance): InstanceFiles {
  return {
    boot: 'boot-node',
    programs: ['boot-node', 'prepare-system', 'get-release', 'fetch-settings', 'drain-at-termination'],
    units: {
      'pinhole-aws.node.service': 'pinhole-aws.service',
      'pinhole-aws.timer': 'pinhole-aws.timer',
      'pinhole-drain.service': 'pinhole-drain.service',
    },
    // A node of the pool has no address of its own, and so no program that takes one.
    executables: node.allocationId === null ? {} : { 'take-address': '/etc/pinhole/take-address' },
    env: {
      ...sharedEnv(stage, delivered),
      SLOT: node.slot,
      ...(node.allocationId === null ? {} : { ALLOCATION_ID: node.allocationId }),
      GROUP: node.group,
      DRAIN_HOOK: node.hook,
      NODE_FILE: node.nodeFile,
      CERTIFICATE_SECRET: delivered.certificateSecret ?? '',
      ADDRESS_LIST_URL: delivered.addressListUrl ?? '',
    },
    texts: {
      '/etc/pinhole/cloudwatch-agent.json': JSON.stringify(nodeAgentConfig(namespaceOf(stage), node.slot, delivered.groups)),
      '/etc/pinhole/prometheus.yaml': prometheusFile(node.slot),
    },
  };
}

export function fleetInstanceFiles(stage: Stage, delivered: Delivered): InstanceFiles {
  return {
    boot: 'boot-fleet',
    programs: ['boot-fleet', 'prepare-system', 'get-release', 'fetch-fleet'],
    executables: {},
    units: {
      'pinhole-aws.fleet.service': 'pinhole-aws.service',
      'pinhole-aws.timer': 'pinhole-aws.timer',
      'pinhole-fleet.service': 'pinhole-fleet.service',
    },
    env: { ...sharedEnv(stage, delivered), FLEET_URL: delivered.fleetUrl },
    texts: {
      '/etc/pinhole/cloudwatch-agent.json': JSON.stringify(fleetAgentConfig(delivered.groups.fleet)),
      '/etc/logrotate.d/pinhole-fleet': FLEET_LOG_ROTATION,
    },
  };
}

function sharedEnv(stage: Stage, { tokenSecret }: Delivered): Record<string, string> {
  return {
    AWS_REGION: stage.region,
    STAGE: stage.stage,
    SYSTEM: stage.instance.system,
    NAMESPACE: namespaceOf(stage),
    PINHOLE,
    RELEASE_URL: stage.release.url,
    RELEASE_SHA256: stage.release.sha256,
    TOKEN_SECRET: tokenSecret,
  };
}
