import type { ProbeVerdict } from '../../../healthcheck/probe/contract.ts';

/** What a probe writes that has found nothing wrong; what a test cares about it overrides. */
export function probeVerdict(atMs: number, changes: Partial<ProbeVerdict> = {}): ProbeVerdict {
  return {
    atMs,
    goodForMs: 100_000,
    withdraw: false,
    troubles: [],
    endpoints: [],
    attempts: [],
    peers: [],
    certificateLeftMs: null,
    ...changes,
  };
}
