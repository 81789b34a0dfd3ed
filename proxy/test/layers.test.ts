// The house as it stands is held to its import rules, and every rule is shown to fail where it is broken.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asAllowed, findBreaches, findUsed } from './support/layers.ts';
import { isTestFile, LAYERS, TUNNEL_PARTS } from './support/layer-table.ts';
import { readSource } from './support/source-text.ts';
import { listFiles, readText, readTree } from './support/tree.ts';

test('every file keeps the import rules and says what only one place may say in that place', () => {
  const breaches = findBreaches(readTree());
  assert.equal(breaches.length, 0, `\n\n${breaches.join('\n\n')}\n`);
});

test('every row of the table, and every part of the tunnel, is there', () => {
  const files = listFiles();
  for (const { place } of LAYERS)
    assert.ok(
      files.some((path) => path === place || path.startsWith(`${place}/`)),
      `${place}: no such place`,
    );
  for (const name of Object.values(TUNNEL_PARTS).flat())
    assert.ok(files.includes(`proxy/tunnel/${name}.ts`), `tunnel/${name}: no such file`);
});

test('every permission of the table is used: one that is not wanted any more is taken back', () => {
  const used = findUsed(readTree());
  const permissions = LAYERS.flatMap((layer) => [
    ...layer.imports.map((entry) => `${layer.place} > ${asAllowed(entry).place}`),
    ...(layer.node === 'any' ? [] : layer.node.map((entry) => `${layer.place} > node:${typeof entry === 'string' ? entry : entry[0]}`)),
    ...layer.packages.map((name) => `${layer.place} > npm:${name}`),
  ]);
  assert.deepEqual(
    permissions.filter((permission) => !used.has(permission)),
    [],
  );
});

test('every package that a place may use is declared as a dependency of that very place, not only of the tests', () => {
  for (const { place, packages } of LAYERS) {
    const manifest = ['agent', 'healthcheck', 'loadtest', 'sandbox'].includes(place) ? `${place}/package.json` : 'package.json';
    const { dependencies } = JSON.parse(readText(manifest)) as { dependencies: Record<string, string> };
    // The modules of k6 are in k6 itself; npm has their types only.
    for (const name of packages.filter((name) => name !== 'k6'))
      assert.ok(name in dependencies, `${place} uses ${name}, which ${manifest} does not have`);
  }
});

/** Breaches of one file, with whatever else it needs to be there. */
function breachesOf(path: string, text: string, others: readonly string[] = []): string[] {
  return findBreaches(new Map([['package.json', '{}'], ...others.map((other) => [other, ''] as const), [path, text]]));
}

/** The specifier that leads from one file of the root to another. */
function specifier(from: string, to: string): string {
  return `${from.includes('/') ? '../'.repeat(from.split('/').length - 1) : './'}${to}`;
}

/** A made-up file of a row; a row that is one file has only that. */
function fileIn(place: string): string {
  return place.endsWith('.ts') ? place : place === 'proxy/tunnel' ? `${place}/dial.ts` : `${place}/made-up.ts`;
}

describe('a row may import what it lists, and nothing else', () => {
  for (const from of LAYERS) {
    test(from.place, () => {
      for (const to of LAYERS) {
        if (from === to) continue;
        const [path, target] = [fileIn(from.place), fileIn(to.place)];
        const isAllowed = from.imports.map(asAllowed).some((allowed) => allowed.place === to.place && !allowed.types);
        const breaches = breachesOf(path, `import { x } from '${specifier(path, target)}';`, [target]);
        assert.equal(breaches.length > 0, !isAllowed, breaches.join('\n') || `${to.place} was let in`);
      }
    });
  }
});

