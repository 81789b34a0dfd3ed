// What each shape needs, and what only the other one has.

import type { Report } from '../../proxy/config/problem.ts';
import type { Stage } from './stage.ts';

/** Elastic IPs of a region where nothing was raised (VPC quotas). */
const ADDRESSES_BY_DEFAULT = 5;
/** Longest `tcp.idle_timeout.seconds` of a listener (ELB v2 API). */
export const NLB_IDLE_MAX_S = 6_000;
/** Connections of one load balancer node to one target, where the client's address is not kept (NLB guide, target groups). */
const NLB_CONNECTIONS_PER_TARGET = 55_000;
/** A lifecycle action may be put off for so long (EC2 Auto Scaling, lifecycle hooks). */
export const HOOK_MAX_S = 172_800;
/** `TimeoutStopSec` of deploy/host/pinhole.service: then systemd kills what is left. */
export const STOP_MAX_S = 600;

/** CloudFormation takes 500 resources in a stack, and each slot has about twenty alarms in one. */
const SLOTS_MAX = 20;

export function judgeShape(stage: Stage, report: Report): void {
  judgeAddresses(stage, report);
  judgeDrain(stage, report);
  if (stage.shape === 'slots') judgeSlots(stage, report);
  else judgeBalanced(stage, report);
}

function judgeAddresses({ slots, network }: Stage, report: Report): void {
  for (const [index, { id, zone }] of slots.entries()) {
    const first = slots.findIndex((other) => other.id === id);
    if (first < index) report.problem(['addresses', index, 'id'], `${id} is addresses[${first}] already`);
    if (!network.zones.some((known) => known.zone === zone))
      report.problem(['addresses', index, 'zone'], `${zone} is not among network.zones`);
  }
  if (slots.length > ADDRESSES_BY_DEFAULT)
    report.warning(['addresses'], `an account has ${ADDRESSES_BY_DEFAULT} Elastic IPs in a region unless its quota was raised`);
  if (new Set(slots.map(({ zone }) => zone)).size === 1 && slots.length > 1)
    report.warning(['addresses'], 'all in one availability zone: when that is gone, all of them are');
}

/** The node drains while Auto Scaling waits, and ends while systemd does; what takes longer would be cut off. */
function judgeDrain({ node: { drain } }: Stage, report: Report): void {
  const seconds = (drain.settle + drain.deadline) / 1_000;
  if (seconds >= HOOK_MAX_S)
    report.problem(['node', 'drain', 'deadline'], 'with drain.settle longer than the 48 hours that Auto Scaling waits');
  if (drain.stop / 1_000 >= STOP_MAX_S)
    report.problem(
      ['node', 'drain', 'stop'],
      `systemd waits ${STOP_MAX_S / 60} minutes for a node that is stopped, and then kills it: take less`,
    );
}

function judgeSlots(stage: Stage, report: Report): void {
  const { slots, nodes, network } = stage;
  if (slots.length > SLOTS_MAX)
    report.problem(
      ['addresses'],
      `at most ${SLOTS_MAX} with slots, for a stack has no room for more alarms: take shape: nlb, or a second stage`,
    );
  if (nodes !== undefined) report.problem(['nodes'], 'with slots every address has one node: leave it out, or take shape: nlb');
  if (!slots.some(({ role }) => role === 'active')) report.problem(['addresses'], 'none is active: nobody would be served');
  if (!slots.some(({ role }) => role === 'spare'))
    report.problem(
      ['addresses'],
      'no spare: to replace a node its address would have to move, and that cuts every tunnel on it; add one with role: spare',
    );
  for (const [index, { zone }] of network.zones.entries()) {
    if (!slots.some((slot) => slot.zone === zone)) report.warning(['network', 'zones', index], `no address is in ${zone}`);
  }
}

function judgeBalanced(stage: Stage, report: Report): void {
  const { slots, nodes, node } = stage;
  if (nodes === undefined) report.problem(['shape'], 'missing nodes: with nlb, say how many');
  for (const [index, { zone }] of slots.entries()) {
    const first = slots.findIndex((other) => other.zone === zone);
    if (first < index)
      report.problem(['addresses', index, 'zone'], `${zone} has addresses[${first}] already: a load balancer takes one for each zone`);
    if (report.isWritten(['addresses', index, 'role']))
      report.problem(
        ['addresses', index, 'role'],
        'with nlb no address needs a spare: leave it out, nodes come and go behind the addresses',
      );
  }
  if (node.limits.idle / 1_000 > NLB_IDLE_MAX_S)
    report.problem(
      ['node', 'limits', 'idle'],
      `longer than the ${NLB_IDLE_MAX_S} s after which the load balancer forgets a silent connection`,
    );
  const most = NLB_CONNECTIONS_PER_TARGET * new Set(slots.map(({ zone }) => zone)).size;
  if (node.limits.tunnels > most)
    report.problem(['node', 'limits', 'tunnels'], `more than the ${most} connections that ${slots.length} addresses can bring to one node`);
}
