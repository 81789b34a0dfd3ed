// Names inside a node's runtime folder: the only way in which its processes, and the commands that operate it, find each other.
// Names only: nothing here opens anything.

/** `sun_path` holds 108 bytes with its closing zero (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107;

/** The accepted configuration, as the processes of one generation read it. */
export const settingsFile = (runtime: string, generation: number): string => `${runtime}/settings-${generation}.json`;
/** What a `prepare` child leaves, until the supervisor takes it into use. */
export const preparedSettingsFile = (runtime: string, pid: number): string => `${runtime}/settings.${pid}.json`;
export const generationFile = (runtime: string): string => `${runtime}/generation`;
export const ledgerFile = (runtime: string): string => `${runtime}/ledger`;
/** Beside a ledger; the first version of its layout. The first carrier that counts a tenant makes it. */
export const tenantLedgerFile = (ledger: string): string => `${ledger}-tenants-1`;
export const verdictFile = (runtime: string): string => `${runtime}/verdict.json`;
export const probeFile = (runtime: string): string => `${runtime}/probe.json`;
/** The order to drain, while there is one. */
export const drainFile = (runtime: string): string => `${runtime}/drain.json`;
export const retiredMetricsFile = (runtime: string): string => `${runtime}/metrics-retired.json`;
/** Code that carriers and control have compiled, for those that come after them. */
export const compiledFolder = (runtime: string): string => `${runtime}/compiled`;
export const supervisorSocket = (runtime: string): string => `${runtime}/supervisor.sock`;
/** Where `reload` and `upgrade` are asked for, of the supervisor. */
export const ordersSocket = (runtime: string): string => `${runtime}/orders.sock`;
export const controlSocket = (runtime: string): string => `${runtime}/control.sock`;
/** Who listens here keeps the pace of a drain. */
export const paceSocket = (runtime: string): string => `${runtime}/pace.sock`;

export function carrierSocket(runtime: string, generation: number, slot: number): string {
  return `${runtime}/carrier-${generation}-${slot}.sock`;
}

/** Where a carrier takes tunnels over from another generation's. No longer a name than the one above. */
export function moveSocket(runtime: string, generation: number, slot: number): string {
  return `${runtime}/move-${generation}-${slot}.sock`;
}

/** One run of one carrier: a slot's carrier that was started again is another one, with counters of its own. */
export interface Incarnation {
  readonly generation: number;
  readonly slot: number;
  readonly pid: number;
  /** Wall time of its start; tells two runs apart that were given the same pid. */
  readonly startedMs: number;
}

export function metricsFileName({ generation, slot, pid, startedMs }: Incarnation): string {
  return `metrics-${generation}-${slot}-${pid}-${Math.floor(startedMs)}.json`;
}

export function parseMetricsFileName(name: string): Incarnation | null {
  const match = /^metrics-(\d+)-(\d+)-(\d+)-(\d+)\.json$/.exec(name);
  if (!match) return null;
  const [generation = 0, slot = 0, pid = 0, startedMs = 0] = match.slice(1).map(Number);
  return { generation, slot, pid, startedMs };
}

/** The longest socket name that this runtime folder will ever hold, with room for ten million restarts. */
export function longestSocketPath(runtime: string, carriers: number): string {
  return carrierSocket(runtime, 9_999_999, carriers);
}

/** Files of an earlier run: sockets nobody answers, counters of carriers that are gone, settings that were never taken into use. */
export function isLeftover(name: string): boolean {
  return /^((carrier|move)-\d+-\d+\.sock|control\.sock|orders\.sock|metrics-.*\.json|verdict\.json|ledger-tenants-\d+|probe\.json|drain\.json|pace\.sock.*|settings[.-]\d+\.json|.*\.tmp)$/.test(
    name,
  );
}
