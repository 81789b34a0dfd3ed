import type { MovedSession } from '../../tunnel/move-message.ts';
import { DATA_HOST } from './settings.ts';

/** A session as one carrier tells another of it; what a test cares about it overrides. */
export function movedSession(overrides: Partial<MovedSession> = {}): MovedSession {
  return {
    startMs: 1_234.5,
    maxAgeMs: 86_400_000,
    policyVersion: '0123456789ab',
    proof: null,
    record: {
      id: 'ABCDEFGHIJKLMNOP2345',
      listener: 'first',
      door: 'sni',
      client_ip: '198.51.100.7',
      client_port: 50_123,
      tenant: null,
      target_host: DATA_HOST,
      target_port: 443,
      endpoint: 'production',
      kind: 'data',
      sni: DATA_HOST,
      alpn: 'x-amzn-mqtt-ca',
      tls_version: null,
      would_deny: [],
      reason: 'OK',
      status: null,
      resolve_ms: 0.4,
      dial_ms: 12.5,
      upstream_ip: '203.0.113.9',
      upstream_port: 443,
      local_ip: '10.0.0.5',
      local_port: 40_001,
    },
    ...overrides,
  };
}
