// Makes one device of a stage: thing, key, certificate, and what hangs on it. Every step may be taken again, so a run that broke off is
// finished by the next.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  DescribeEndpointCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import type { Stage } from '../cdk/stage.ts';
import { agentLine, DEVICE_FILES } from './agent-line.ts';
import { certificateRequest, ensureKey } from './key-pair.ts';
import { identityNames } from './names.ts';

export interface Device {
  readonly folder: string;
  readonly certificateArn: string;
  /** Null where the stage lists no endpoint that it could be run against. */
  readonly line: string | null;
  /** Null where the account's data endpoint is the stage's. */
  readonly otherEndpoint: string | null;
}

const OWNER_ONLY = 0o700;

export async function provision(client: Pick<IoTClient, 'send'>, stage: Stage, thing: string, folder: string): Promise<Device> {
  const devices = stage.devices;
  if (devices === undefined) throw new Error('the stage has no devices: put `devices: {}` into it, and deploy that');
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  takeFolder(folder, thing);
  await client.send(new CreateThingCommand({ thingName: thing, thingTypeName: devices.thingType }));
  await client.send(new AddThingToThingGroupCommand({ thingName: thing, thingGroupName: devices.group }));
  const certificateArn = await ensureCertificate(client, thing, folder);
  await client.send(new AttachPolicyCommand({ policyName: identityNames(stage).policy, target: certificateArn }));
  await client.send(new AttachThingPrincipalCommand({ thingName: thing, principal: certificateArn }));
  const line = agentLine(stage, thing, folder);
  if (line !== null) writeFileSync(join(folder, DEVICE_FILES.run), `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 });
  return { folder, certificateArn, line, otherEndpoint: await endpointElsewhere(client, stage) };
}

/** Of one device: with a second one's name its certificate would be good for both. */
function takeFolder(folder: string, thing: string): void {
  const file = join(folder, DEVICE_FILES.thing);
  const owner = readOrEmpty(file);
  if (owner !== '' && owner !== thing) throw new Error(`${folder} is the folder of ${owner}: give ${thing} another one by --dir`);
  if (owner === '') writeFileSync(file, `${thing}\n`);
}

/** A file that is empty was broken off, on a full disk say, and counts as none. */
function readOrEmpty(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}

/** Its ARN; the one that an earlier run has made, where there is one. */
async function ensureCertificate(client: Pick<IoTClient, 'send'>, thing: string, folder: string): Promise<string> {
  const arnFile = join(folder, DEVICE_FILES.arn);
  const made = readOrEmpty(arnFile);
  if (made !== '') return made;
  const keyFile = join(folder, DEVICE_FILES.key);
  ensureKey(keyFile);
  const request = certificateRequest(keyFile, thing);
  const answer = await client.send(new CreateCertificateFromCsrCommand({ certificateSigningRequest: request, setAsActive: true }));
  const { certificateArn, certificatePem } = answer;
  if (certificateArn === undefined || certificatePem === undefined) throw new Error('AWS IoT answered without a certificate');
  writeFileSync(join(folder, DEVICE_FILES.certificate), certificatePem);
  // Last: what it stands for is on the disk by then.
  writeFileSync(arnFile, `${certificateArn}\n`);
  return certificateArn;
}

/** A device of this account is of no use at an endpoint of another. */
async function endpointElsewhere(client: Pick<IoTClient, 'send'>, stage: Stage): Promise<string | null> {
  const listed = stage.node.endpoints.flatMap(({ data }) => data ?? []);
  const { endpointAddress = '' } = await client.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  return listed.includes(endpointAddress) ? null : endpointAddress;
}
