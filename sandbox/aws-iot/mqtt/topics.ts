/**
 * Topic names and filters by AWS's rules. Pure.
 * Guide, "MQTT topics": at most 7 slashes and 256 bytes; Basic Ingest's `$aws/rules/<rule>/` is not counted. "MQTT": `a/#` does
 * not match `a`. "Reserved topics": what starts with `$` belongs to AWS.
 */

export interface TopicLimits {
  readonly topicBytesMax: number;
  readonly topicLevelsMax: number;
}

export function isTopicName(topic: string, limits: TopicLimits): boolean {
  return fits(topic, limits) && !/[#+]/.test(topic);
}

export function isTopicFilter(filter: string, limits: TopicLimits): boolean {
  if (!fits(filter, limits)) return false;
  const levels = filter.split('/');
  return levels.every((level, index) => !/[#+]/.test(level) || level === '+' || (level === '#' && index === levels.length - 1));
}

function fits(topic: string, limits: TopicLimits): boolean {
  const counted = topic.replace(/^\$aws\/rules\/[^/]+\//, '');
  return (
    topic.length > 0 &&
    !topic.includes('\0') &&
    Buffer.byteLength(counted) <= limits.topicBytesMax &&
    counted.split('/').length <= limits.topicLevelsMax
  );
}

export function hasWildcard(filter: string): boolean {
  return /[#+]/.test(filter);
}

export function isReserved(topic: string): boolean {
  return topic.startsWith('$');
}

/** Shadow topics that a client sends to; their answers (`/accepted`, `/delta` ...) are for subscribing only. */
const SHADOW_REQUEST = /^\$aws\/things\/[^/]+\/shadow\/(?:name\/[^/]+\/)?(?:get|update|delete)$/;
const SHADOW = /^\$aws\/things\/[^/]+\/shadow\//;

/** May a client publish there at all, whatever its policy says? */
export function isPublishable(topic: string): boolean {
  if (!isReserved(topic)) return true;
  if (!topic.startsWith('$aws/')) return false;
  return SHADOW.test(topic) ? SHADOW_REQUEST.test(topic) : true;
}

/** Basic Ingest goes to rules and never to subscribers; `$SYS` and the like do not exist. */
export function isSubscribable(filter: string): boolean {
  return !isReserved(filter) || (filter.startsWith('$aws/') && !/^\$aws\/rules(\/|$)/.test(filter));
}

export function matchesFilter(filter: string, topic: string): boolean {
  if (isReserved(topic) && /^[#+]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return levels.length > index;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
