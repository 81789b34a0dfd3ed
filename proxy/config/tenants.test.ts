// Tenants in a file and in a file of their own: what they become, and every mistake with its place.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { TenantEntry } from '../core/tenant.ts';
import { makeClientPki, type ClientPki } from '../test/support/client-pki.ts';
import { readTenant } from '../policy/tenant-text.ts';
import { load, makeCertificate, MINIMAL, type Pair, problemsOf, shown, type World } from './test-support.ts';

const HASH = `sha256:${'ab'.repeat(32)}`;
const TENANTS = '/etc/pinhole/tenants.yaml';

function tenantsOf(text: string, world: World = {}): TenantEntry[] | null {
  const loaded = load(text, world);
  if ('problems' in loaded) assert.fail(shown(loaded.problems).join('\n'));
  const list = loaded.settings.tenants?.list;
  return list === undefined ? null : list === '' ? [] : list.split('\n').map(readTenant);
}

function warningsOf(text: string, world: World = {}): string[] {
  const loaded = load(text, world);
  return 'problems' in loaded ? assert.fail(shown(loaded.problems).join('\n')) : shown(loaded.warnings);
}

const ACME: TenantEntry = {
  id: 'acme',
  tokens: ['ab'.repeat(32)],
  certificate: null,
  sources: ['198.51.100.0/24'],
  sniBySource: true,
  endpoints: ['production'],
  tunnels: 20_000,
  opensPerSecond: 200,
};
const WRITTEN = `{ id: acme, tokens: ["${HASH}"], sources: [198.51.100.0/24], sniBySource: true, endpoints: [production], limits: { tunnels: 20000, opensPerSecond: 200 } }`;

test('absent, empty, and one with everything', () => {
  assert.equal(tenantsOf(MINIMAL), null);
  assert.deepEqual(tenantsOf(`${MINIMAL}tenants: []\n`), []);
  assert.deepEqual(tenantsOf(`${MINIMAL}tenants:\n  - ${WRITTEN}\n`), [ACME]);
});

for (const [what, text] of [
  ['a list of YAML, as an editor of Windows writes it', `\uFEFF- ${WRITTEN}\r\n`],
  ['a list of YAML', `# ours\n---\n- ${WRITTEN}\n`],
  [
    'the same over several lines',
    `- id: acme\n  tokens:\n    - ${HASH}\n  sources: [198.51.100.0/24]\n  sniBySource: true\n  endpoints: [production]\n  limits:\n    tunnels: 20000\n    opensPerSecond: 200\n`,
  ],
  [
    'JSON',
    JSON.stringify([
      {
        id: 'acme',
        tokens: [HASH],
        sources: ACME.sources,
        sniBySource: true,
        endpoints: ['production'],
        limits: { tunnels: 20_000, opensPerSecond: 200 },
      },
    ]),
  ],
  ['YAML that is indented', `  - ${WRITTEN}\n`],
] as const) {
  test(`a file of its own means the same: ${what}`, () => {
    assert.deepEqual(tenantsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files: { [TENANTS]: text } }), [ACME]);
  });
}

test('an environment variable may stand in it', () => {
  const files = { [TENANTS]: '- { id: acme, sources: ["${SITE}"] }\n' };
  assert.deepEqual(tenantsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files, env: { SITE: '10.0.0.0/8' } })?.[0]?.sources, [
    '10.0.0.0/8',
  ]);
});

test('the policy version is of the list, wherever it is written', () => {
  const version = (text: string, files = {}): string => {
    const loaded = load(text, { files });
    return 'settings' in loaded ? loaded.settings.policyVersion : assert.fail();
  };
  const inline = version(`${MINIMAL}tenants:\n  - ${WRITTEN}\n`);
  assert.equal(version(`${MINIMAL}tenantsFile: tenants.yaml\n`, { [TENANTS]: `- ${WRITTEN}\n` }), inline);
  assert.notEqual(version(MINIMAL), inline);
});

