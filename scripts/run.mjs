// What `npm start`, `npm test` and every `npm run` of package.json call. Installs what that needs, once, then runs it on the Node of
// node_modules.
// Plain JavaScript without a dependency: it must run on whatever Node the machine has (18 and later), before anything is installed.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { delimiter, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Held against package.json's `engines` by a test: net.BoundSocket came with this release. */
export const NODE_WANTED = [26, 5];
const STAMP = '.pinhole-installed.json';
const TEST_FOLDERS = ['proxy', 'agent', 'healthcheck', 'sandbox', 'scripts', 'bench', 'loadtest', 'deploy'];

/** What the runtime makes of the sources: a start that finds it spares half its CPU. `pinhole` says the same. */
const CODE_CACHE = join('node_modules', '.cache', 'pinhole');

/** What each test said, and at the end how long each file took. */
const REPORTERS = ['spec', './scripts/suite-seconds.mjs', './scripts/skipped.mjs'].flatMap((reporter) => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout',
]);

const USAGE = `usage: node scripts/run.mjs COMMAND [ARGUMENTS]

  start   the sandbox: a whole world on this machine (npm start -- --help)
  test    every test; words choose files (npm test -- agent/), flags go to node --test
  check   types, lint and format
  bench   Pinhole beside other proxies, measured on this machine (npm run bench -- --help)
  loadtest   many tunnels through nodes on this machine, and a report (npm run loadtest -- --help)
  build:native   the native relay engine, where a C compiler is at hand (serve does it by itself)
  synth   a stage of AWS to CloudFormation templates, without network or credentials (npm run synth -- --help)
  deploy  what goes with a deployment: FLEET.yaml, devices (npm run deploy -- --help)
  doctor:bundle   the doctor as one file for a customer's site: dist/pinhole-doctor.mjs
  release the tarball that a host runs, its bill of materials and checksums (npm run release -- --help)`;

/**
 * What each command needs. 'run' leaves out the developer tools and AWS's device SDK, whose native part is heavy and only the tests use;
 * 'load' adds what only the load rig needs; 'all' is everything in the lock.
 */
const SET_OF = {
  start: 'run',
  test: 'all',
  check: 'all',
  bench: 'run',
  loadtest: 'load',
  'build:native': 'run',
  synth: 'all',
  deploy: 'all',
  'doctor:bundle': 'run',
  release: 'run',
};
/** Each holds those before it. */
const SETS = ['run', 'load', 'all'];
// A user's own settings (NODE_ENV=production, omit=optional) must not leave out the runtime or the tools.
const QUIET = ['--include=optional', '--ignore-scripts', '--loglevel=error', '--no-progress', '--no-audit', '--no-fund'];
const WORKSPACES = ['-w', 'agent', '-w', 'healthcheck', '-w', 'sandbox'];
const FLAGS_OF = {
  run: ['--omit=dev', ...WORKSPACES, '--include-workspace-root'],
  load: ['--omit=dev', ...WORKSPACES, '-w', 'loadtest', '--include-workspace-root'],
  all: ['--include=dev'],
};

/** The npm call that turns what is there into what is needed, or null where nothing is missing. */
export function planInstall(needed, lockHash, stamp, complete) {
  const current = stamp !== null && stamp.lock === lockHash;
  if (current && SETS.indexOf(stamp.set) >= SETS.indexOf(needed)) return null;
  if (complete) return null;
  // `ci` empties node_modules first. A sandbox that runs in another terminal must survive `npm test`, so what is there is only added to.
  return current ? ['install', '--no-save', ...QUIET, ...FLAGS_OF[needed]] : ['ci', ...QUIET, ...FLAGS_OF[needed]];
}

/**
 * Whether node_modules holds everything in the lock, whoever put it there: npm leaves a list of what it installed.
 * Optional packages for other platforms are not expected.
 */
export function isComplete(lock, installed, platform) {
  return Object.entries(lock.packages ?? {}).every(([path, entry]) => {
    if (path === '' || !path.includes('node_modules/')) return true;
    if (entry.optional && !fits(entry, platform)) return true;
    const found = installed.packages?.[path];
    return found !== undefined && found.version === entry.version && found.integrity === entry.integrity;
  });
}

