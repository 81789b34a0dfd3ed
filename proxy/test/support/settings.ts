import type { ListedHost, Settings } from '../../core/settings.ts';

export const DATA_HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
export const CREDENTIALS_HOST = 'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com';
export const OTHER_HOST = 'z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com';

export const DATA: ListedHost = {
  host: DATA_HOST,
  kind: 'data',
  endpoint: 'production',
  ports: [443, 8883],
  accept: [],
  anyAccount: false,
};

/** Whole settings for a test; what it cares about it overrides. */
export function testSettings(overrides: Partial<Settings> = {}): Settings {
  return {
    node: { name: 'test', publicAddresses: [] },
    runtime: '/nonexistent',
    listeners: [
      {
        name: '127.0.0.1:0',
        host: '127.0.0.1',
        port: 0,
        doors: ['connect', 'connect-tls', 'sni', 'gateway'],
        backlog: 128,
        proxyProtocolTrust: null,
      },
    ],
    tls: null,
    hosts: [DATA, { ...DATA, host: CREDENTIALS_HOST, kind: 'credentials', ports: [443] }],
    gateways: [],
    tenants: null,
    policy: { sni: 'enforce', alpn: 'enforce', address: 'enforce', allowMissingSni: false, revoked: 'close' },
    resolve: { servers: [], family: 'ipv4', pins: [] },
    limits: {
      tunnels: 1_000,
      opensPerSecond: 1_000,
      idleMs: 1_860_000,
      maxAgeMs: null,
      perTunnelBufferBytes: 256 * 1024,
      pending: 1_000,
      perSource: { pending: 1_000, refusalsPerSecond: 1_000 },
    },
    timeouts: {
      headMs: 10_000,
      helloMs: 10_000,
      handshakeMs: 10_000,
      answerMs: 8_000,
      upgradeMs: 10_000,
      halfClosedMs: 60_000,
      proxyHeaderMs: 5_000,
    },
    drain: { settleMs: 120_000, rate: 8, deadlineMs: 7_200_000, stopMs: 1_000 },
    carriers: 1,
    relay: 'node',
    health: { host: '127.0.0.1', port: 0 },
    probe: null,
    admin: { host: '127.0.0.1', port: 0, token: null, names: [], peers: [] },
    addresses: null,
    log: { level: 'info', file: null },
    atStart: {
      listen: [{ host: '127.0.0.1', port: 0, backlog: 128, doors: ['connect', 'connect-tls', 'sni', 'gateway'], proxyProtocolTrust: null }],
      carriers: 1,
      relay: 'node',
      runtime: '/nonexistent',
      clientCa: false,
      health: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
    },
    policyVersion: '000000000000',
    ...overrides,
  };
}
