// What control tells the probe to do, and what the probe says back: types only, the one thing that both know of each other. The job comes over
// the IPC channel; the verdict is a file, so that it outlives either of them.

/** Where somebody listens for agents. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface OwnPlace extends Place {
  /** The listener wants to hear a PROXY header from us first. */
  readonly wantsProxyHeader: boolean;
}

/** The ways through a node, as docs/configuration.md names them. */
export type Way = 'connect' | 'connect-tls' | 'sni' | 'gateway';

export interface ProbedEndpoint {
  /** `endpoints[].name`. */
  readonly name: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** Roots in PEM; null for the public ones. */
  readonly ca: string | null;
}

export interface ProbeJob {
  /** Where the verdict goes. */
  readonly file: string;
  readonly schedule: string;
  readonly failures: number;
  /** Our own listener for each way; one that is not here is not served. */
  readonly places: Readonly<Partial<Record<Way, OwnPlace>>>;
  readonly endpoints: readonly ProbedEndpoint[];
  readonly gateways: readonly { readonly name: string; readonly endpoint: string }[];
  /** A name of ours to ask for, and the certificates of our own file: trusted besides the public roots. Null where we have none. */
  readonly tls: { readonly name: string; readonly certificates: string } | null;
  readonly peers: readonly Place[];
  /** `USER:TOKEN` to come with where the node asks who one is; null without. */
  readonly login: string | null;
  /** `node.publicAddresses`: how the peers know us. */
  readonly ownAddresses: readonly string[];
}

export type Step = 'reach' | 'proxy-tls' | 'answer' | 'endpoint-tls' | 'upgrade';

/**
 * What came of one attempt. `through`: an agent would have got through. `upstream`: the node answered, AWS or the way to it did not.
 * `ours`: the node itself is at fault. `unclear`: it says nothing about either, such as a refusal for want of room.
 */
export type Outcome = 'through' | 'upstream' | 'ours' | 'unclear';

export interface Attempt {
  readonly way: Way;
  readonly endpoint: string;
  /** The endpoint's host; on the gateway the gateway's name. */
  readonly host: string;
  readonly port: number;
  readonly outcome: Outcome;
  /** Null where it got through. */
  readonly why: string | null;
  /** Milliseconds of each step that was begun. */
  readonly ms: Readonly<Partial<Record<Step, number>>>;
}

export interface EndpointState {
  readonly name: string;
  /** Of the last round that could tell; null before there was one. */
  readonly ok: boolean | null;
  /** Rounds in a row that failed, or succeeded. */
  readonly failed: number;
  readonly succeeded: number;
  /** It has failed `failures` times in a row, and has not yet succeeded as often since. */
  readonly isFailing: boolean;
  /** Rounds in a row that failed here while most other nodes got through. */
  readonly alone: number;
  /** It is this node's own matter: it has failed alone `failures` times in a row, and is not well again. */
  readonly isMine: boolean;
}

export interface PeerView {
  readonly peer: Place;
  /** What its own `/ready` says in public. */
  readonly ready: 'yes' | 'no' | 'silent';
  /** Whether the probe got through it, by the endpoint's name; null where it gave no answer that counts. */
  readonly through: Readonly<Record<string, boolean | null>>;
}

export interface ProbeVerdict {
  /** A moment of the machine-wide clock (CLOCK_MONOTONIC). */
  readonly atMs: number;
  /** Later than this after `atMs` it counts no more. */
  readonly goodForMs: number;
  /** This node, and not the fleet or AWS, cannot get through: it should not be given new agents. */
  readonly withdraw: boolean;
  /** What is wrong, in sentences; empty where all is well. */
  readonly troubles: readonly string[];
  readonly endpoints: readonly EndpointState[];
  readonly attempts: readonly Attempt[];
  readonly peers: readonly PeerView[];
  /** Of the certificate that our own listener showed; null where none was seen. */
  readonly certificateLeftMs: number | null;
}