// The contract in its own words, so that a row that is loosened is seen here too.
const BROKEN: readonly (readonly [file: string, text: string, says: RegExp])[] = [
  ['proxy/core/x.ts', `import { a } from '../wire/sniff.ts';`, /proxy\/core imports package\.json/],
  ['proxy/core/x.ts', `import { isIP } from 'node:net';`, /proxy\/core uses of Node nothing but Buffer/],
  ['proxy/wire/x.ts', `import net from 'node:net';`, /proxy\/wire uses of Node nothing but Buffer\n  instead: .*goes to proxy\/tunnel/],
  ['proxy/wire/x.ts', `import { a } from '../policy/decide.ts';`, /proxy\/wire imports proxy\/core\n/],
  ['proxy/policy/x.ts', `import { Socket } from 'node:net';`, /takes Socket from node:net/],
  ['proxy/policy/x.ts', `import * as net from 'node:net';`, /takes all of it from node:net/],
  ['proxy/policy/x.ts', `import { promises } from 'node:dns';`, /imports node:dns/],
  ['proxy/policy/x.ts', `import { readClientHello } from '../wire/client-hello.ts';`, /takes only types from there/],
  ['proxy/tunnel/dial.ts', `import { createLog } from '../control/log.ts';`, /imports proxy\/control\/log\.ts/],
  ['proxy/tunnel/dial.ts', `import type { Log } from '../control/log.ts';`, /imports proxy\/control\/log\.ts/],
  ['proxy/tunnel/dial.ts', `import { promises } from 'node:dns';`, /imports node:dns/],
  ['proxy/tunnel/dial.ts', `import { randomBytes } from 'node:crypto';`, /takes randomBytes from node:crypto/],
  ['proxy/tunnel/dial.ts', `import httpProxy from 'http-proxy';`, /imports http-proxy\n  rule: proxy\/tunnel uses no package/],
  ['proxy/gateway/x.ts', `import { a } from '../tunnel/gateway-port.ts';`, /takes only types from there/],
  ['proxy/gateway/x.ts', `import type { Walk } from '../tunnel/walk.ts';`, /imports proxy\/tunnel\/walk\.ts/],
  ['proxy/gateway/x.ts', `import { a } from '../control/log.ts';`, /imports proxy\/control\/log\.ts/],
  ['proxy/control/x.ts', `import { a } from '../tunnel/sessions.ts';`, /imports proxy\/tunnel\/sessions\.ts/],
  ['proxy/control/x.ts', `import { a } from '../limits/ledger.ts';`, /imports proxy\/limits\/ledger\.ts/],
  ['proxy/control/x.ts', `import httpProxy from 'http-proxy';`, /imports http-proxy/],
  ['proxy/control/x.ts', `import pino from 'pino';`, /pino is imported in proxy\/control\/log\.ts only/],
  ['proxy/limits/x.ts', `import { Registry } from '@prometheus-io/client';`, /proxy\/limits uses no package/],
  ['proxy/supervisor/x.ts', `import { parse } from 'yaml';`, /proxy\/supervisor uses no package/],
  ['proxy/supervisor/x.ts', `import pino from 'pino';`, /proxy\/supervisor uses no package/],
  ['proxy/supervisor/x.ts', `import { a } from '../config/load.ts';`, /imports proxy\/config\/load\.ts/],
  ['proxy/supervisor/x.ts', `import cluster from 'node:cluster';`, /imports node:cluster/],
  ['proxy/config/x.ts', `import { readFileSync } from 'node:fs';`, /imports node:fs/],
  ['proxy/main.ts', `import { a } from './tunnel/accept.ts';`, /imports proxy\/tunnel\/accept\.ts/],
  ['agent/x.ts', `import { a } from '../proxy/core/fault.ts';`, /agent imports nothing of ours/],
  ['sandbox/x.ts', `import { a } from '../proxy/core/fault.ts';`, /sandbox imports agent/],
  ['proxy/newcomer/x.ts', '', /in no folder of the table/],
  ['newcomer/x.ts', '', /in no folder of the table/],
  ['healthcheck/x.ts', `import { a } from '../proxy/tunnel/dial.ts';`, /healthcheck imports proxy\/config/],
  ['healthcheck/x.ts', `import { a } from '../proxy/wire/reply.ts';`, /nothing that carries a tunnel/],
  ['proxy/core/x.ts', `import { a } from './gone.ts';`, /which is not there/],
  ['proxy/core/x.ts', `import { a } from '../test/support/fake-clock.ts';`, /what only tests use/],
  ['proxy/cli/x.ts', 'const a = await import(`../${name}.ts`);', /rule: every import is a literal|imports .*\$\{name\}/],
  ['proxy/cli/x.ts', 'const a = await import(name);', /every import is a literal/],

  [
    'proxy/tunnel/walk.ts',
    `import { serveHttp } from './http-door.ts';`,
    /walk\.ts:1 \(a stage\) imports proxy\/tunnel\/http-door\.ts \(a door\)/,
  ],
  ['proxy/tunnel/walk.ts', `import type { A } from './accept.ts';`, /doors know stages and stages know seams/],
  ['proxy/tunnel/dial.ts', `import type { DataPlane } from './plane.ts';`, /\(a seam\) imports proxy\/tunnel\/plane\.ts \(a stage\)/],
  ['proxy/tunnel/newcomer.ts', `import { dial } from './dial.ts';`, /newcomer\.ts is neither door, stage nor seam/],

  ['proxy/tunnel/dial.ts', 'const now = Date.now();', /dial\.ts:1 says Date\.now: a clock or a timer\n  rule: time comes in by argument/],
  ['proxy/control/x.ts', 'const now = performance.now();', /says performance\.now/],
  ['proxy/control/x.ts', 'const now = process.hrtime.bigint();', /says hrtime/],
  ['proxy/control/x.ts', 'const now = new Date();', /says new Date\(\)/],
  ['proxy/tunnel/dial.ts', 'setTimeout(() => {}, 1);', /says setTimeout/],
  ['proxy/tunnel/dial.ts', 'const later = setInterval;', /says setInterval/],
  ['proxy/tunnel/dial.ts', 'globalThis.setImmediate(run);', /setImmediate/],
  ['proxy/gateway/x.ts', 'const signal = AbortSignal.timeout(5);', /AbortSignal\.timeout/],
  ['proxy/cli/x.ts', `import { setTimeout as delay } from 'node:timers/promises';`, /a module of timers/],
  ['proxy/cli/x.ts', 'const home = process.env.HOME;', /nothing below main\.ts reads the environment/],
  ['proxy/carrier.ts', `const home = process.env['HOME'];`, /the environment/],
  ['proxy/cli/x.ts', 'process.exit(1);', /main\.ts alone talks to the process/],
  ['proxy/cli/x.ts', `process.on('SIGTERM', stop);`, /says process\.on/],
  ['proxy/cli/x.ts', 'process.stdout.write(text);', /says process\.stdout/],
  ['proxy/main.ts', 'console.log(1);', /says console/],
  ['proxy/tunnel/terminate.ts', 'const secure = new TLSSocket(socket, {});', /a bare TLSSocket takes a self-signed client certificate/],
  ['proxy/gateway/x.ts', 'const secure = new tls.TLSSocket(socket, {});', /new tls\.TLSSocket/],
  ['proxy/cli/x.ts', 'const secure = new tls\n  . TLSSocket(socket);', /a bare TLSSocket/],
  ['proxy/gateway/x.ts', 'tls.connect({ socket, rejectUnauthorized: false });', /every certificate is verified/],
  ['agent/x.ts', 'tls.connect({ checkServerIdentity: () => undefined });', /every certificate is verified/],
  ['proxy/tunnel/peek.ts', 'const socket = net.connect(443, host);', /only judged addresses are dialled/],
  ['proxy/gateway/x.ts', 'const socket = new net.Socket();', /only judged addresses are dialled/],
  ['proxy/carrier.ts', 'dns.lookup(host, done);', /no hosts file/],
  ['proxy/tunnel/session-id.ts', 'const id = Math.random();', /chance comes in by argument/],
  ['proxy/tunnel/refuse.ts', "socket.end('HTTP/1.1 403 Forbidden');", /one file writes what Pinhole says over HTTP/],
  ['proxy/tunnel/refuse.ts', 'socket.end(`HTTP/1.1 ${status} x`);', /one file writes what Pinhole says over HTTP/],
  ['proxy/config/x.ts', `const yaml = require('yaml');`, /has to be seen by these rules/],
  ['agent/x.ts', 'const now = Date.now();', /agent\/clock\.ts/],
  ['agent/x.ts', 'console.log(1);', /agent\/main\.ts print/],
  ['healthcheck/x.ts', 'const now = Date.now();', /healthcheck\/clock\.ts/],
  ['healthcheck/x.ts', 'const home = process.env.HOME;', /main\.ts alone talks to the process/],
  ['healthcheck/x.ts', 'const wait = Math.random();', /hands chance in/],
  ['healthcheck/x.ts', 'tls.connect({ rejectUnauthorized: false });', /every certificate is verified/],
  ['healthcheck/probe/x.ts', `import { REASONS } from '../../proxy/core/fault.ts';`, /judges a node by the wire/],
  [
    'healthcheck/probe/x.ts',
    `import type { Settings } from '../../proxy/core/settings.ts';`,
    /healthcheck\/probe imports healthcheck\/clock\.ts/,
  ],
  ['healthcheck/probe/x.ts', `import { loadFleet } from '../fleet/load.ts';`, /healthcheck\/probe imports healthcheck\/clock\.ts/],
  ['healthcheck/fleet/x.ts', `import { rule } from '../probe/rule.ts';`, /imports healthcheck\/probe\/rule\.ts/],
  ['healthcheck/probe/x.ts', 'process.exit(1);', /main\.ts alone talks to the process/],
  ['proxy/control/x.ts', `import { rule } from '../../healthcheck/probe/rule.ts';`, /imports healthcheck\/probe\/rule\.ts/],
  ['proxy/control/x.ts', `import { runRound } from '../../healthcheck/probe/contract.ts';`, /takes only types from there/],
  ['sandbox/x.ts', 'process.exit(1);', /sandbox\/main\.ts print and end/],
];