function fits(entry, { os, cpu, libc }) {
  const allows = (list, value) => list === undefined || (list.includes(value) && !list.includes(`!${value}`));
  return allows(entry.os, os) && allows(entry.cpu, cpu) && allows(entry.libc, libc);
}

export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > NODE_WANTED[0] || (major === NODE_WANTED[0] && minor >= NODE_WANTED[1]);
}

/** Words choose test files by a part of their path; what starts with a dash goes to the runner. */
export function chooseTests(files, args) {
  const words = args.filter((arg) => !arg.startsWith('-')).map((word) => word.replace(/^\.\//, ''));
  return words.length === 0 ? files : files.filter((file) => words.some((word) => file.includes(word)));
}

function testFiles(root) {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(path);
      else if (entry.isFile() && entry.name.endsWith('.test.ts')) found.push(relative(root, path).split(sep).join('/'));
    }
  };
  for (const folder of TEST_FOLDERS) if (existsSync(join(root, folder))) walk(join(root, folder));
  return found.sort();
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function thisPlatform() {
  // Without this the report asks DNS about every open connection.
  process.report.excludeNetwork = true;
  return { os: process.platform, cpu: process.arch, libc: process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl' };
}

/** Installs what `needed` says, unless it is there already. */
async function ensureInstalled(root, needed) {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const lockHash = createHash('sha256').update(lockText).digest('hex');
  const stampPath = join(root, 'node_modules', STAMP);
  const stamp = readJson(stampPath);
  const installed = stamp === null ? readJson(join(root, 'node_modules', '.package-lock.json')) : null;
  const complete = installed !== null && isComplete(JSON.parse(lockText), installed, thisPlatform());

  const plan = planInstall(needed, lockHash, stamp, complete);
  if (plan === null) return;

  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  process.stdout.write(
    needed !== 'all'
      ? 'Installing Pinhole and its Node runtime (once, about 250 MB) ...\n'
      : 'Installing Pinhole, its Node runtime and the test tools (once, about 650 MB) ...\n',
  );
  const ticker = setInterval(() => process.stdout.write(`  still installing, ${seconds()}\n`), 10_000);
  const { code, output } = await runNpm(root, plan);
  clearInterval(ticker);
  if (code > 128) process.exit(code);
  if (code !== 0) {
    process.stderr.write(`${output.trim()}\n\nThe installation failed (npm ${plan[0]} ended with ${code}); the lines above are npm's.\n`);
    process.exit(1);
  }
  writeFileSync(stampPath, `${JSON.stringify({ lock: lockHash, set: needed })}\n`);
  process.stdout.write(`Installed in ${seconds()}.\n`);
}

/** Runs the npm that called us, else the one on the PATH. Its words are shown only if it fails: its warnings are about other people's packages. */
function runNpm(root, args) {
  const own = process.env.npm_execpath;
  const [command, first] = own && /npm-cli\.c?js$/.test(own) ? [process.execPath, [own]] : ['npm', []];
  const child = spawn(command, [...first, ...args], { cwd: root, env: npmEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-20_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const release = passSignals(child);
  return new Promise((done) => {
    child.on('error', (error) => done({ code: 1, output: error.code === 'ENOENT' ? 'npm is not on the PATH' : String(error) }));
    child.on('close', (code, signal) => {
      release();
      done({ code: signal ? exitCodeOf(signal) : (code ?? 1), output });
    });
  });
}

/** `npm start` hands its own settings down as npm_config_*; with them the inner npm would act on `start`'s workspace and flags. */
function npmEnvironment() {
  const inherited =
    /^npm_config_(workspaces?|include_workspace_root|omit|include|production|dry_run|global|prefix|local_prefix|ignore_scripts)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)));
}

/** The Node that node_modules brings for this machine, else the one at hand, else a message. */
async function findNode(root) {
  const brought = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(brought) && (await answersVersion(brought))) return brought;
  if (isNewEnough(process.version)) return process.execPath;
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path) && statSync(path).isFile() && realpathSync(path) !== realpathSync(process.execPath));
  if (onPath && (await answersVersion(onPath))) return onPath;
  process.stderr.write(
    `Pinhole runs on Node ${NODE_WANTED.join('.')} or later; this machine has ${process.version}, and no package brings one for ${process.platform}-${process.arch}.\n` +
      'Install Node 26 from https://nodejs.org and try again.\n',
  );
  process.exit(69);
}

