// Ranges and zones of a stage, held against each other.

import type { Report } from '../../proxy/config/problem.ts';
import { isInside, overlap, type Span, spanOf } from './cidr.ts';
import type { Stage } from './stage.ts';

/** What a VPC and a subnet may be (VPC user guide, CIDR blocks). */
const BITS_MIN = 16;
const BITS_MAX = 28;
/** Of this machine, of the link, and of nobody: no VPC may have one (the same page). */
const NOT_IN_A_VPC = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];

export function judgeNetwork(stage: Stage, report: Report): void {
  const { network, region } = stage;
  const vpc = ipv4Span(network.cidr, ['network', 'cidr'], report);
  judgeConnected(stage, vpc, report);
  judgeEndpoints(stage, report);
  const seen: { zone: string; cidr: string | undefined; subnet: string | undefined; span: Span | null }[] = [];
  for (const [index, { zone, cidr, subnet }] of network.zones.entries()) {
    const at = ['network', 'zones', index];
    if (!zone.startsWith(region)) report.problem([...at, 'zone'], `${zone} is not in the region ${region}`);
    const first = seen.findIndex((other) => other.zone === zone);
    if (first >= 0) report.problem([...at, 'zone'], `${zone} is network.zones[${first}] already`);
    const same = seen.findIndex((other) => subnet !== undefined && other.subnet === subnet);
    if (same >= 0) report.problem([...at, 'subnet'], `network.zones[${same}] has it already, and a subnet is in one zone`);
    judgeSource(stage, index, { cidr, subnet }, report);

    const span = cidr === undefined ? null : ipv4Span(cidr, [...at, 'cidr'], report);
    if (span !== null && vpc !== null && !isInside(span, vpc)) report.problem([...at, 'cidr'], `${cidr} is not inside of ${network.cidr}`);
    for (const [other, { span: theirs, cidr: text }] of seen.entries()) {
      if (span !== null && theirs !== null && overlap(span, theirs))
        report.problem([...at, 'cidr'], `${cidr} overlaps ${text}, which is network.zones[${other}]`);
    }
    seen.push({ zone, cidr, subnet, span });
  }
}

function judgeConnected({ network }: Stage, vpc: Span | null, report: Report): void {
  for (const [index, text] of network.connected.entries()) {
    const span = spanOf(text);
    if (span !== null && vpc !== null && overlap(span, vpc))
      report.problem(
        ['network', 'connected', index],
        `${text} overlaps ${network.cidr}, the range of the VPC: neither would reach the other`,
      );
  }
}

/** Endpoints of a VPC lead to AWS IoT of their own region, whatever name is asked for. */
function judgeEndpoints({ network, node, region }: Stage, report: Report): void {
  if (!network.iotEndpoints) return;
  for (const [index, { data, credentials }] of node.endpoints.entries()) {
    for (const [key, name] of Object.entries({ data, credentials })) {
      if (name !== undefined && !name.split('.').includes(region))
        report.problem(['node', 'endpoints', index, key], `not in ${region}, where network.iotEndpoints would send it`);
    }
  }
}

/** A VPC that is made takes ranges, one that is given takes subnets. */
function judgeSource(
  { network, shape }: Stage,
  index: number,
  { cidr, subnet }: { readonly cidr: string | undefined; readonly subnet: string | undefined },
  report: Report,
): void {
  const at = ['network', 'zones', index];
  if (network.vpc === undefined) {
    if (cidr === undefined) report.problem([...at], 'missing cidr: the VPC is made here, and so are its subnets');
    if (subnet !== undefined)
      report.problem([...at, 'subnet'], 'a subnet that is there belongs to a VPC that is there: give network.vpc too');
    return;
  }
  if (subnet === undefined) report.problem([...at], 'missing subnet: the VPC is given, and nothing is made in it');
  if (shape === 'nlb' && cidr === undefined)
    report.problem([...at], 'missing cidr: with nlb, a PROXY header is taken from these ranges only');
}

function ipv4Span(text: string, at: (string | number)[], report: Report): Span | null {
  const span = spanOf(text);
  if (span === null) report.problem(at, `${text}: expected an IPv4 range`);
  else if (span.bits < BITS_MIN || span.bits > BITS_MAX) report.problem(at, `${text}: AWS takes /${BITS_MIN} to /${BITS_MAX}`);
  const kept = span === null ? undefined : NOT_IN_A_VPC.find((range) => meets(span, range));
  if (kept !== undefined) report.problem(at, `${text}: AWS takes no range of ${kept}`);
  return span;
}

function meets(span: Span, range: string): boolean {
  const other = spanOf(range);
  return other !== null && overlap(span, other);
}