describe('every rule can fail, and its message says where the code should go', () => {
  for (const [file, text, says] of BROKEN) {
    test(`${file}: ${text || '(anything)'}`, () => {
      const others = readSource(text).imports.map((imported) => imported.specifier);
      const there = others.filter((other) => other.startsWith('.') && !other.includes('gone') && !other.includes('$'));
      const folder = file.slice(0, file.lastIndexOf('/'));
      const targets = there.map((other) => new URL(other, `file:///${folder}/`).pathname.slice(1));
      const breaches = breachesOf(file, text, targets);
      assert.ok(
        breaches.some((message) => message.startsWith(`${file}:`) && says.test(message)),
        breaches.join('\n') || 'no breach',
      );
      for (const message of breaches) assert.match(message, /\n {2}rule: .+\n {2}instead: .+/);
    });
  }
});

const KEPT: readonly (readonly [file: string, text: string])[] = [
  ['proxy/core/clock.ts', 'const now = Date.now(); setTimeout(run, 1); setInterval(run, 1);'],
  ['proxy/tunnel/dial.ts', '// Date.now() would be wrong here\nsocket.setTimeout(5);'],
  ['proxy/tunnel/dial.ts', 'const socket = new net.Socket({});'],
  ['proxy/gateway/x.ts', 'class A { setTimeout(): this { return this; } override createConnection(): Duplex { return a; } }'],
  ['proxy/wire/x.ts', "const text = 'process.env and console.log, new TLSSocket and Date.now()';"],
  ['proxy/wire/x.ts', 'const text = `setTimeout ${value} console`;'],
  ['proxy/wire/x.ts', 'const pattern = /console\\.log|Date\\.now()/;'],
  ['proxy/wire/reply.ts', 'const line = `HTTP/1.1 ${status} ${code}`;'],
  ['proxy/gateway/x.ts', 'const line = `GET ${path} HTTP/1.1`;'],
  ['proxy/control/log.ts', "import pino from 'pino';"],
  ['proxy/control/x.ts', 'const time = new Date(clock.wallMs());'],
  ['proxy/main.ts', 'process.exit(await main(process.env));'],
  ['proxy/policy/x.ts', "import { isIP, BlockList as Ranges } from 'node:net';"],
  ['proxy/core/x.test.ts', "import net from 'node:net'; console.log(Date.now());"],
];

