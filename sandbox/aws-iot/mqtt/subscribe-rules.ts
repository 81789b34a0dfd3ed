/** SUBSCRIBE and UNSUBSCRIBE -> which filters go on to the broker, and the codes of the others. Pure. */

import type { ISubscribePacket, ISubscription } from 'mqtt-packet';
import { REASON } from './reasons.ts';
import { close, type Close, type Ignore, type RuleContext } from './rules.ts';
import { hasWildcard, isSubscribable, isTopicFilter } from './topics.ts';

export interface SubscribeAnswer {
  readonly kind: 'answer';
  /** One for each filter asked for: a refusal's code, or undefined where the broker decides. */
  readonly codes: readonly (number | undefined)[];
  /** Each filter once. */
  readonly forward: readonly ISubscription[];
  /** Why filters were refused, for the log; empty if none was. */
  readonly why: string;
}

export function judgeSubscribe(
  packet: ISubscribePacket,
  held: ReadonlySet<string>,
  context: RuleContext,
): SubscribeAnswer | Close | Ignore {
  const { limits, version } = context;
  const asked = packet.subscriptions;
  if (asked.length === 0) return close(REASON.PROTOCOL_ERROR, 'subscribe without a filter');
  if (packet.properties?.subscriptionIdentifier !== undefined) return close(REASON.IDENTIFIERS_NOT_SUPPORTED, 'subscription identifier');
  if (version === 4 && asked.some(({ qos }) => qos === 2)) return { kind: 'ignore', why: 'subscribe with QoS 2' };

  const forward = new Map<string, ISubscription>();
  const why: string[] = [];
  const codes = asked.map((subscription) => {
    const problem = checkFilter(subscription.topic, asked.length, context);
    const isNew = !held.has(subscription.topic) && !forward.has(subscription.topic);
    const isOver = isNew && held.size + forward.size >= limits.filtersPerConnectionMax;
    if (!problem && !isOver) {
      forward.set(subscription.topic, amend(subscription));
      return undefined;
    }
    why.push(problem?.why ?? `more than ${limits.filtersPerConnectionMax} subscriptions`);
    return problem?.code ?? REASON.QUOTA_EXCEEDED;
  });

  // MQTT 3: "IoT will drop the connection in the event of an unauthorized subscription" (aws-iot-device-sdk-js issue 191).
  const refusal = codes.find((code) => code !== undefined);
  if (version === 4 && refusal !== undefined) return close(refusal, why.join('; '));
  return { kind: 'answer', codes, forward: [...forward.values()], why: why.join('; ') };
}

function checkFilter(filter: string, asked: number, { limits, authorize }: RuleContext): { code: number; why: string } | undefined {
  const shown = JSON.stringify(filter.slice(0, 80));
  if (asked > limits.filtersPerRequestMax) return { code: REASON.QUOTA_EXCEEDED, why: `${asked} filters in one request` };
  if (filter.startsWith('$share/')) return { code: REASON.SHARED_NOT_SUPPORTED, why: `shared subscription ${shown}` };
  // The broker keeps the filters of one request as keys of a plain object; this one would be lost, and the request with it.
  if (!isTopicFilter(filter, limits) || filter === '__proto__') return { code: REASON.FILTER_INVALID, why: `filter ${shown}` };
  const decision = authorize('iot:Subscribe', `topicfilter/${filter}`);
  if (!decision.allow) return { code: REASON.NOT_AUTHORIZED, why: decision.reason };
  if (!isSubscribable(filter)) return { code: REASON.FILTER_INVALID, why: `${shown} is reserved` };
  return undefined;
}

/** "Subscription to topic filters that contain a wildcard character can't receive retained messages": Retain Handling 2. */
function amend(subscription: ISubscription): ISubscription {
  const { topic, nl = false, rap = false, rh = 0 } = subscription;
  return { topic, qos: subscription.qos === 0 ? 0 : 1, nl, rap, rh: hasWildcard(topic) ? 2 : rh };
}

/** The codes of the SUBACK, once the broker has answered for the filters that it got. */
export function mergeCodes(
  asked: readonly string[],
  answer: Pick<SubscribeAnswer, 'codes' | 'forward'>,
  granted: readonly number[],
): number[] {
  const byFilter = new Map(answer.forward.map(({ topic }, index) => [topic, granted[index] ?? REASON.UNSPECIFIED]));
  return asked.map((topic, index) => answer.codes[index] ?? byFilter.get(topic) ?? REASON.UNSPECIFIED);
}
