// Reads the names AWS gives to its IoT endpoints, so that a mistake in the list is a message and not a silent opening.
// Shapes are validated, not a list of regions: new regions must work without a release.
// Sources: AWS IoT developer guide (connect-to-iot, iot-connect-devices, iot-connect-fips) and the SDKs' endpoint tables.

import { isIP } from 'node:net';

export interface EndpointName {
  readonly kind: 'data' | 'credentials' | 'jobs';
  /** What tells one account from another: `a1b2c3d4e5f6g7`; `data` in the names that all accounts share. */
  readonly prefix: string;
  readonly region: string;
  readonly partition: Partition;
  readonly suffix: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
  /** The data endpoint without `-ats`, whose server certificate is VeriSign's: kept for old devices only. */
  readonly legacy: boolean;
  /** The name without its prefix: two names of the same kind, region, partition and form have the same. */
  readonly form: string;
}

export type Partition = 'aws' | 'aws-cn' | 'aws-us-gov' | 'aws-eusc';

export type ParsedEndpointName = { readonly ok: true; readonly value: EndpointName } | { readonly ok: false; readonly why: string };

interface PartitionShape {
  readonly partition: Partition;
  readonly region: RegExp;
  readonly suffix: string;
  readonly dualStackSuffix: string;
}

const PARTITIONS: readonly PartitionShape[] = [
  { partition: 'aws-cn', region: /^cn-[a-z]+-[0-9]{1,2}$/, suffix: 'amazonaws.com.cn', dualStackSuffix: 'api.amazonwebservices.com.cn' },
  { partition: 'aws-us-gov', region: /^us-gov-[a-z]+-[0-9]{1,2}$/, suffix: 'amazonaws.com', dualStackSuffix: 'api.aws' },
  {
    partition: 'aws-eusc',
    region: /^eusc-[a-z]{2}-[a-z]+-[0-9]{1,2}$/,
    suffix: 'amazonaws.eu',
    dualStackSuffix: 'api.amazonwebservices.eu',
  },
  { partition: 'aws', region: /^[a-z]{2}-[a-z]+-[0-9]{1,2}$/, suffix: 'amazonaws.com', dualStackSuffix: 'api.aws' },
];

/** Longest first, because `amazonaws.com.cn` is not `amazonaws.com`. */
const SUFFIXES = [...new Set(PARTITIONS.flatMap((shape) => [shape.suffix, shape.dualStackSuffix]))].toSorted((a, b) => b.length - a.length);

/** Zones that are AWS's own, the isolated partitions included: nobody's custom domain can be in one. */
const AWS_ZONES = [...SUFFIXES, 'aws', 'amazonwebservices.com.cn', 'c2s.ic.gov', 'sc2s.sgov.gov', 'cloud.adc-e.uk', 'csp.hci.ic.gov'];

/** No length or alphabet is documented; the names seen in public are 13 or 14 lower-case letters and digits. */
const ACCOUNT_PREFIX = /^[a-z0-9]{8,40}$/;

/** First labels that have the shape of a prefix and are something else. */
const NOT_A_PREFIX = new Set(['credentials', 'tunneling', 'deviceadvisor', 'iotdeviceadvisor', 'wireless', 'iotwireless', 'fleethub']);

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** Resolvers differ over what such a text is (CVE-2022-32212), so it is never a name. */
const ENDS_IN_NUMBER = /(^|\.)([0-9]+|0x[0-9a-f]*)$/;

const DESCRIBE = 'aws iot describe-endpoint --endpoint-type';
const BEIJING = 'cn-north-1';

/** Lower-case letters, digits, hyphens and dots in labels of at most 63; never an address, nor what looks like one. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && !ENDS_IN_NUMBER.test(text);
}

/** What keeps this text from being a host name as this proxy wants it written; null where nothing does. */
export function hostNameMistake(text: string): string | null {
  if (text.includes('://') || text.includes('/')) return 'give the host name alone, without scheme or path';
  if (isIP(text) !== 0) return 'an IP address is not a host name';
  if (text.includes(':')) return 'give the host name alone, without a port';
  if (text.endsWith('.')) return 'leave out the trailing dot';
  if (/[A-Z]/.test(text)) return `write it in lower case: ${text.toLowerCase()}`;
  if (!isHostName(text)) return 'not a host name: labels of letters, digits and hyphens, joined by dots';
  return null;
}

/** True for every name in a zone of AWS, an IoT endpoint or not. */
export function isAwsName(host: string): boolean {
  return AWS_ZONES.some((zone) => host === zone || host.endsWith(`.${zone}`));
}

/** FIPS and dual-stack names with the prefix `data` reach every AWS account: the list cannot hold agents to one. */
export function isSharedByAllAccounts(name: EndpointName): boolean {
  return name.prefix === 'data';
}

