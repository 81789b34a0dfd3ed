// What the bench knows of a proxy before it runs.

import type { Certificates } from './certificates.ts';
import type { Needs } from './needs.ts';

/** Where a proxy runs, and what it shall lead to. */
export interface Place {
  readonly folder: string;
  /** Where its configuration is, if it has one. */
  readonly configPath: string;
  /** The path of the program. */
  readonly bareRelay: string;
  readonly port: number;
  /** Ports that are free as well, for those who want more than one. */
  readonly spare: readonly [number, number];
  readonly echo: { readonly address: string; readonly port: number };
  /** The name in the ClientHello, which is the only one that may pass. */
  readonly serverName: string;
  readonly tunnels: number;
  /** Null where the contestant speaks no TLS. */
  readonly certificates: Certificates | null;
}

export interface Contestant {
  readonly name: string;
  /** How a tunnel is asked for: by CONNECT, by the name in the ClientHello alone, or by a WebSocket upgrade. */
  readonly mode: 'connect' | 'sni' | 'upgrade';
  /** The name of the proxy in the TLS that the load speaks with it; null where it speaks none. */
  readonly ourName: string | null;
  /** Null where it needs nothing but Pinhole itself. */
  readonly needs: Needs | null;
  /** Says its version; null for the bench's own program. */
  readonly version: readonly string[] | null;
  /** What CONNECT asks for, or the name that the upgrade is sent to. */
  readonly target: (place: Place) => string;
  /** Null where its command says everything. */
  readonly config: { readonly file: string; readonly text: (place: Place) => string } | null;
  readonly command: (place: Place) => readonly string[];
}
