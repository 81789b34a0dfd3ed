// A real fleet as the target of a run: a YAML file, read strictly, every mistake at once. Reads nothing but its argument.

import { BlockList, isIP } from 'node:net';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { regionOf } from '../agent/sigv4.ts';

const RATE_MAX = 10_000;
const MACHINES_MAX = 1_000;

const target = z.strictObject({
  proxy: z
    .string()
    .regex(/^http:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?$/, 'expected http://NAME:PORT; k6 speaks no TLS to a proxy')
    .refine((text) => URL.canParse(text), 'no such name or port can be')
    .meta({ description: 'The fleet, as agents are given it. k6 asks for its addresses again each second.' }),
  url: z
    .string()
    .refine((text) => ['ws:', 'wss:'].includes(URL.parse(text)?.protocol ?? ''), 'expected ws://HOST/PATH or wss://HOST/PATH')
    .refine((text) => !text.includes('#'), 'a WebSocket has no fragment (RFC 6455 section 3)')
    .meta({ description: 'What agents open behind the proxy; with a signature where the far end asks for one.' }),
  tunnels: z.int().min(1).max(1_000_000).meta({ description: 'Of all machines together.' }),
  opensPerSecond: z.number().positive().max(RATE_MAX).meta({ description: 'The most, of all machines together, retries included.' }),
  holdSeconds: z
    .int()
    .min(1)
    .max(7 * 86_400)
    .optional()
    .meta({ description: 'The scenario’s own unless given.' }),
  machine: z
    .strictObject({ number: z.int().min(1).max(MACHINES_MAX), of: z.int().min(1).max(MACHINES_MAX) })
    .refine(({ number, of }) => number <= of, 'number is above of')
    .prefault({ number: 1, of: 1 })
    .meta({ description: 'Which share of the agents this machine has. Give all of them one file but for this.' }),
  startsAt: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'When the first agent opens, the same on all machines; a moment from now unless given.' }),
  caFile: z.string().min(1).optional().meta({ description: 'PEM file with the roots that k6 trusts, instead of the machine’s.' }),
});

export const TARGET_KEYS = Object.keys(target.shape);

export type Target = z.output<typeof target>;

export type ReadTarget = { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly problems: readonly string[] };

export function parseTarget(text: string): ReadTarget {
  const document = parseDocument(text);
  if (document.errors.length > 0) return { ok: false, problems: document.errors.map(({ message }) => message.split('\n')[0] ?? message) };
  const read = target.safeParse(document.toJS());
  if (!read.success)
    return { ok: false, problems: read.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`) };
  return { ok: true, target: read.data };
}

/** Zones of AWS's own, in every partition (proxy/policy/endpoint-name.ts has the same): whatever is in one may be an endpoint. */
const AWS_ZONES = [
  ...['amazonaws.com', 'amazonaws.com.cn', 'amazonaws.eu', 'aws', 'amazonwebservices.com.cn', 'amazonwebservices.eu'],
  ...['c2s.ic.gov', 'sc2s.sgov.gov', 'cloud.adc-e.uk', 'csp.hci.ic.gov'],
];

/** Loopback, private, link-local and shared space (RFC 1122, 1918, 3927, 6598, 4193, 4291). */
const OWN = new BlockList();
for (const network of [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]) {
  const [address = '', prefix] = network.split('/');
  OWN.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

export interface Aim {
  /** Names that the target's name leads to (CNAME), as DNS gives them; in words where it gave none. */
  readonly aliases: readonly string[] | string;
  /** `--i-have-quota`. */
  readonly quota: number | null;
}

/**
 * Tries per second that may be made, or words. At AWS an account has 500 CONNECTs a second by default, for everything it runs: whoever
 * aims there has to say what was given, and is held to it.
 */
export function aim({ url, opensPerSecond }: Pick<Target, 'url' | 'opensPerSecond'>, { aliases, quota }: Aim): number | string {
  const host = plainName(URL.parse(url)?.hostname ?? '');
  if (quota === null && isPublicAddress(host))
    return `nobody can tell whose ${host} is, and it may be AWS’s: give the endpoint by its name, or say --i-have-quota N, the CONNECTs a second that it may be asked for`;
  if (quota === null && typeof aliases === 'string' && !isAws(host))
    return `${aliases}, and it may be AWS’s: say --i-have-quota N, the CONNECTs a second that it may be asked for`;
  const ofAws = [host, ...(typeof aliases === 'string' ? [] : aliases).map(plainName)].find(isAws);
  if (ofAws === undefined) return quota === null ? opensPerSecond : Math.min(opensPerSecond, quota);
  if (quota === null) {
    const leads = ofAws === host ? `${host} is AWS’s` : `${host} leads to ${ofAws}, which is AWS’s`;
    return `${leads}: its quota of CONNECTs is your whole account’s, real devices included (500 a second unless raised${regionOf(ofAws) === null ? '' : `, in ${regionOf(ofAws)}`}). Say --i-have-quota N, the CONNECTs a second that are yours to use; no more are tried`;
  }
  return Math.min(opensPerSecond, quota);
}

/** Of a URL's host: what is no name, and not of a network that is one's own. */
function isPublicAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && !OWN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** As zones are written: dots at its end say that it is whole, and say nothing more. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.+$/, '');
}

function isAws(host: string): boolean {
  return AWS_ZONES.some((zone) => host === zone || host.endsWith(`.${zone}`));
}