export function parseEndpointName(host: string): ParsedEndpointName {
  const mistake = hostNameMistake(host);
  if (mistake !== null) return refuse(mistake);
  const suffix = SUFFIXES.find((candidate) => host.endsWith(`.${candidate}`));
  if (suffix === undefined)
    return refuse('not an AWS IoT name: those end in .amazonaws.com; a domain of your own belongs under customDomain');

  const labels = host.slice(0, -suffix.length - 1).split('.');
  const region = labels.at(-1) ?? '';
  const service = labels.at(-2) ?? '';
  if (region === 'vpce') return refuse('the name of a VPC endpoint: list the account’s own name and put the VPC’s range under accept');
  if (service !== 'iot' && service !== 'iot-fips') return refuse('not an AWS IoT name: expected PREFIX-ats.iot.REGION.amazonaws.com');

  const shape = PARTITIONS.find((candidate) => candidate.region.test(region));
  if (shape === undefined) return refuse(`${region} does not look like an AWS region`);
  if (suffix !== shape.suffix && suffix !== shape.dualStackSuffix) {
    return refuse(`${region} is in partition ${shape.partition}: its names end in .${shape.suffix}`);
  }
  return readHead(labels.slice(0, -2), {
    region,
    partition: shape.partition,
    suffix,
    fips: service === 'iot-fips',
    dualStack: suffix === shape.dualStackSuffix,
    host,
  });
}

interface Tail {
  readonly region: string;
  readonly partition: Partition;
  readonly suffix: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
  readonly host: string;
}

/** The labels before `.iot.`: they tell the kind, the form and the account. */
function readHead(head: readonly string[], tail: Tail): ParsedEndpointName {
  const [first = '', middle] = head;
  if (head.length === 0) {
    return refuse(`the control plane, which agents have no use for; the data endpoint is what \`${DESCRIBE} iot:Data-ATS\` prints`);
  }
  if (head.length > 2) return refuse('too many labels before .iot.: expected PREFIX-ats.iot.REGION.amazonaws.com');
  if (first === 'greengrass-ats' || first === 'greengrass')
    return refuse('a Greengrass name: this proxy serves data, credentials and jobs only');

  if (middle === undefined) return readData(first, tail);
  if (middle === 'ats') return readDotForm(first, tail);
  if (middle === 'credentials' || middle === 'jobs') return readOther(middle, first, tail);
  if (middle === 'tunneling') return refuse('a secure tunneling name: this proxy serves data, credentials and jobs only');
  return refuse(`.${middle}.iot. is not a kind of endpoint that this proxy serves: expected -ats.iot., .credentials.iot. or .jobs.iot.`);
}

function readData(first: string, tail: Tail): ParsedEndpointName {
  const hasAts = first.endsWith('-ats');
  const prefix = hasAts ? first.slice(0, -'-ats'.length) : first;
  // Beijing alone writes a dot (docs.amazonaws.cn, iot-connect-devices); Ningxia writes the dash like everyone else.
  if (hasAts && tail.region === BEIJING) return refuse(`Beijing writes a dot: ${prefix}.ats.iot.${tail.region}.${tail.suffix}`);
  return finish('data', prefix, tail, !hasAts && !tail.fips);
}

function readDotForm(prefix: string, tail: Tail): ParsedEndpointName {
  if (tail.region !== BEIJING) return refuse(`only Beijing writes a dot before ats: ${prefix}-ats.iot.${tail.region}.${tail.suffix}`);
  return finish('data', prefix, tail, false);
}

function readOther(kind: 'credentials' | 'jobs', prefix: string, tail: Tail): ParsedEndpointName {
  const type = kind === 'jobs' ? 'iot:Jobs' : 'iot:CredentialProvider';
  if (prefix.endsWith('-ats')) return refuse(`${kind} names have no -ats, and a prefix of their own: see \`${DESCRIBE} ${type}\``);
  return finish(kind, prefix, tail, false);
}

function finish(kind: EndpointName['kind'], prefix: string, tail: Tail, legacy: boolean): ParsedEndpointName {
  const { region, partition, suffix, fips, dualStack, host } = tail;
  const mistake = prefixMistake(kind, prefix, tail);
  if (mistake !== null) return refuse(mistake);
  return { ok: true, value: { kind, prefix, region, partition, suffix, fips, dualStack, legacy, form: host.slice(prefix.length) } };
}

function prefixMistake(kind: EndpointName['kind'], prefix: string, tail: Tail): string | null {
  if (prefix === 'data') {
    if (tail.fips || tail.dualStack) return null;
    return 'shared by every AWS account: use the account’s own name, which `aws iot describe-endpoint` prints';
  }
  // "There is no account-specific FIPS endpoint" (developer guide, iot-connect-fips).
  if (tail.fips)
    return `FIPS names carry no account prefix: data${kind === 'data' ? '' : `.${kind}`}.iot-fips.${tail.region}.${tail.suffix}`;
  if (NOT_A_PREFIX.has(prefix)) return `${prefix} is not an account’s prefix: copy the name that \`aws iot describe-endpoint\` prints`;
  if (!ACCOUNT_PREFIX.test(prefix))
    return 'the account’s prefix is 8 to 40 lower-case letters and digits: copy what `aws iot describe-endpoint` prints';
  return null;
}

function refuse(why: string): ParsedEndpointName {
  return { ok: false, why };
}
