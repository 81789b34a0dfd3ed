// The device of the sandbox: the reference agent as a child, publishing now and then through the proxy.

import { Child } from './child.ts';
import type { Place } from './place.ts';

/** The stand-in's policies allow it, as AWS's samples expect. */
export const TOPIC = 'test/topic';
export const PUBLISH_EVERY_S = 5;
const STOP_WITHIN_MS = 4_000;

/** The agent's flags in this world; the summary shows the same ones. */
export function agentFlags(place: Place): string[] {
  const { aws, ports, show } = place;
  const flags: Record<string, string> = {
    '--proxy': `http://127.0.0.1:${ports.proxy.number}`,
    '--endpoint': aws.data.host,
    '--credentials-endpoint': aws.credentials.host,
    '--thing': aws.thing,
    '--role-alias': aws.roleAlias,
    '--ca': show(aws.files.ca),
    '--cert': show(aws.files.deviceCertificate),
    '--key': show(aws.files.deviceKey),
  };
  return Object.entries(flags).flat();
}

export function startDevice(place: Place, tell: (line: string) => void): Child {
  const everything = [
    '--topic',
    TOPIC,
    '--count',
    '0',
    '--interval',
    String(PUBLISH_EVERY_S),
    '--message',
    'Hello from the sandbox',
    '--json',
  ];
  const flags = agentFlags({ ...place, show: (path) => path });
  return new Child({
    name: 'the agent',
    command: process.execPath,
    args: [place.agentMain, ...flags, ...everything],
    logFile: place.logs.agent,
    stopWithinMs: STOP_WITHIN_MS,
    onLine: createTeller(tell),
  });
}

/** What of the agent's events is news: the first message of each session, and every failure. */
export function createTeller(tell: (line: string) => void): (line: string) => void {
  let isFirst = true;
  return (line) => {
    const event = parse(line);
    if (event.event === 'connected') isFirst = true;
    else if (event.event === 'failed') tell(`agent: failed at ${event.failure?.leg}: ${event.failure?.code}: ${event.failure?.detail}`);
    else if (event.event === 'waiting') tell(`agent: comes back in ${((event.ms ?? 0) / 1_000).toFixed(1)} s`);
    else if (event.event === 'received' && isFirst) {
      isFirst = false;
      tell(`agent: published to ${event.topic} through the proxy and got it back; now every ${PUBLISH_EVERY_S} s (agent.log)`);
    }
  };
}

interface Event {
  readonly event?: string;
  readonly topic?: string;
  readonly ms?: number;
  readonly failure?: { readonly leg?: string; readonly code?: string; readonly detail?: string };
}

function parse(line: string): Event {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
