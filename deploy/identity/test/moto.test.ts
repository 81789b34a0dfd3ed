// Stacks made by moto's CloudFormation, which others wrote, from the very templates: the addresses and the identity of devices. Then what comes
// after a deployment: FLEET.yaml from the outputs, `fleet apply` at moto's Route 53, and a device by `provision` at moto's AWS IoT.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  DescribeRoleAliasCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import { CreateHostedZoneCommand, ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { type Moto, startMoto } from '../../../healthcheck/testing/moto.ts';
import { sayNotRun } from '../../../healthcheck/testing/not-run.ts';
import { createStack } from '../../testing/cloudformation.ts';
import { stageText, synthesize, type Template } from '../../testing/synth.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const REGION = 'eu-west-1';
/** AWS's example; moto takes any. */
const KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
/** What moto cannot make, and so nobody but AWS can say that we are right about. */
const NOT_IN_MOTO = new Set(['AWS::IoT::ThingGroup']);

const started = await startMoto();
if ('missing' in started) sayNotRun('stacks at moto', started.missing);
else tests(started);

/** A template that moto can read: without CDK's own parameter, and what it does not know. */
function forMoto(template: Template | undefined): object {
  const { Resources = {}, Outputs = {} } = template ?? {};
  return { Resources: Object.fromEntries(Object.entries(Resources).filter(([, { Type }]) => !NOT_IN_MOTO.has(Type))), Outputs };
}

function tests(moto: Moto): void {
  describe('stacks at moto', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pinhole-deploy-'));
    const iot = new IoTClient({ region: REGION, endpoint: moto.url, credentials: KEY });
    const route53 = new Route53Client({ region: 'us-east-1', endpoint: moto.url, credentials: KEY });
    after(async () => {
      iot.destroy();
      route53.destroy();
      rmSync(folder, { recursive: true });
      await moto.stop();
    });

    const env = {
      ...{ PATH: process.env['PATH'], HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL: moto.url },
      ...{ AWS_ACCESS_KEY_ID: KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey },
    };
    const run = (program: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
      new Promise((resolve) => {
        execFile(program, args, { cwd: folder, env }, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
      });
    const deploy = (...args: readonly string[]) => run(process.execPath, join(ROOT, 'deploy/main.ts'), ...args);
    const stageFile = join(folder, 'stage.yaml');

    test('the addresses’ outputs become a FLEET.yaml that `fleet apply` takes', async () => {
      const made = await route53.send(new CreateHostedZoneCommand({ Name: 'example.com', CallerReference: 'deploy' }));
      const zone = made.HostedZone?.Id?.replace('/hostedzone/', '') ?? '';
      writeFileSync(stageFile, stageText('example'));
      const { templates } = synthesize(stageText('example'));
      const { outputs } = await createStack(moto.url, REGION, 'pinhole-example-addresses', forMoto(templates['addresses']));
      const addresses = outputs.get('Addresses') ?? '';
      assert.match(addresses, /^eu-1a=[\d.]+ eu-1b=[\d.]+ eu-1s=[\d.]+,standby$/);

      writeFileSync(join(folder, 'outputs.json'), JSON.stringify({ 'pinhole-example-addresses': { Addresses: addresses } }));
      const written = await deploy('fleet-file', '--stage', stageFile, '--outputs', 'outputs.json');
      assert.deepEqual([written.code, written.err, written.out], [0, '', 'FLEET.yaml: eu-1a, eu-1b, eu-1s added\n']);
      writeFileSync(join(folder, 'admin.token'), 'secret');
      // moto’s ids of zones have another form than AWS’s.
      writeFileSync(join(folder, 'FLEET.yaml'), readFileSync(join(folder, 'FLEET.yaml'), 'utf8').replace(/zone: \S+/, 'zone: example.com'));
      // `fleet` asks the nodes nothing here; moto gives addresses of a network that no checker could reach, and says so in a warning.
      const applied = await run(join(ROOT, 'pinhole'), 'fleet', 'apply', '-c', 'FLEET.yaml');
      assert.equal(applied.code, 0, applied.err);
      const { ResourceRecordSets = [] } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone }));
      const weighted = ResourceRecordSets.filter(({ Weight }) => Weight !== undefined);
      assert.deepEqual(
        weighted.map(({ SetIdentifier, Weight, TTL, ResourceRecords }) => [SetIdentifier, Weight, TTL, ResourceRecords?.[0]?.Value]),
        addresses.split(' ').map((entry) => {
          const [, slot = '', address = ''] = /^([\w-]+)=([\d.]+)/.exec(entry) ?? [];
          return [`pinhole-example/${slot}`, slot === 'eu-1s' ? 0 : 100, 60, address];
        }),
      );

      const identity = await createStack(moto.url, REGION, 'pinhole-example-devices', forMoto(templates['devices']));
      assert.match(identity.outputs.get('Agent') ?? '', /^\.\/pinhole agent --proxy /);
      const { roleAliasDescription } = await iot.send(new DescribeRoleAliasCommand({ roleAlias: 'pinhole-example-device' }));
      assert.match(roleAliasDescription?.roleArn ?? '', /:role\/pinhole-example-device$/);
    });

    test('a device is made by `provision`, twice without harm, and its key never leaves', async () => {
      const without = await deploy('provision', '--stage', stageFile, '--thing', 'pump-1');
      assert.equal(without.code, 1, 'the group is not there: moto cannot make one from a template');
      assert.match(without.err, /^provision: .*devices stack deployed\?\n$/m);
      const group = await fetch(`${moto.url}/thing-groups/pinhole-devices`, {
        ...{ method: 'POST', body: '{}' },
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/20260101/${REGION}/iot/aws4_request, SignedHeaders=host, Signature=none`,
        },
      });
      assert.equal(group.status, 200);

      const first = await deploy('provision', '--stage', stageFile, '--thing', 'pump-1');
      assert.equal(first.code, 0, first.err);
      const [line = ''] = first.out.split('\n').filter((text) => text.startsWith('./pinhole agent '));
      assert.match(
        line,
        /--thing pump-1 --role-alias pinhole-example-device .*--cert devices\/pump-1\/certificate\.pem --key devices\/pump-1\/private\.key/,
      );
      assert.ok(readFileSync(join(folder, 'devices/pump-1/run-agent'), 'utf8').includes(line));
      assert.equal(statSync(join(folder, 'devices/pump-1/private.key')).mode & 0o077, 0);
      new X509Certificate(readFileSync(join(folder, 'devices/pump-1/certificate.pem')));

      const arn = readFileSync(join(folder, 'devices/pump-1/certificate.arn'), 'utf8').trim();
      const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'pump-1' }));
      assert.deepEqual(principals, [arn]);
      const { policies } = await iot.send(new ListAttachedPoliciesCommand({ target: arn }));
      assert.deepEqual(
        policies?.map(({ policyName }) => policyName),
        ['pinhole-example-device'],
      );
      const { things } = await iot.send(new ListThingsInThingGroupCommand({ thingGroupName: 'pinhole-devices' }));
      assert.deepEqual(things, ['pump-1']);

      const again = await deploy('provision', '--stage', stageFile, '--thing', 'pump-1');
      assert.equal(again.code, 0, again.err);
      assert.equal(readFileSync(join(folder, 'devices/pump-1/certificate.arn'), 'utf8').trim(), arn);
    });

    test('a name that AWS IoT would not take is said before it is asked', async () => {
      const { code, err } = await deploy('provision', '--stage', stageFile, '--thing', 'a b');
      assert.equal(code, 64);
      assert.match(err, /"a b": expected up to 128 letters/);
    });
  });
}