for (const [file, text] of KEPT) {
  test(`no rule is broken by ${file}: ${text}`, () => assert.deepEqual(breachesOf(file, text), []));
}

describe('what is loaded at once with a file', () => {
  const tree = (serve: string, middle: string) =>
    new Map([
      ['proxy/cli/serve.ts', serve],
      ['proxy/cli/read-config.ts', middle],
      ['proxy/config/load.ts', "import { parse } from 'yaml';"],
    ]);
  const LOADS = "import { loadConfig } from '../config/load.ts';";

  test('a package that the supervisor would load over three files is found, with the way to it', () => {
    const breaches = findBreaches(tree("import { readConfig } from './read-config.ts';", LOADS));
    const message = breaches.find((breach) => breach.includes('loads npm:yaml'));
    assert.match(
      message ?? '',
      /by proxy\/cli\/serve\.ts > proxy\/cli\/read-config\.ts > proxy\/config\/load\.ts\n {2}rule: the supervisor/,
    );
  });

  for (const [how, serve] of [
    ['its types', "import type { Read } from './read-config.ts';"],
    ['import() when it is needed', "const { readConfig } = await import('./read-config.ts');"],
  ] as const) {
    test(`${how} load nothing at once`, () => assert.deepEqual(findBreaches(tree(serve, LOADS)), []));
  }

  test('`import { type A }` is no type import: it loads the file', () => {
    assert.notDeepEqual(findBreaches(tree("import { type Read } from './read-config.ts';", LOADS)), []);
  });
});

