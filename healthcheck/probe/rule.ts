// When a node may leave because it cannot reach AWS IoT. A failure of AWS itself looks the same from every node, and must not empty the fleet:
// so a node leaves only where it failed alone, again and again: its own probe did, and in the very same rounds most of the others that answered
// got through. And only while not too many are out already. Where nobody answers, it stays. Pure.

import type { EndpointState, PeerView } from './contract.ts';

/** Of all nodes, this one counted: the share that may be out at once; one at least. */
const OUT_SHARE = 1 / 3;

export interface RuleFacts {
  /** With this round counted. */
  readonly endpoints: readonly EndpointState[];
  /** Whether this round got through here, by the endpoint's name; null where it could not tell. */
  readonly results: ReadonlyMap<string, boolean | null>;
  /** What went wrong in it. */
  readonly whys: ReadonlyMap<string, string>;
  /** As of this very round: those of before may have been asked on the other side of AWS's recovery. */
  readonly peers: readonly PeerView[];
  readonly failures: number;
  readonly ownAddresses: readonly string[];
  readonly wasWithdrawn: boolean;
}

export interface Ruling {
  readonly withdraw: boolean;
  /** One sentence for each thing that is wrong. */
  readonly troubles: readonly string[];
  readonly endpoints: readonly EndpointState[];
}

export function rule(facts: RuleFacts): Ruling {
  const judged = facts.endpoints.map((state) => {
    const others = othersSay(state.name, facts.peers);
    return { others, state: aloneOrNot(state, others, facts) };
  });
  const isMine = judged.some(({ state }) => state.isMine);
  const withdraw = isMine && mayBeOut(facts);
  const isHeldBack = isMine && !withdraw;
  const troubles = judged
    .filter(({ state }) => state.isFailing)
    .map(({ state, others }) => {
      if (state.ok === true) return `${state.name} is reached again, but not yet for long enough`;
      const why = facts.whys.get(state.name) ?? 'nothing is known of this round';
      return `${state.name} is not reached (${why}): ${consequence(state, others, withdraw)}`;
    });
  return {
    withdraw,
    troubles: [...troubles, ...lonely(facts.peers)],
    // Who was held back begins anew, so that two who yield to each other do not leave again in the next round.
    endpoints: judged.map(({ state }) => (isHeldBack ? { ...state, alone: 0, isMine: false } : state)),
  };
}

type OthersSay = 'through' | 'not through' | 'nothing';

function othersSay(endpoint: string, peers: readonly PeerView[]): OthersSay {
  const answers = peers.map(({ through }) => through[endpoint] ?? null).filter((answer) => answer !== null);
  if (answers.length === 0) return 'nothing';
  return answers.filter(Boolean).length * 2 > answers.length ? 'through' : 'not through';
}

/** It begins to be this node's own matter by failing alone often enough, and stays so until it is well, or is not alone any more. */
function aloneOrNot(state: EndpointState, others: OthersSay, { results, failures }: RuleFacts): EndpointState {
  const result = results.get(state.name) ?? null;
  const isAlone = result === false && others === 'through';
  const alone = isAlone ? state.alone + 1 : result === null ? state.alone : 0;
  const isMine = state.isFailing && others === 'through' && (state.isMine || alone >= failures);
  return { ...state, alone, isMine };
}

function consequence({ isMine }: EndpointState, others: OthersSay, withdraw: boolean): string {
  if (others === 'nothing') return 'no other node has said whether it is, so this one stays';
  if (others === 'not through') return 'most other nodes do not reach it either, so all stay';
  if (!isMine) return 'most other nodes reach it; this one stays until it has failed alone for long enough';
  return withdraw
    ? 'most other nodes reach it, so this one leaves'
    : 'most other nodes reach it, but too many are out already, so this one stays';
}

/**
 * Not too many nodes are out. Two that leave in the same moment see each other only then: of those that are out the ones with the lowest
 * addresses stay out, and every node comes to the same answer by itself.
 */
function mayBeOut({ peers, ownAddresses, wasWithdrawn }: RuleFacts): boolean {
  const most = mostOut(peers.length);
  const out = peers.filter(({ ready }) => ready === 'no');
  const [own] = ownAddresses.toSorted();
  if (!wasWithdrawn || own === undefined) return out.length < most;
  return out.filter(({ peer }) => peer.address < own).length < most;
}

function mostOut(others: number): number {
  return Math.max(1, Math.floor((others + 1) * OUT_SHARE));
}

/** The survivors have to say that they are few: nobody else is left to. */
function lonely(peers: readonly PeerView[]): string[] {
  const gone = peers.filter(({ ready }) => ready !== 'yes').length;
  if (gone === 0 || (gone < peers.length && gone <= mostOut(peers.length))) return [];
  return [`${gone} of ${peers.length} other nodes are out or silent`];
}
