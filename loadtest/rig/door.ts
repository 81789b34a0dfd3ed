// What agents open, by which proxy, and which names lead there: for each thing that a run may go through. Pure.

import type { Scenario } from '../scenario.ts';
import { FLEET_NAME } from './names.ts';
import { DATA_NAME, type Places } from './places.ts';

export interface Door {
  /** Where no signature is wanted. */
  readonly url: string;
  /** Null: agents dial what they open. */
  readonly proxy: string | null;
  /**
   * Addresses that the endpoint's name has for the agents. None behind a proxy: a k6 that took no heed of it would find the far end by itself, and
   * pass for a proxy that costs nothing.
   */
  readonly leads: readonly string[];
}

/** `hasNames`: names lead where we say, and ports are the real ones. Else k6 dials addresses. */
export function doorOf(through: Scenario['through'], { nodes, farEnds, farEndPort }: Places, hasNames: boolean): Door {
  const [first] = nodes;
  if (first === undefined) throw new Error('a run without a place for a proxy');
  const behind = `ws://${DATA_NAME}:443/mqtt`;
  const address = `${first.address}:${first.ports.agents}`;
  switch (through) {
    case 'pinhole':
      return { url: behind, proxy: `http://${hasNames ? `${FLEET_NAME}:${first.ports.agents}` : address}`, leads: [] };
    case 'squid':
      // It goes to the port that it is asked for.
      return { url: `ws://${DATA_NAME}:${farEndPort}/mqtt`, proxy: `http://${address}`, leads: [] };
    case 'haproxy':
      return hasNames ? { url: behind, proxy: null, leads: [first.address] } : { url: `ws://${address}/mqtt`, proxy: null, leads: [] };
    case 'direct':
      return hasNames
        ? { url: behind, proxy: null, leads: farEnds }
        : { url: `ws://${farEnds[0]}:${farEndPort}/mqtt`, proxy: null, leads: [] };
    default:
      return through satisfies never;
  }
}
