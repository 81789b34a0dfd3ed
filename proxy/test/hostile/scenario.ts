// A scripted case: what no single string of bytes can say. What must come of it is in the table's words, and in the one reason code that its
// record has to carry.

import type { ReasonCode } from '../../core/fault.ts';
import type { Bench } from './bench.ts';
import type { DnsReply, RecordType } from './dns-stub.ts';
import type { Answer } from './door-client.ts';
import type { NodeProcess } from './node-process.ts';
import type { Expected } from './rows.ts';

/** What a case is run with: its own source address, and its own listed name where it asked for one. */
export interface Move {
  readonly bench: Bench;
  readonly source: string;
  readonly host: string;
  /** Our own name for that host on the gateway door. */
  readonly gatewayName: string;
}

/** A listed name that no other case uses: its answers and whatever is remembered of them are this case's alone. */
export interface OwnName {
  readonly dns: DnsReply | ((type: RecordType) => DnsReply);
  readonly accept?: string;
  readonly gateway?: true;
}

export interface Scenario {
  readonly id: string;
  readonly expected: Expected;
  readonly what: string;
  /** Of its decision record; null where nothing is sent, so that there is none. */
  readonly reason: ReasonCode | null;
  /** Decision records that it leaves; one where nothing is said. */
  readonly decisions?: number;
  /** The client address in its records, where that is not the source. */
  readonly recordedAs?: string;
  readonly node?: (bench: Bench) => NodeProcess;
  /** Runs while no other case does. */
  readonly alone?: true;
  /** Why it is known not to come out so; it is run, and shown as not yet done. */
  readonly gap?: string;
  readonly own?: OwnName;
  /** Throws what is wrong. An answer that it gives back is judged by the table's word too. */
  run(move: Move): Promise<Answer | undefined>;
}

/** The name of its entry under `endpoints`. */
export function endpointOf(id: string): string {
  return id.replaceAll(' ', '-');
}

/** The shape of an AWS data name, of an account that is called after the case. */
export function hostOf(id: string): string {
  return `${id.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}scenario-ats.iot.eu-west-1.amazonaws.com`;
}

export function gatewayNameOf(id: string): string {
  return `${endpointOf(id).toLowerCase()}.proxy.test`;
}
