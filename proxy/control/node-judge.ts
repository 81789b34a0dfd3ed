// Control's word on the node, with each of its looks: what the carriers, the machine, the listeners' own ports, our certificate and the probe say,
// through the latches.

import { X509Certificate } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { ResolverState } from '../core/ports.ts';
import type { Settings } from '../core/settings.ts';
import type { CarrierStatus } from './carrier-api.ts';
import { certificateWords, Latches, LATCHES_KEPT_MS, type NodeFacts, readingsOf } from './latches.ts';
import { fullUpstreams, memoryHeadroom, portsHeadroom } from './machine-room.ts';
import { PortWatch } from './port-watch.ts';
import { NO_PROBE, type ProbeReport, readProbe } from './probe-report.ts';
import { readLoad, type SeenLoad } from './seen-load.ts';
import { readVerdict, type Verdict } from './verdict.ts';

const DAY_MS = 86_400_000;
/** Long enough for somebody to come back from a holiday; of a short life a quarter. */
const CERTIFICATE_CONCERN_MS = 14 * DAY_MS;
const CERTIFICATE_CONCERN_SHARE = 0.25;

export type JudgedSettings = Pick<Settings, 'listeners' | 'tls' | 'probe'>;

export interface NodeJudgeDeps {
  readonly runtime: string;
  readonly settings: JudgedSettings;
  readonly clock: Clock;
  /** It wants to look again soon. */
  readonly doubts?: () => void;
  /** The share of memory that is free; null where the machine does not say. */
  readonly memoryFree?: () => number | null;
}

/** Of this version or of another. */
type SeenCarrier = Omit<CarrierStatus, 'load'> & { readonly load: SeenLoad };

export class NodeJudge {
  readonly #deps: NodeJudgeDeps;
  readonly #latches: Latches;
  readonly #ports: PortWatch;
  #settings: JudgedSettings;
  #certificate: X509Certificate | null;
  /** Since when the probe has had the time to speak. */
  #probeFromMs: number;
  #full: ReadonlySet<string>;
  #isProbeLate = false;

  constructor(deps: NodeJudgeDeps) {
    const { runtime, settings, clock } = deps;
    // Older than what counts for readiness: whoever hung and was started again took longer than that.
    const before = readVerdict(runtime, clock, LATCHES_KEPT_MS);
    this.#deps = deps;
    this.#settings = settings;
    this.#certificate = certificateOf(settings);
    this.#probeFromMs = clock.nowMs();
    this.#latches = new Latches(this.#probeFromMs, before?.latches);
    this.#full = new Set(before?.fullUpstreams);
    this.#ports = new PortWatch(settings.listeners, clock);
  }