describe('mistakes, each with its place', () => {
  for (const [written, expected] of [
    ['- { id: a b, sources: [10.0.0.0/8] }', '1:9: [0].id: "a b": expected up to 63 letters, digits, dots, hyphens and underscores'],
    ['- { id: acme }', '1:3: [0]: acme has nothing to be known by: give tokens, certificate or sources'],
    ['- { id: acme, tokens: [hunter2] }', '1:24: [0].tokens[0]: expected sha256: and 64 hexadecimal digits in lower case'],
    [`- { id: acme, tokens: ["${HASH}", "${HASH}"] }`, '1:99: [0].tokens[1]: the same again'],
    [
      `- { id: acme, tokens: ["${HASH}"], endpoints: [staging] }`,
      '1:112: [0].endpoints[0]: no entry under endpoints is called staging; there is production',
    ],
    [
      '- { id: acme, sources: [10.0.0.1/8] }',
      '1:25: [0].sources[0]: "10.0.0.1/8": expected an address range such as 10.0.0.0/8, with no bits set beyond its length',
    ],
    ['- { id: acme, sources: [10.0.0.0/8], limit: {} }', '1:38: [0].limit: unknown key; did you mean limits?'],
    [`- { id: acme, tokens: ["${HASH}"], sniBySource: true }`, '1:113: [0].sniBySource: acme has no sources'],
    [
      '- { id: acme, certificate: { commonName: acme } }',
      '1:28: [0].certificate: needs tls.clientCa: without it no client is asked for a certificate',
    ],
    ['- { id: a, sources: [10.0.0.0/8] }\n- { id: a, sources: [11.0.0.0/8] }', '2:9: [1].id: another tenant is called a already'],
    ['- { id: a, sources: [10.0.0.0/8] }\n- { id: b, sources: [10.0.0.0/8] }', '2:22: [1].sources[0]: 10.0.0.0/8 stands for a already'],
    ['id: acme', '1:1: expected a list of tenants, such as - id: acme'],
    ['', '1:1: the file is empty: write [] where nobody may use the node'],
  ] as const) {
    test(expected, () => {
      const files = { [TENANTS]: `${written}\n` };
      assert.deepEqual(problemsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files }), [`${TENANTS}:${expected}`.slice(1)]);
    });
  }

  test('the line is that of the file, however many items stand before it', () => {
    const many = Array.from({ length: 1_234 }, (_, index) => `- id: t${index}\n  sources: [10.${index >> 8}.${index & 255}.0/24]\n`).join(
      '',
    );
    const problems = problemsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files: { [TENANTS]: `${many}- { id: t7, tokens: [x] }\n` } });
    assert.deepEqual(problems, [
      `${TENANTS.slice(1)}:2469:9: [1234].id: another tenant is called t7 already`,
      `${TENANTS.slice(1)}:2469:22: [1234].tokens[0]: expected sha256: and 64 hexadecimal digits in lower case`,
    ]);
  });

  test('two tenants may be held to the same range: it is no name of either', () => {
    const both = ['a', 'b'].map((id) => `- { id: ${id}, tokens: ["${HASH}"], sources: [10.0.0.0/8] }\n`).join('');
    assert.equal(tenantsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files: { [TENANTS]: both } })?.length, 2);
  });

  test('both ways at once', () => {
    const problems = problemsOf(`${MINIMAL}tenants: []\ntenantsFile: tenants.yaml\n`, { files: { [TENANTS]: '[]' } });
    assert.deepEqual(problems, ['7:1: tenantsFile: give tenants or tenantsFile, not both']);
  });

  test('a file that is not there', () => {
    assert.deepEqual(problemsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`), [`6:14: tenantsFile: cannot read ${TENANTS} (ENOENT)`]);
  });

  test('ten megabytes of something else are refused in a few words', { timeout: 60_000 }, () => {
    const noise = Buffer.from(Array.from({ length: 10_000_000 }, (_, index) => 33 + ((index * 7_919) % 90))).toString('latin1');
    for (const text of [noise, `- ${noise}`, noise.replaceAll('"', '\n- ')]) {
      const problems = problemsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files: { [TENANTS]: text } });
      assert.ok(problems.length > 0 && problems.length < 2_000, `${problems.length} problems`);
    }
  });

  test('what is longer than any list is not read at all', () => {
    const problems = problemsOf(`${MINIMAL}tenantsFile: tenants.yaml\n`, { files: { [TENANTS]: ' '.repeat(13 * 1024 * 1024) } });
    assert.deepEqual(problems, ['6:14: tenantsFile: tenants.yaml is longer than 12 MiB: no list of tenants']);
  });
});

describe('client certificates', () => {
  let pki: ClientPki;
  let pair: Pair;
  const TLS = 'tls: { certificate: cert.pem, key: key.pem, clientCa: ca.pem, crl: list.crl }\n';
  const files = (changes: Readonly<Record<string, string>> = {}): World => ({
    files: {
      '/etc/pinhole/cert.pem': pair.certificate,
      '/etc/pinhole/key.pem': pair.key,
      '/etc/pinhole/ca.pem': pki.caPem,
      '/etc/pinhole/list.crl': pki.crlPem,
      ...changes,
    },
  });
  before(() => {
    pki = makeClientPki();
    pair = makeCertificate(['proxy.example.com']);
  });

  test('CA and list are read, and a certificate is required', () => {
    const loaded = load(`${MINIMAL}${TLS}probe: off\n`, files());
    assert.ok('settings' in loaded);
    assert.deepEqual(loaded.settings.tls?.clients, { caPem: pki.caPem, crlPem: pki.crlPem, isRequired: true });
    assert.equal(loaded.settings.atStart.clientCa, true);
    assert.deepEqual(shown(loaded.warnings), []);
  });

  test('tenants by each of the three', () => {
    const written = `tenants:\n  - { id: a, certificate: { commonName: a } }\n  - { id: b, certificate: { san: b.example } }\n  - { id: c, certificate: { fingerprints: ["${HASH}"] } }\n`;
    assert.deepEqual(
      tenantsOf(`${MINIMAL}${TLS}${written}`, files())?.map(({ certificate }) => certificate),
      [
        { by: 'commonName', name: 'a' },
        { by: 'san', name: 'b.example' },
        { by: 'fingerprints', fingerprints: ['ab'.repeat(32)] },
      ],
    );
  });

  for (const [what, added, changes, expected] of [
    [
      'two names of one',
      'tenants:\n  - { id: a, certificate: { commonName: a, san: b } }\n',
      {},
      '8:27: tenants[0].certificate: give one of commonName, san and fingerprints',
    ],
    [
      'none',
      'tenants:\n  - { id: a, certificate: {} }\n',
      {},
      '8:27: tenants[0].certificate: give one of commonName, san and fingerprints',
    ],
    [
      'the same name twice',
      'tenants:\n  - { id: a, certificate: { commonName: x } }\n  - { id: b, certificate: { commonName: x } }\n',
      {},
      '9:27: tenants[1].certificate: common name x stands for a already',
    ],
    ['a CA that is none', '', { '/etc/pinhole/ca.pem': 'nothing' }, '6:55: tls.clientCa: not certificates in PEM'],
    ['a list that is none', '', { '/etc/pinhole/list.crl': 'nothing' }, '6:68: tls.crl: not a revocation list in PEM'],
  ] as const) {
    test(what, () => assert.deepEqual(problemsOf(`${MINIMAL}${TLS}${added}`, files(changes)), [expected]));
  }

  test('a CA that cannot be read stops everything (CVE-2026-27586)', () => {
    const problems = problemsOf(`${MINIMAL}tls: { certificate: cert.pem, key: key.pem, clientCa: gone.pem }\n`, files());
    assert.deepEqual(problems, ['6:55: tls.clientCa: cannot read /etc/pinhole/gone.pem (ENOENT)']);
  });

  test('a list without CAs', () => {
    const problems = problemsOf(`${MINIMAL}tls: { certificate: cert.pem, key: key.pem, crl: list.crl }\n`, files());
    assert.deepEqual(problems, ['6:45: tls.crl: needs tls.clientCa']);
  });

  test('a list that is out of date is warned of, for it refuses everybody', () => {
    const warnings = warningsOf(`${MINIMAL}${TLS}probe: off\n`, files({ '/etc/pinhole/list.crl': pki.oldCrlPem }));
    assert.deepEqual(warnings, [
      '6:68: tls.crl: the revocation list was good until 2020-01-02: every client of its CA is refused until there is a new one',
    ]);
  });
});

describe('warnings', () => {
  const LISTED = `tenants:\n  - { id: acme, tokens: ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"] }\n`;
  for (const [what, added, expected] of [
    ['nobody', 'tenants: []\nprobe: off\n', ['6:10: tenants: the list is empty: nobody may use the node']],
    ['tokens in clear', `${LISTED}probe: off\n`, ['7:3: tenants: tokens without the door connect-tls: they travel in clear']],
    [
      'a probe without a login',
      'tenants: [{ id: a, sources: [10.0.0.0/8] }]\n',
      ['1:1: probe: no login: where tenants are known by more than their sources the probe is refused, and tells nothing'],
    ],
    [
      'a probe with a wrong one',
      'tenants: [{ id: a, sources: [10.0.0.0/8] }]\nprobe: { login: "acme:x" }\n',
      ['7:17: probe.login: of no tenant, or with a token that is not its own: the probe is refused, and tells nothing'],
    ],
    [
      'a probe with a right one',
      `${LISTED}probe: { login: "acme:secret" }\n`,
      ['7:3: tenants: tokens without the door connect-tls: they travel in clear'],
    ],
    ['a login that nobody asks for', 'probe: { login: "acme:x" }\n', ['6:17: probe.login: without effect: there are no tenants']],
  ] as const) {
    test(`of ${what}`, () => assert.deepEqual(warningsOf(`${MINIMAL}${added}`), expected));
  }
});
