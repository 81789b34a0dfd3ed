import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../core/settings.ts';
import { renderProblem, runtimeNamedBy } from './load.ts';
import { CREDENTIALS, DATA, FILE, load, MACHINE, MINIMAL, problemsOf, type World } from './test-support.ts';

function settingsOf(text: string, world: World = {}): Settings {
  const loaded = load(text, world);
  if ('problems' in loaded) assert.fail(loaded.problems.map((problem) => renderProblem(FILE, problem)).join('\n'));
  return loaded.settings;
}

test('the least file becomes settings with every default', () => {
  const { policyVersion, ...settings } = settingsOf(MINIMAL);
  assert.match(policyVersion, /^[0-9a-f]{12}$/);
  assert.deepEqual(settings, {
    node: { name: 'pinhole', publicAddresses: [] },
    runtime: '/tmp/pinhole-1000',
    listeners: [
      { name: '127.0.0.1:8443', host: '127.0.0.1', port: 8443, doors: ['connect', 'sni'], backlog: 4_096, proxyProtocolTrust: null },
    ],
    tls: null,
    hosts: [{ host: DATA, kind: 'data', endpoint: 'production', ports: [443], accept: [], anyAccount: false }],
    gateways: [],
    tenants: null,
    policy: { sni: 'enforce', alpn: 'enforce', address: 'enforce', allowMissingSni: false, revoked: 'close' },
    resolve: { servers: [], family: 'ipv4', pins: [] },
    limits: {
      tunnels: 50_000,
      opensPerSecond: 1_000,
      idleMs: 1_860_000,
      maxAgeMs: null,
      perTunnelBufferBytes: 262_144,
      pending: 10_000,
      perSource: { pending: 1_024, refusalsPerSecond: 50 },
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
    drain: { settleMs: 120_000, rate: 8, deadlineMs: 7_200_000, stopMs: 30_000 },
    carriers: 2,
    relay: 'auto',
    health: { host: '127.0.0.1', port: 8080 },
    probe: { schedule: '*/15 * * * * *', failures: 3, peers: [], roots: {}, login: null },
    admin: { host: '127.0.0.1', port: 9901, token: null, names: [], peers: [] },
    addresses: null,
    log: { level: 'info', file: null },
    atStart: {
      listen: [{ host: '127.0.0.1', port: 8443, backlog: 4_096, doors: null, proxyProtocolTrust: null }],
      carriers: 'auto',
      relay: 'auto',
      runtime: '/tmp/pinhole-1000',
      clientCa: false,
      health: { host: '127.0.0.1', port: 8080 },
      admin: { host: '127.0.0.1', port: 9901 },
    },
  });
});

test('the least file has no warning', () => {
  const loaded = load(MINIMAL);
  assert.deepEqual('warnings' in loaded && loaded.warnings, []);
});

test('the probe is read with its peers, and with the roots of each entry', () => {
  const text = `${MINIMAL}probe: { schedule: "*/5 * * * *", failures: 2, peers: [203.0.113.11, "203.0.113.12:8443", "2001:db8::12"] }\n`;
  assert.deepEqual(settingsOf(text).probe, {
    schedule: '*/5 * * * *',
    failures: 2,
    peers: [
      { address: '203.0.113.11', port: 443 },
      { address: '203.0.113.12', port: 8_443 },
      { address: '2001:db8::12', port: 443 },
    ],
    roots: {},
    login: null,
  });
  assert.equal(settingsOf(`${MINIMAL}probe: off\n`).probe, null);
});

test('a node is no peer of its own', () => {
  const text = `${MINIMAL}node: { publicAddresses: [203.0.113.10] }\nprobe: { peers: [203.0.113.11, 203.0.113.10] }\n`;
  assert.deepEqual(problemsOf(text), ['7:32: probe.peers[1]: 203.0.113.10 is under node.publicAddresses: it is this node’s own']);
});

test('the policy version is of the content, not of how it is written', () => {
  const { policyVersion } = settingsOf(MINIMAL);
  assert.equal(settingsOf(`# a comment\n${MINIMAL}limits: { idle: 1860s }\n`).policyVersion, policyVersion);
  assert.notEqual(settingsOf(`${MINIMAL}limits: { idle: 32m }\n`).policyVersion, policyVersion);
});

for (const [what, text, expected] of [
  ['is written', 'runtime: /run/a\nnonsense: 1\n', '/run/a'],
  ['is relative to the file', 'runtime: run\nlisten: 3\n', '/etc/pinhole/run'],
  ['comes from the environment of the file', 'runtime: "${RUN}"\nlisten: 3\n', '/run/env'],
  ['is not written', 'nonsense: 1\n', '/tmp/pinhole-1000'],
  ['is no text', 'runtime: [1]\n', '/tmp/pinhole-1000'],
  ['stands before what cannot be read', 'runtime: /run/a\nlisten: [\n', '/run/a'],
  ['is in no map', '- runtime\n', '/tmp/pinhole-1000'],
  ['is in nothing', '', '/tmp/pinhole-1000'],
] as const) {
  test(`a file with mistakes still leads to its runtime folder where that ${what}`, () => {
    assert.equal(runtimeNamedBy(text, FILE, { RUN: '/run/env' }, MACHINE), expected);
  });
}

test('five mistakes are five problems, each at its line and column', () => {
  const text = `node: { name: eu-1a }
listen:
  - address: 0.0.0.0:443
    dors: [connect]
endpoints:
  - name: production
    data: iot.eu-west-1.amazonaws.com
    ports: [443, 70000]
limits:
  idle: 31 minutes
resolve:
  pin:
    - { host: other.example.com, to: "127.0.0.1" }
`;
  assert.deepEqual(
    problemsOf(text).map((line) => line.replace(/(: [^:]+: ).*/, '$1').trim()),
    ['4:5: listen[0].dors:', '7:11: endpoints[0].data:', '8:18: endpoints[0].ports[1]:', '10:9: limits.idle:', '13:38: resolve.pin[0].to:'],
  );
});

test('a problem is shown with its file, line, column and path', () => {
  const loaded = load(`${MINIMAL}limits: { idel: 31m }\n`);
  assert.ok('problems' in loaded);
  assert.deepEqual(
    loaded.problems.map((problem) => renderProblem('pinhole.yaml', problem)),
    ['pinhole.yaml:6:11: limits.idel: unknown key; did you mean idle?'],
  );
});

/** One mistake added to the least file; the one problem that comes of it. */
const MISTAKES: readonly (readonly [string, string])[] = [
  ['tenant: []', '6:1: tenant: unknown key; did you mean tenants?'],
  ['drain: { settle: 2 }', '6:18: drain.settle: 2: expected a duration such as 10s, 31m or 2h'],
  ['drain: { rate: 0 }', '6:16: drain.rate: 0: expected a whole number from 1 to 1000'],
  ['drain: { rate: 0.5 }', '6:16: drain.rate: 0.5: expected a whole number from 1 to 1000'],
  ['drain: { deadline: 0s }', '6:20: drain.deadline: "0s": expected a duration from 1ms to 2147483647ms'],
  ['admin: { peers: [10.0.1.10] }', '6:18: admin.peers[0]: "10.0.1.10": expected a URL such as http://10.0.1.10:9901'],
  [
    'admin: { peers: ["http://10.0.1.10/x"] }',
    '6:18: admin.peers[0]: "http://10.0.1.10/x": expected scheme, host and port alone, such as http://10.0.1.10:9901',
  ],
  ['admin: { peers: ["http://a:1", "http://a:1"] }', '6:32: admin.peers[1]: "http://a:1": the same again'],
  ['admin: { names: [EU.example.com] }', '6:18: admin.names[0]: "EU.example.com": write it in lower case: eu.example.com'],
  ['admin: { names: ["eu.example.com:9901"] }', '6:18: admin.names[0]: "eu.example.com:9901": give the host name alone, without a port'],
  ['__proto__: { x: 1 }', '6:1: __proto__: unknown key'],
  ['limits: 5', '6:9: limits: 5: expected a map'],
  ['limits:', '6:8: limits: nothing: expected a map'],
  ['limits: { tunnels: "5" }', '6:20: limits.tunnels: "5": expected a whole number from 1 to 10000000'],
  ['limits: { tunnels: 0 }', '6:20: limits.tunnels: 0: expected a whole number from 1 to 10000000'],
  ['limits: { tunnels: 1.5 }', '6:20: limits.tunnels: 1.5: expected a whole number from 1 to 10000000'],
  ['limits: { tunnels: .inf }', '6:20: limits.tunnels: Infinity: expected a whole number from 1 to 10000000'],
  ['limits: { idle: 30 }', '6:17: limits.idle: 30: expected a duration such as 10s, 31m or 2h'],
  ['limits: { idle: 0s }', '6:17: limits.idle: "0s": expected a duration from 1ms to 2147483647ms'],
  ['limits: { idle: 9999h }', '6:17: limits.idle: "9999h": expected a duration from 1ms to 2147483647ms'],
  ['limits: { maxAge: never }', '6:19: limits.maxAge: "never": expected off or a duration such as 10s, 31m or 2h'],
  ['limits: { maxAge: 5 }', '6:19: limits.maxAge: 5: expected off or a duration such as 10s, 31m or 2h'],
  ['limits: { perTunnelBuffer: 256KB }', '6:28: limits.perTunnelBuffer: "256KB": expected a size such as 256KiB'],
  ['limits: { perTunnelBuffer: 1KiB }', '6:28: limits.perTunnelBuffer: "1KiB": expected a size from 4KiB to 65536KiB'],
  ['limits: { perSource: { pendin: 5 } }', '6:24: limits.perSource.pendin: unknown key; did you mean pending?'],
  ['timeouts: { answer: 10s }', '6:21: timeouts.answer: "10s": expected a duration from 100ms to 9999ms'],
  ['carriers: 0', '6:11: carriers: 0: expected auto or a whole number from 1 to 256'],
  ['carriers: many', '6:11: carriers: "many": expected auto or a whole number from 1 to 256'],
  ['relay: fast', '6:8: relay: "fast": expected auto, native or node'],
  ['policy: { sni: on }', '6:16: policy.sni: "on": expected enforce, report or off'],
  ['policy: { allowMissingSni: yes }', '6:28: policy.allowMissingSni: "yes": expected true or false'],
  ['node: { name: "a b" }', '6:15: node.name: "a b": expected up to 63 letters, digits, dots, hyphens and underscores'],
  ['node: { publicAddresses: [203.0.113.300] }', '6:27: node.publicAddresses[0]: "203.0.113.300": expected an IP address'],
  [
    'resolve: { servers: [dns.example.com] }',
    '6:22: resolve.servers[0]: "dns.example.com": expected the IP address of a DNS server, with or without a port',
  ],
  ['resolve: { family: v4 }', '6:20: resolve.family: "v4": expected ipv4, ipv6 or any'],
  ['health: { address: 8080 }', '6:20: health.address: 8080: expected an IP:PORT such as 127.0.0.1:8443'],
  ['health: { address: 127.0.0.1:9901 }', '6:20: health.address: the address of admin already'],
  ['health: { address: 127.0.0.1:8443 }', '6:20: health.address: the address of a listener already'],
  ['health: { address: 0.0.0.0:8443 }', '6:20: health.address: the address of a listener already'],
  ['probe: on', '6:8: probe: "on": expected off or a map'],
  ['probe: 5', '6:8: probe: 5: expected off or a map'],
  ['probe: []', '6:8: probe: a list: expected off or a map'],
  ['probe: { login: "file:x" }', '6:17: probe.login: cannot read /etc/pinhole/x (ENOENT)'],
  ['probe: { login: secret }', '6:17: probe.login: expected USER:TOKEN, or file:PATH of a file with it'],
  ['policy: { revoked: drop }', '6:20: policy.revoked: "drop": expected close or keep'],
  ['probe: { scedule: "* * * * *" }', '6:10: probe.scedule: unknown key; did you mean schedule?'],
  [
    'probe: { schedule: "every minute" }',
    '6:20: probe.schedule: "every minute": expected five fields of a cron schedule, or six with seconds first, such as */15 * * * * *',
  ],
  [
    'probe: { schedule: "61 * * * * *" }',
    '6:20: probe.schedule: "61 * * * * *": expected five fields of a cron schedule, or six with seconds first, such as */15 * * * * *',
  ],
  ['probe: { schedule: 15 }', '6:20: probe.schedule: 15: expected a cron schedule'],
  ['probe: { failures: 0 }', '6:20: probe.failures: 0: expected a whole number from 1 to 100'],
  ['probe: { peers: 203.0.113.11 }', '6:17: probe.peers: "203.0.113.11": expected a list of IP or IP:PORT'],
  ['probe: { peers: [other] }', '6:18: probe.peers[0]: "other": expected the IP address of another node, with or without a port'],
  [
    'probe: { peers: [203.0.113.11:0] }',
    '6:18: probe.peers[0]: "203.0.113.11:0": expected the IP address of another node, with or without a port',
  ],
  ['probe: { peers: [203.0.113.11, 203.0.113.11:443] }', '6:32: probe.peers[1]: "203.0.113.11:443": the same again'],
  ['admin: { address: 0.0.0.0:9901 }', '6:19: admin.address: off loopback: give admin.token'],
  ['admin: { address: 0.0.0.0:9901, tokn: x }', '6:33: admin.tokn: unknown key; did you mean token?'],
  ['admin: { token: 5 }', '6:17: admin.token: expected a secret or file:PATH'],
  ['admin: { token: "se cret" }', '6:17: admin.token: expected visible ASCII without spaces, or file:PATH'],
  ['admin: { token: "file:no such.token" }', '6:17: admin.token: cannot read /etc/pinhole/no such.token (ENOENT)'],
  ['admin: { token: "file:" }', '6:17: admin.token: expected visible ASCII without spaces, or file:PATH'],
  ['admin: { token: "file:no.token" }', '6:17: admin.token: cannot read /etc/pinhole/no.token (ENOENT)'],
  ['log: { level: loud }', '6:15: log.level: "loud": expected debug, info, warn or error'],
  ['log: { file: "${NOPE}" }', '6:14: log.file: ${NOPE}: the environment variable NOPE is not set'],
  ['tls: {}', '6:1: tls.certificate: missing: expected a path | 6:1: tls.key: missing: expected a path'],
  [
    `resolve: { pin: [{ host: x.example.com, to: "127.0.0.1:1" }] }`,
    '6:26: resolve.pin[0].host: x.example.com is not listed under endpoints',
  ],
  [
    `resolve: { pin: [{ host: ${DATA}, port: 8883, to: "127.0.0.1:1" }] }`,
    `6:80: resolve.pin[0].port: 8883 is not a port of ${DATA}, which has 443`,
  ],
  [`resolve: { pin: [{ host: ${DATA}, to: [] }] }`, '6:78: resolve.pin[0].to: expected at least 1 in the list'],
  [
    `resolve: { pin: [{ host: ${DATA}, to: ["127.0.0.1:0"] }] }`,
    '6:79: resolve.pin[0].to[0]: "127.0.0.1:0": expected an IP address and a port, such as 127.0.0.1:18443 or "[::1]:18443"',
  ],
  [
    `resolve: { pin: [{ host: ${DATA}, to: "10.0.0.1:1" }, { host: ${DATA}, to: "10.0.0.2:1" }] }`,
    `6:102: resolve.pin[1].host: ${DATA} port 443 is pinned already`,
  ],
  ['gateway: [{ name: gw.example.com, endpoint: production }]', '6:1: gateway: needs tls: agents come to a gateway over TLS'],
  ['listen: []', '6:1: listen: the same key again; it stands in line 1 already'],
];

for (const [added, expected] of MISTAKES) {
  test(`one mistake: ${added.slice(0, 60)}`, () => assert.equal(problemsOf(`${MINIMAL}${added}\n`).join(' | '), expected));
}

/** Whole files with one mistake. */
const FILES: readonly (readonly [string, string, readonly string[]])[] = [
  ['an empty file', '', ['1:1: the file is empty']],
  ['a file of comments', '# nothing\n', ['1:1: the file is empty']],
  ['a file that is a list', '- a\n', ['1:1: expected a map of keys, such as listen: and endpoints:']],
  [
    'a file without its two keys',
    'node: {}\n',
    ['1:1: listen: missing: expected a list of maps', '1:1: endpoints: missing: expected a list of maps'],
  ],
  ['a misspelt key is one mistake, not two', MINIMAL.replace('listen', 'lisen'), ['1:1: lisen: unknown key; did you mean listen?']],
  ['no listener', 'listen: []\nendpoints: []\n', ['1:9: listen: expected at least 1 in the list']],
  [
    'a listener by name',
    MINIMAL.replace('127.0.0.1:8443', 'localhost:8443'),
    ['2:14: listen[0].address: "localhost:8443": expected an IP address and a port, such as 0.0.0.0:443 or "[::]:443"'],
  ],
  [
    'the same listener twice, written in two ways',
    'listen:\n  - address: "[::1]:443"\n  - address: "[0::1]:443"\nendpoints: []\n',
    ['3:14: listen[1].address: the address of a listener already'],
  ],
  [
    'doors that need tls',
    MINIMAL.replace('8443\n', '8443\n    doors: [connect, connect-tls, gateway]\n'),
    ['3:22: listen[0].doors[1]: connect-tls needs tls', '3:35: listen[0].doors[2]: gateway needs tls'],
  ],
  ['a door twice', MINIMAL.replace('8443\n', '8443\n    doors: [sni, sni]\n'), ['3:18: listen[0].doors[1]: "sni": the same again']],
  ['no door', MINIMAL.replace('8443\n', '8443\n    doors: []\n'), ['3:12: listen[0].doors: expected at least 1 in the list']],
  [
    'a PROXY header from nobody',
    MINIMAL.replace('8443\n', '8443\n    proxyProtocol: {}\n'),
    ['3:5: listen[0].proxyProtocol.trust: missing: expected a list of CIDR ranges'],
  ],
  [
    'an entry without a name to reach',
    'listen: [{ address: 127.0.0.1:1 }]\nendpoints:\n  - name: a\n',
    ['3:5: endpoints[0]: no name at all: give data, credentials, jobs or customDomain'],
  ],
  [
    'a name under the wrong key',
    MINIMAL.replace(DATA, CREDENTIALS),
    [`5:11: endpoints[0].data: "${CREDENTIALS}": the name of a credentials endpoint: it belongs under credentials`],
  ],
  [
    'a custom domain of AWS',
    MINIMAL.replace('data:', 'customDomain:'),
    [`5:19: endpoints[0].customDomain: "${DATA}": a name of AWS: it belongs under data, credentials or jobs`],
  ],
  ['a trailing dot', MINIMAL.replace('com\n', 'com.\n'), [`5:11: endpoints[0].data: "${DATA}.": leave out the trailing dot`]],
  [
    'the same name in two entries',
    `${MINIMAL}  - name: other\n    data: ${DATA}\n`,
    [`7:11: endpoints[1].data: ${DATA} is listed already, under production`],
  ],
  [
    'two entries of one name',
    `${MINIMAL}  - name: production\n    credentials: ${CREDENTIALS}\n`,
    ['6:11: endpoints[1].name: another entry is called production already'],
  ],
  [
    'two entries that open the same form',
    `${MINIMAL}    anyAccount: true\n  - name: other\n    data: z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com\n    anyAccount: true\n`,
    ['8:11: endpoints[1].data: production opens the same form of names to any account already'],
  ],
  [
    'a range with host bits',
    `${MINIMAL}    accept: [10.0.0.1/8]\n`,
    ['6:14: endpoints[0].accept[0]: "10.0.0.1/8": expected an address range such as 10.0.0.0/8, with no bits set beyond its length'],
  ],
  ['a port twice', `${MINIMAL}    ports: [443, 443]\n`, ['6:18: endpoints[0].ports[1]: 443: the same again']],
  ['roots that are not there', `${MINIMAL}    ca: ca.pem\n`, ['6:9: endpoints[0].ca: cannot read /etc/pinhole/ca.pem (ENOENT)']],
];

for (const [name, text, expected] of FILES) {
  test(`a file: ${name}`, () => assert.deepEqual(problemsOf(text), expected));
}

test('behind broken YAML nothing is guessed, before it mistakes are still told', () => {
  const problems = problemsOf('node: { nam: x }\nlisten:\n\t- address: 0.0.0.0:443\nlimits: { idle: x }\n');
  assert.equal(problems.length, 2);
  assert.equal(problems[0], '1:9: node.nam: unknown key; did you mean name?');
  assert.match(problems[1] ?? '', /^3:1: not valid YAML: Tabs/);
});

for (const written of [
  'http://ops:SECRET@10.0.1.10:9901',
  'http://SECRET@10.0.1.10:9901',
  'ops:SECRET@10.0.1.10:9901',
  'http://ops:SEC@RET/SECRET@10.0.1.10:9901',
]) {
  test(`a login never stands in a problem, whatever its key is called: ${written}`, () => {
    const problems = problemsOf(`${MINIMAL}admin: { peers: ["${written}"] }\n`).join();
    assert.match(problems, /admin\.peers\[0\]: "(http:\/\/)?\*\*\*@10\.0\.1\.10:9901": expected/);
    assert.doesNotMatch(problems, /SEC|ops/);
  });
}

test('a secret never stands in a problem', () => {
  const problems = problemsOf(`${MINIMAL}admin: { token: "\${TOKEN}" }\n`, { env: { TOKEN: 'SECRET MARK' } });
  assert.equal(problems.length, 1);
  assert.doesNotMatch(problems.join(), /SECRET/);
});

test('the token comes from its file, without the line end', () => {
  const text = `${MINIMAL}admin: { address: 0.0.0.0:9901, token: "file:admin.token" }\n`;
  assert.equal(settingsOf(text, { files: { '/etc/pinhole/admin.token': 'abc123\n' } }).admin.token, 'abc123');
  assert.match(problemsOf(text, { files: { '/etc/pinhole/admin.token': '\n' } }).join(), /the file holds no token/);
});

for (const [env, expected] of [
  [{ RUNTIME_DIRECTORY: '/run/pinhole' }, '/run/pinhole'],
  [{ RUNTIME_DIRECTORY: '/run/a:/run/b', XDG_RUNTIME_DIR: '/x' }, '/run/a'],
  [{ RUNTIME_DIRECTORY: '', XDG_RUNTIME_DIR: '/run/user/1000' }, '/run/user/1000/pinhole'],
  [{}, '/tmp/pinhole-1000'],
] as const) {
  test(`the runtime folder with ${JSON.stringify(env)} is ${expected}`, () => assert.equal(settingsOf(MINIMAL, { env }).runtime, expected));
}

test('paths are relative to the file', () => {
  const settings = settingsOf(`${MINIMAL}runtime: run\nlog: { file: ../log/pinhole.log }\n`);
  assert.equal(settings.runtime, '/etc/pinhole/run');
  assert.equal(settings.log.file, '/etc/log/pinhole.log');
});

test('an endpoint with every name: only data and the custom domain take the ports', () => {
  const text = `listen: [{ address: 127.0.0.1:0 }]
endpoints:
  - name: production
    data: ${DATA}
    credentials: ${CREDENTIALS}
    jobs: a1b2c3d4e5f6g7.jobs.iot.eu-west-1.amazonaws.com
    customDomain: iot.example.com
    ports: [443, 8883]
    accept: [10.20.0.0/16]
    anyAccount: true
`;
  assert.deepEqual(
    settingsOf(text).hosts.map(({ kind, ports, anyAccount, accept }) => [kind, ports, anyAccount, accept]),
    [
      ['data', [443, 8883], true, ['10.20.0.0/16']],
      ['credentials', [443], true, ['10.20.0.0/16']],
      ['jobs', [443], true, ['10.20.0.0/16']],
      ['custom', [443, 8883], false, ['10.20.0.0/16']],
    ],
  );
});

test('values of every kind are read', () => {
  const text = `${MINIMAL}node: { name: eu-1a, publicAddresses: [203.0.113.10, "2001:DB8::1"] }
resolve:
  servers: [10.0.0.2, "10.0.0.2:5353", "[::1]:53"]
  pin: [{ host: ${DATA}, to: ["192.0.2.1:18443", "[2001:db8::0]:18443"] }]
limits: { maxAge: 25h, perTunnelBuffer: 1MiB }
carriers: 3
`;
  const settings = settingsOf(text);
  assert.deepEqual(settings.node.publicAddresses, ['203.0.113.10', '2001:db8::1']);
  assert.deepEqual(settings.resolve.servers, ['10.0.0.2', '10.0.0.2:5353', '[::1]:53']);
  const to = [
    { address: '192.0.2.1', port: 18_443 },
    { address: '2001:db8::', port: 18_443 },
  ];
  assert.deepEqual(settings.resolve.pins, [{ host: DATA, port: 443, to }]);
  assert.equal(settings.limits.maxAgeMs, 90_000_000);
  assert.equal(settings.limits.perTunnelBufferBytes, 1_048_576);
  assert.equal(settings.carriers, 3);
});

test('one listener on every address and one on a single one may share a port', () => {
  const text = MINIMAL.replace('endpoints:', '  - address: 0.0.0.0:8443\nendpoints:');
  assert.deepEqual(
    settingsOf(text).listeners.map(({ name }) => name),
    ['127.0.0.1:8443', '0.0.0.0:8443'],
  );
});

test('an empty list opens the door connect only, and nothing passes', () => {
  const settings = settingsOf('listen: [{ address: 127.0.0.1:1 }]\nendpoints: []\n');
  assert.deepEqual(settings.hosts, []);
  assert.deepEqual(settings.listeners[0]?.doors, ['connect']);
});

test('a machine whose descriptors hold no tunnel at all is a problem, not a fleet of processes', () => {
  const loaded = load(MINIMAL, { machine: { cores: 2, nofile: 256, uid: 0 } });
  assert.ok('problems' in loaded);
  assert.match(loaded.problems.map((problem) => problem.message).join('\n'), /256 descriptors .* too few/);
});