function answersVersion(node) {
  return new Promise((done) => {
    const child = spawn(node, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('error', () => done(false));
    child.on('close', () => done(isNewEnough(text.trim() || 'v0')));
  });
}

/**
 * Passes on what ends us, and stays until the child is gone: it has things of its own to end.
 * An npm that is told to end goes without a word to us; that we have another parent then is how we hear of it.
 */
function passSignals(child) {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const pass = (name) => child.kill(name);
  for (const name of names) process.on(name, pass);
  const parent = process.ppid;
  const watch = process.env.npm_lifecycle_event ? setInterval(() => process.ppid !== parent && pass('SIGTERM'), 1_000).unref() : undefined;
  return () => {
    clearInterval(watch);
    for (const name of names) process.off(name, pass);
  };
}

function exitCodeOf(signal) {
  return 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1);
}

/** Runs one program with our terminal, and gives back its exit code. */
function run(root, node, args) {
  const bins = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  const env = { ...process.env, PATH: bins, NODE_COMPILE_CACHE: join(root, CODE_CACHE) };
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
  const release = passSignals(child);
  return new Promise((done) => {
    child.on('error', (error) => {
      process.stderr.write(`${node}: ${error.message}\n`);
      done(1);
    });
    child.on('exit', (code, signal) => {
      release();
      done(signal ? exitCodeOf(signal) : (code ?? 1));
    });
  });
}

async function test(root, node, args) {
  const files = chooseTests(testFiles(root), args);
  if (files.length === 0) {
    process.stderr.write('No test file matches.\n');
    return 64;
  }
  // The runner's own default is one less than the cores, so one at a time on two; most of these tests wait for sockets.
  const cores = availableParallelism?.() ?? cpus().length;
  const flags = args.filter((arg) => arg.startsWith('-'));
  const reporters = flags.some((flag) => flag.startsWith('--test-reporter')) ? [] : REPORTERS;
  return run(root, node, ['--test', `--test-concurrency=${Math.max(2, cores)}`, ...reporters, ...flags, ...files]);
}

async function check(root, node) {
  const gates = [
    ['types', ['node_modules/typescript/bin/tsc', '-p', '.']],
    ['types of the page', ['node_modules/typescript/bin/tsc', '-p', 'proxy/page']],
    ['lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings']],
    ['format', ['node_modules/oxfmt/bin/oxfmt', '--check', '**/*.{ts,mjs}']],
  ];
  const failed = [];
  for (const [name, args] of gates) {
    const code = await run(root, node, args);
    if (code > 128) return code;
    if (code !== 0) failed.push(name);
  }
  process.stdout.write(failed.length === 0 ? 'OK: types, lint, format\n' : `FAILED: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

async function main() {
  const [command = '', ...args] = process.argv.slice(2);
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  if (!Object.hasOwn(SET_OF, command)) {
    process.stderr.write(`${USAGE}\n`);
    return 64;
  }
  await ensureInstalled(root, SET_OF[command]);
  const node = await findNode(root);
  if (command === 'test') return test(root, node, args);
  if (command === 'check') return check(root, node);
  if (command === 'bench') return run(root, node, ['bench/main.ts', ...args]);
  if (command === 'synth') return run(root, node, ['deploy/main.ts', 'synth', ...args]);
  if (command === 'deploy') return run(root, node, ['deploy/main.ts', ...args]);
  if (command === 'loadtest')
    return run(root, node, ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', 'loadtest/main.ts', ...args]);
  if (command === 'release') return run(root, node, ['deploy/release/main.ts', ...args]);
  if (command === 'doctor:bundle') return run(root, node, ['agent/doctor/bundle.ts', ...args]);
  if (command === 'build:native') return run(root, node, ['scripts/build-native.ts']);
  return run(root, node, ['sandbox/main.ts', ...args]);
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? '')).href) process.exitCode = await main();
