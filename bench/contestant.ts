// What the bench knows of a proxy before it runs.

/** Where a proxy runs, and what it shall lead to. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Ports that are free as well, for those who want more than one. */
  readonly spare: readonly [number, number];
  readonly echo: { readonly address: string; readonly port: number };
  /** The name in the ClientHello, which is the only one that may pass. */
  readonly serverName: string;
  readonly tunnels: number;
}

export interface Contestant {
  readonly name: string;
  readonly mode: 'connect' | 'sni';
  /** What has to be there for it to run, and the Debian packages that bring it; for Pinhole nothing. */
  readonly needs: { readonly files: readonly string[]; readonly packages: string } | null;
  readonly version: readonly string[];
  /** What CONNECT asks for. */
  readonly target: (place: Place) => string;
  readonly configFile: string;
  readonly config: (place: Place) => string;
  readonly command: (configPath: string) => readonly string[];
}