describe('readSource', () => {
  for (const [text, expected] of [
    ["import { a, type B as C } from './x.ts';", { specifier: './x.ts', isType: false, isDynamic: false, names: ['a', 'B'] }],
    ["import type {\n  A,\n} from './x.ts';", { specifier: './x.ts', isType: true, isDynamic: false, names: ['A'] }],
    ["import type from './x.ts';", { specifier: './x.ts', isType: false, isDynamic: false, names: null }],
    ["export * from './x.ts';", { specifier: './x.ts', isType: false, isDynamic: false, names: null }],
    ["export type { A } from './x.ts';", { specifier: './x.ts', isType: true, isDynamic: false, names: ['A'] }],
    ["import './x.ts';", { specifier: './x.ts', isType: false, isDynamic: false, names: null }],
    ["const x = await import('./x.ts');", { specifier: './x.ts', isType: false, isDynamic: true, names: null }],
  ] as const) {
    test(text, () => assert.deepEqual(readSource(text).imports, [{ ...expected, line: 1 }]));
  }

  for (const text of [
    "// import { a } from './x.ts';",
    "/* import './x.ts' */",
    `const text = "import { a } from './x.ts'";`,
    "const text = `import { a } from './x.ts'`;",
    "const pattern = /import '[/']x'/;",
  ]) {
    test(`no import in ${text}`, () => assert.deepEqual(readSource(text).imports, []));
  }

  test('an import behind all of these is still seen', () => {
    const text = "const a = b / c; const d = `x ${`y ${z}`} '`; const e = /['\"`]/; // it's\nimport { f } from './x.ts';";
    assert.deepEqual(
      readSource(text).imports.map(({ specifier, line }) => [specifier, line]),
      [['./x.ts', 2]],
    );
  });
});

test('tests and what only they use are outside the rules', () => {
  for (const path of ['proxy/wire/a.test.ts', 'proxy/test/support/a.ts', 'agent/testing/a.ts', 'sandbox/aws-iot/test/a.ts'])
    assert.ok(isTestFile(path), path);
  for (const path of ['proxy/wire/attest.ts', 'proxy/testament/a.ts']) assert.ok(!isTestFile(path), path);
});