  /** Judges by these settings from now on. What was seen until now was seen of the same node: files that change often reset no latch. */
  take(settings: JudgedSettings): void {
    this.#certificate = certificateOf(settings);
    this.#ports.take(settings.listeners);
    if (this.#settings.probe === null) this.#probeFromMs = this.#deps.clock.nowMs();
    this.#settings = settings;
  }

  /** The probe should have spoken, and has not. */
  get isProbeLate(): boolean {
    return this.#isProbeLate;
  }

  /** It would not judge by the last look alone: a latch may be about to change its mind, or a port of ours is slow or has not answered yet. */
  get isInDoubt(): boolean {
    return this.#latches.areInDoubt || !this.#ports.isWell;
  }

  /** `carriers`: every slot's answer, null where there was none. Those of the current generation take new tunnels, and are judged by that. */
  look(carriers: readonly (CarrierStatus | null)[], node: { readonly generation: number; readonly isStopping: boolean }): Verdict {
    const { runtime, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const answering = carriers.filter((carrier) => carrier !== null).map((carrier) => ({ ...carrier, load: readLoad(carrier.load) }));
    // A retired one may be full, late or without DNS: who comes now meets the others.
    const current = answering.filter(({ generation }) => generation === node.generation);
    // Before a carrier accepts, and once it has said that it does not, there is nothing to be learnt at the port.
    if (current.some(({ accepting }) => accepting)) void this.#askPorts();
    const probe = this.#settings.probe === null ? NO_PROBE : readProbe(runtime, clock, nowMs - this.#probeFromMs);
    this.#isProbeLate = probe.isLate;
    // The system counts the local ports of all of them.
    const upstreams = sumOf(answering);
    this.#full = fullUpstreams(upstreams, this.#full);

    const facts = this.#factsOf(current, { isStopping: node.isStopping, upstreams, probe });
    const latches = this.#latches.look(readingsOf(facts), nowMs);
    const reasons = latches.filter(({ isTripped }) => isTripped).map(({ why }) => why);
    return {
      ready: reasons.length === 0,
      reasons,
      concerns: [...concernsOf(current, facts), ...probe.concerns].filter((concern) => !reasons.includes(concern)),
      latches,
      fullUpstreams: [...this.#full],
      answerS: this.#ports.answerS,
      atMs: nowMs,
    };
  }

  /** What the answers say is in the next look: which must not be far where they are not as they should be. */
  async #askPorts(): Promise<void> {
    await this.#ports.look();
    if (!this.#ports.isWell) this.#deps.doubts?.();
  }

  #factsOf(
    carriers: readonly SeenCarrier[],
    seen: { readonly isStopping: boolean; readonly upstreams: Readonly<Record<string, number>>; readonly probe: ProbeReport },
  ): NodeFacts {
    const loads = carriers.map(({ load }) => load);
    return {
      isStopping: seen.isStopping,
      port: this.#isPortToldOf(carriers) ? this.#ports.wrong : null,
      eventLoopDelayS: worst(
        Math.max,
        loads.map(({ eventLoopDelayS }) => eventLoopDelayS),
      ),
      descriptorsFree: worst(
        Math.min,
        loads.map(({ descriptorsFree }) => descriptorsFree),
      ),
      // Ports that others hold are in no count of ours: where the system has none, none is left.
      portsFree: loads.length === 0 ? null : loads.some(({ shedding }) => shedding.includes('ports')) ? 0 : portsHeadroom(seen.upstreams),
      memoryFree: (this.#deps.memoryFree ?? memoryHeadroom)(),
      certificate: this.#certificateFacts(seen.probe),
      resolvers: loads.map(({ resolver }) => resolver),
      probe: seen.probe.withdraws,
    };
  }

  /**
   * Nothing is learnt at the port where no carrier accepts; nor where it is slow and the carriers refuse new tunnels for that very reason: a
   * busy node that left would leave its load to the others.
   */
  #isPortToldOf(carriers: readonly SeenCarrier[]): boolean {
    const isBusy = carriers.some(({ load }) => load.shedding.length > 0);
    return carriers.some(({ accepting }) => accepting) && !(isBusy && this.#ports.isOnlySlow && this.#ports.wrong !== '');
  }

  /** What our own listener showed the probe goes before what the file says: that is what clients see. */
  #certificateFacts({ verdict }: ProbeReport): NodeFacts['certificate'] {
    if (this.#certificate === null) return null;
    const { validFromDate, validToDate } = this.#certificate;
    const leftMs = verdict?.certificateLeftMs ?? validToDate.getTime() - this.#deps.clock.wallMs();
    return { leftMs, lifeMs: validToDate.getTime() - validFromDate.getTime() };
  }
}

/** Of the file, where a door shows it. */
function certificateOf({ listeners, tls }: JudgedSettings): X509Certificate | null {
  const isShown = listeners.some(({ doors }) => doors.includes('connect-tls') || doors.includes('gateway'));
  return tls !== null && isShown ? new X509Certificate(tls.certificatePem) : null;
}

/** Of those that are known. */
function worst(of: (...values: number[]) => number, values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : of(...known);
}

function sumOf(carriers: readonly SeenCarrier[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { load } of carriers) {
    for (const [upstream, count] of Object.entries(load.upstreams)) sums[upstream] = (sums[upstream] ?? 0) + count;
  }
  return sums;
}

function concernsOf(carriers: readonly SeenCarrier[], { certificate, resolvers }: NodeFacts): string[] {
  const shedding = new Set(carriers.flatMap(({ load }) => load.shedding));
  const concerns = shedding.size === 0 ? [] : [`new tunnels are refused for want of room: ${[...shedding].join(', ')}`];
  if (resolvers.some(isNotAnswering)) concerns.push('no DNS server answers');
  if (certificate !== null && certificate.leftMs < Math.min(CERTIFICATE_CONCERN_MS, certificate.lifeMs * CERTIFICATE_CONCERN_SHARE))
    concerns.push(certificateWords(certificate.leftMs));
  return concerns;
}

function isNotAnswering(state: ResolverState): boolean {
  return state === 'stale' || state === 'failing';
}
