// What every node may do, in either shape.

import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Surroundings } from './fleet-stack.ts';
import { groupArn } from './group.ts';
import { namespaceOf } from './instance-files.ts';
import * as rights from './rights.ts';
import type { Stage } from './stage.ts';

export interface NodeNames {
  readonly group: string;
  readonly parameter: string;
}

export function nodeRights(stage: Stage, { store }: Surroundings, { group, parameter }: NodeNames): PolicyStatement[] {
  const { bucket, token, certificate, groups } = store;
  const objects = [releaseArn(stage), ...(stage.addressList ? [bucket.arnForObjects('addresses.json')] : [])];
  return [
    ...rights.sessionManager(),
    rights.readObjects(...objects),
    rights.readSecrets(token.secretArn, ...(certificate === null ? [] : [certificate.secretArn])),
    rights.readParameter(`arn:aws:ssm:${stage.region}:${stage.account}:parameter${parameter}`),
    rights.writeLogs(groups.records.logGroupArn, groups.metrics.logGroupArn),
    rights.putMetrics(namespaceOf(stage)),
    rights.finishTermination(groupArn(stage, group)),
  ];
}

/** `s3://BUCKET/KEY` */
export function releaseArn({ release }: Stage): string {
  return `arn:aws:s3:::${release.url.replace(/^s3:\/\//, '')}`;
}
