// Stacks at moto's CloudFormation, by its plain query API: what it can make of a template, it makes.

import { setTimeout as delay } from 'node:timers/promises';

const VERSION = '2010-05-15';
/** moto takes any signature; it finds region and service in its scope. */
const scope = (region: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/${region}/cloudformation/aws4_request, SignedHeaders=host, Signature=none`;

export async function createStack(url: string, region: string, name: string, template: object): Promise<{ outputs: Map<string, string> }> {
  await ask(url, region, {
    Action: 'CreateStack',
    StackName: name,
    TemplateBody: JSON.stringify(template),
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
  });
  for (let round = 0; round < 50; round++) {
    const answer = await ask(url, region, { Action: 'DescribeStacks', StackName: name });
    const status = /<StackStatus>(\w+)<\/StackStatus>/.exec(answer)?.[1];
    if (status === 'CREATE_COMPLETE') return { outputs: outputsIn(answer) };
    if (status?.endsWith('FAILED') === true) throw new Error(`${name}: ${status}`);
    await delay(100);
  }
  throw new Error(`${name}: no end`);
}

async function ask(url: string, region: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const body = new URLSearchParams({ Version: VERSION, ...fields });
  const response = await fetch(url, { method: 'POST', body, headers: { authorization: scope(region) } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${fields['Action']}: ${response.status} ${text.slice(0, 500)}`);
  return text;
}

function outputsIn(answer: string): Map<string, string> {
  const members = answer.matchAll(/<OutputKey>([^<]+)<\/OutputKey>\s*<OutputValue>([^<]*)<\/OutputValue>/g);
  return new Map([...members].map(([, key = '', value = '']) => [key, value]));
}
