// Who may import whom, as data: one row per folder, or per file that stands alone. ARCHITECTURE.md shows the same rows, held equal by
// proxy/test/architecture.test.ts; proxy/test/layers.test.ts holds the tree to them.

/** A place of ours that may be imported; with `types`, only by `import type`. `why` is there where the general rule says otherwise. */
export interface Allowed {
  readonly place: string;
  readonly types?: true;
  readonly why?: string;
}

export interface Layer {
  /** A folder without its closing slash, or one file. */
  readonly place: string;
  readonly imports: readonly (string | Allowed)[];
  /** Modules of Node without `node:`; with a list of names only those. */
  readonly node: 'any' | readonly (string | readonly [module: string, ...names: string[]])[];
  readonly packages: readonly string[];
  /** What the place is for, and so where other code goes. */
  readonly instead: string;
}

const JUDGED_TYPE = 'the hello that is judged; the values stay apart';
const COUNTS = 'the counts of all carriers are read here, never written';

export const LAYERS: readonly Layer[] = [
  {
    place: 'proxy/core',
    imports: [{ place: 'package.json', why: 'the version of this release has one source' }],
    node: [],
    packages: [],
    instead: 'core holds words and tables and does nothing: bytes are read in proxy/wire, rules in proxy/policy, sockets in proxy/tunnel',
  },
  {
    place: 'proxy/wire',
    imports: ['proxy/core'],
    node: [],
    packages: [],
    instead:
      'wire turns bytes into values and back: what waits, dials or reads a clock goes to proxy/tunnel, what allows or refuses to proxy/policy',
  },
  {
    place: 'proxy/policy',
    imports: ['proxy/core', { place: 'proxy/wire/client-hello.ts', types: true, why: JUDGED_TYPE }],
    node: [
      ['net', 'isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress'],
      ['crypto', 'hash', 'timingSafeEqual'],
    ],
    packages: [],
    instead: 'policy decides on values: bytes are read in proxy/wire, names are resolved and dialled in proxy/tunnel',
  },
  {
    place: 'proxy/explain',
    imports: [
      'proxy/core',
      'proxy/policy',
      { place: 'proxy/wire/connect-target.ts', why: 'it asks the same functions that decide for real' },
    ],
    node: [],
    packages: [],
    instead:
      'explain tells what would be decided and decides nothing: rules are in proxy/policy, whoever asks is proxy/cli or a carrier’s socket',
  },
  {
    place: 'proxy/addresses',
    imports: ['proxy/core', { place: 'proxy/policy/endpoint-name.ts', why: 'what a host name is' }],
    node: ['crypto', ['net', 'isIP', 'SocketAddress']],
    packages: [],
    instead:
      'addresses is the form of the published list and its signatures: files are read and written in proxy/cli and proxy/config, the list is ' +
      'served by proxy/tunnel, and agent/ has its own reading of it',
  },
  {
    place: 'proxy/tunnel',
    imports: ['proxy/core', 'proxy/wire', 'proxy/policy'],
    node: ['net', 'tls', 'stream', ['crypto', 'constants']],
    packages: [],
    instead:
      'the data plane calls an interface of core/ports.ts or tunnel/plane.ts, and proxy/carrier.ts decides who stands behind it; names are ' +
      'resolved by the resolver that is handed in',
  },
  {
    place: 'proxy/gateway',
    imports: [
      'proxy/core',
      { place: 'proxy/tunnel/gateway-port.ts', types: true, why: 'what the tunnel asks of a gateway is written on the asking side' },
    ],
    node: ['http', 'https', 'net', 'stream', 'tls'],
    packages: ['http-proxy'],
    instead:
      'the gateway only re-originates an upgrade that was judged: judging goes to proxy/wire and proxy/policy, walking to proxy/tunnel',
  },
  {
    place: 'proxy/native',
    imports: [
      'proxy/core',
      { place: 'proxy/tunnel/native-relay.ts', types: true, why: 'what the relay asks of the addon is written on the asking side' },
      { place: 'proxy/tunnel/native-front.ts', types: true, why: 'so is what the front asks' },
      { place: 'proxy/tunnel/move-links.ts', types: true, why: 'and what moves ask' },
    ],
    node: ['child_process', 'crypto', 'fs', 'path', 'util'],
    packages: [],
    instead: 'native moves bytes in C and decides nothing: what may be relayed is decided before, in proxy/tunnel',
  },
  {
    place: 'proxy/limits',
    imports: ['proxy/core'],
    node: ['fs', 'crypto'],
    packages: [],
    instead: 'limits counts in one shared file and knows no sessions: it is called through the Limits interface of core/ports.ts',
  },
  {
    place: 'proxy/control',
    imports: [
      'proxy/core',
      { place: 'proxy/limits/ledger-view.ts', why: COUNTS },
      { place: 'proxy/policy/ranges.ts', why: 'which listener wants a PROXY header from this machine itself' },
      { place: 'proxy/policy/tenant-text.ts', why: 'tenants are a text in the settings, and are shown as what they say' },
      { place: 'proxy/explain/question.ts', why: 'a carrier is asked what it would decide' },
      { place: 'proxy/explain/explanation.ts', types: true, why: 'and answers by what it has in force' },
      {
        place: 'healthcheck/probe/contract.ts',
        types: true,
        why: 'the probe is told what to do and tells what it found; neither runs the other’s code',
      },
    ],
    node: ['child_process', 'crypto', 'fs', 'http', 'https', 'net', 'os', 'path', 'perf_hooks', 'stream', 'url'],
    packages: ['pino', '@prometheus-io/client'],
    instead:
      'control looks at the data plane through core/ports.ts and the carriers’ sockets; what it needs from a session is a field there',
  },
  {
    place: 'proxy/config',
    imports: ['proxy/core', 'proxy/policy', 'proxy/addresses'],
    node: ['crypto', 'path', 'tls'],
    packages: ['node-cron', 'yaml', 'zod'],
    instead: 'config turns a text into Settings or problems and opens nothing: files and the environment are handed in by proxy/main.ts',
  },
  {
    place: 'proxy/cli',
    imports: [
      'proxy/core',
      'proxy/config',
      'proxy/policy',
      'proxy/addresses',
      'proxy/explain',
      { place: 'proxy/control/ask.ts', why: 'commands ask the processes of a node as control does' },
      { place: 'proxy/control/node-status.ts', why: '`status` works while control is dead' },
      { place: 'proxy/control/busiest.ts', why: 'so does `top`' },
      { place: 'proxy/control/carrier-api.ts', why: 'the form of a carrier’s answers' },
      { place: 'proxy/control/close-orders.ts', why: '`close` works while control is dead' },
      { place: 'proxy/control/drain-orders.ts', why: '`drain` works while control is dead' },
      { place: 'proxy/control/drain-view.ts', why: 'so does looking at it' },
      'proxy/supervisor',
      { place: 'proxy/native/choose.ts', why: '`prepare` builds and chooses the relay engine' },
      { place: 'proxy/carrier.ts', why: 'cli/roles.ts loads the role it was started for' },
      { place: 'proxy/control.ts', why: 'cli/roles.ts loads the role it was started for' },
    ],
    node: [['crypto', 'createHash', 'randomBytes'], 'fs', 'module', 'path', 'stream', 'util', 'zlib'],
    packages: [],
    instead: 'a command reads its words and prints: what it does belongs to the folder that does it in `serve` too',
  },
  {
    place: 'proxy/supervisor',
    imports: [
      'proxy/core',
      {
        place: 'proxy/limits/ledger-file.ts',
        why: 'it makes the shared file and clears a dead carrier’s row; that file imports nothing of ours',
      },
    ],
    node: ['child_process', 'fs', 'net', 'path'],
    packages: [],
    instead:
      'the supervisor holds sockets and children and reads nothing from the wire: configuration comes as JSON from the `prepare` child, work ' +
      'goes to a carrier or to control',
  },
  {
    place: 'proxy/compose.ts',
    imports: ['proxy/core', 'proxy/policy', 'proxy/tunnel', 'proxy/limits', 'proxy/machinery.ts'],
    node: ['dns', 'net'],
    packages: [],
    instead: 'a data plane is only put together here, of settings and of what proxy/carrier.ts has made for its whole life',
  },
  {
    place: 'proxy/warm-up.ts',
    imports: ['proxy/core', 'proxy/tunnel', 'proxy/compose.ts'],
    node: ['crypto', 'events', 'net'],
    packages: [],
    instead: 'one tunnel of a carrier to itself: what it goes through is what every tunnel goes through',
  },
  {
    place: 'proxy/retirement.ts',
    imports: ['proxy/core'],
    node: [],
    packages: [],
    instead: 'when a retired carrier moves and closes; how is proxy/tunnel',
  },
  {
    place: 'proxy/revocation.ts',
    imports: ['proxy/core'],
    node: [],
    packages: [],
    instead: 'which tunnels a new configuration closes, and when; what it allows is proxy/policy',
  },
  {
    place: 'proxy/carrier.ts',
    imports: [
      'proxy/core',
      'proxy/tunnel',
      'proxy/gateway',
      'proxy/limits',
      'proxy/control',
      'proxy/explain',
      'proxy/compose.ts',
      'proxy/machinery.ts',
      'proxy/retirement.ts',
      'proxy/revocation.ts',
      'proxy/warm-up.ts',
      { place: 'proxy/supervisor/child.ts', why: 'a child’s side of the supervisor’s channel' },
      { place: 'proxy/supervisor/lock.ts', why: 'one carrier keeps the pace of a drain, as one supervisor holds a folder' },
      { place: 'proxy/supervisor/standard-output.ts', why: 'all processes of a node write to one standard output in one way' },
    ],
    node: ['crypto', 'fs', 'os', 'v8'],
    packages: [],
    instead: 'the carrier only joins what other folders make; it reads settings that were checked, so never proxy/config or proxy/cli',
  },
  {
    place: 'proxy/machinery.ts',
    imports: [
      'proxy/core',
      'proxy/tunnel',
      { place: 'proxy/native/engine.ts', why: 'joined to the relay here' },
      { place: 'proxy/native/front.ts', why: 'joined to the doors here' },
      { place: 'proxy/native/links.ts', why: 'joined to moves here' },
    ],
    node: [],
    packages: [],
    instead: 'the machinery only chooses who accepts, dials and relays: what a connection goes through is proxy/tunnel',
  },
  {
    place: 'proxy/control.ts',
    imports: [
      'proxy/core',
      'proxy/control',
      { place: 'proxy/supervisor/child.ts', why: 'a child’s side of the supervisor’s channel' },
      { place: 'proxy/supervisor/plan.ts', why: 'exit codes' },
      { place: 'proxy/supervisor/standard-output.ts', why: 'all processes of a node write to one standard output in one way' },
    ],
    node: ['fs', 'url'],
    packages: [],
    instead: 'the control process only joins what proxy/control makes',
  },
  {
    place: 'proxy/main.ts',
    imports: ['proxy/core', 'proxy/cli', { place: 'proxy/supervisor/plan.ts', why: 'exit codes' }],
    node: ['fs', 'os', 'path', 'url'],
    packages: [],
    instead: 'main.ts hands the environment in and loads one command; everything else belongs to that command',
  },
  {
    place: 'agent',
    imports: [],
    node: 'any',
    packages: ['@smithy/signature-v4', 'esbuild', 'mqtt', 'ws'],
    instead: 'the agent judges the proxy by the wire and must not share its bugs: it has its own copy of what it needs',
  },
  {
    place: 'healthcheck/probe',
    imports: [
      { place: 'healthcheck/clock.ts', why: 'time comes in by argument here too' },
      { place: 'healthcheck/schedule.ts', why: 'its rounds come by a schedule, as those of `fleet run` do' },
    ],
    node: ['fs', 'http', 'net', 'stream', 'tls'],
    packages: ['ws'],
    instead:
      'the probe judges a node by the wire, as an agent would: it shares nothing with what carries a tunnel, not even a table of reasons',
  },
  {
    place: 'healthcheck',
    imports: [
      { place: 'proxy/config', why: 'FLEET.yaml is read as strictly as a node’s file, and by the same code' },
      { place: 'proxy/core/harm.ts', why: 'when a drain does harm: to the others of a fleet as to the node itself' },
      { place: 'proxy/policy/endpoint-name.ts', why: 'what a host name is' },
      { place: 'proxy/policy/address-class.ts', why: 'which addresses the world can reach' },
      { place: 'proxy/cli/arguments.ts', why: 'a command line is read as every other' },
      { place: 'proxy/cli/table.ts', why: 'a table looks as every other' },
      { place: 'proxy/cli/progress.ts', why: 'so does a bar' },
    ],
    node: ['crypto', 'fs', 'net'],
    packages: ['@aws-sdk/client-route-53', 'node-cron', 'zod'],
    instead: 'the health plane judges the wire from outside: it takes the reader of files from proxy/, and nothing that carries a tunnel',
  },
  {
    place: 'sandbox',
    imports: [{ place: 'agent', why: 'the reference agent drives every door' }],
    node: 'any',
    packages: ['@peculiar/x509', 'aedes', 'dns-packet', 'mqtt-packet', 'ws'],
    instead: 'the sandbox starts `pinhole serve` as a process and judges it by the wire: proxy/ is never imported',
  },
  {
    place: 'loadtest/shared',
    imports: [],
    node: [],
    packages: [],
    instead: 'shared runs in k6 and in Node alike, and knows neither: what needs one of them goes to loadtest/k6 or loadtest/rig',
  },
  {
    place: 'loadtest/k6',
    imports: ['loadtest/shared'],
    node: [],
    packages: ['k6'],
    instead: 'k6 runs these files, which is no Node and knows no package but its own modules',
  },
  {
    place: 'loadtest',
    imports: [
      'loadtest/shared',
      { place: 'agent', why: 'the probe opens tunnels as the reference agent does, and the URL of a real session is signed as it signs' },
    ],
    node: 'any',
    packages: ['ws', 'yaml', 'zod'],
    instead: 'the rig starts nodes, far ends and k6 as processes and judges them by the wire: proxy/ is never imported',
  },
  {
    place: 'scripts',
    imports: [
      { place: 'proxy/config', why: 'the JSON Schema and the key table are made from the code' },
      { place: 'healthcheck/fleet/schema.ts', why: 'so are those of FLEET.yaml' },
      { place: 'deploy/cdk/stage-schema.ts', why: 'and those of a stage' },
      { place: 'deploy/monitoring', why: 'rules and dashboard are files made from the code' },
      { place: 'proxy/cli/commands', why: 'docs/cli.md is made from the table of commands' },
      { place: 'proxy/control/admin', why: 'and the file and the tables of the admin API' },
      { place: 'proxy/native', why: 'the engine is built ahead by the code that builds it at a first start' },
    ],
    node: 'any',
    packages: [],
    instead: 'scripts run before anything is installed, or make files from the code; a command of the product goes to proxy/cli',
  },
  {
    place: 'deploy/cdk',
    imports: [
      { place: 'proxy/config', why: 'a stage is read as strictly as a node’s file, and what it makes is read as the node will' },
      { place: 'proxy/core/metrics.ts', why: 'alarms and dashboard are built from the table' },
      { place: 'deploy/monitoring', why: 'one place says beyond which numbers somebody has to act' },
      { place: 'proxy/policy/ranges.ts', why: 'what a range is' },
      { place: 'proxy/cli/arguments.ts', why: 'a command line is read as every other' },
      { place: 'healthcheck/fleet', why: 'FLEET.yaml is made here, and judged by its reader' },
      { place: 'deploy/identity', why: 'one app has all stacks of a stage' },
    ],
    node: ['child_process', 'crypto', 'fs'],
    packages: ['aws-cdk-lib', 'cdk-nag', 'constructs', 'yaml', 'zod'],
    instead: 'deploy/cdk turns a stage into templates and asks nothing of AWS: what runs on an instance is in cdk/host, or in the release',
  },
  {
    place: 'deploy/monitoring',
    imports: [
      { place: 'proxy/core/metrics.ts', why: 'rules and dashboard are built from the table' },
      { place: 'proxy/core/fault.ts', why: 'so is what counts as failed' },
    ],
    node: [],
    packages: ['yaml'],
    instead: 'what Prometheus and Grafana are told is data made of the tables: nothing here asks anybody; CloudWatch is deploy/cdk',
  },
  {
    place: 'deploy/identity',
    imports: ['deploy/cdk', { place: 'proxy/cli/arguments.ts', why: 'a command line is read as every other' }],
    node: ['child_process', 'fs', 'path'],
    packages: ['@aws-sdk/client-iot', 'aws-cdk-lib', 'constructs'],
    instead: 'identity is what AWS IoT knows of devices: what a device does with it is agent/',
  },
  {
    place: 'deploy/main.ts',
    imports: ['deploy/cdk', 'deploy/identity'],
    node: [],
    packages: [],
    instead: 'main.ts hands the environment in and loads one command; everything else belongs to that command',
  },
  {
    place: 'deploy/host',
    imports: [],
    node: ['http', 'net', 'path'],
    packages: [],
    instead: 'what is here runs on a host beside a node and asks it as anybody could: what a node does is in proxy/',
  },
  {
    place: 'deploy/release',
    imports: [],
    node: 'any',
    packages: [],
    instead: 'a release is made of files and by programs (git, npm, cc, tar): what runs on a host is in it and does not make it',
  },
  {
    place: 'bench',
    imports: [],
    node: 'any',
    packages: [],
    instead: 'the bench starts `pinhole serve` as a process, as it starts the proxies beside it, and judges all of them from outside',
  },
];

/** The folders that hold tests, or what only tests use. */
export function isTestFile(path: string): boolean {
  return /\.test\.ts$|(^|\/)(test|testing)\/|(^|\/)test-support\.ts$/.test(path);
}

/**
 * Inside proxy/tunnel. Doors know the stages, stages know the seams, never the other way round, not even by type; a file that is in no
 * list has to say what it is.
 */
export const TUNNEL_PARTS = {
  door: ['listener', 'accept', 'http-door', 'tls-door', 'connect-door', 'gateway-door'],
  stage: ['identity', 'move-receiver', 'move-sender', 'mover', 'open', 'peek', 'plane', 'session', 'sessions', 'tunnel', 'walk'],
  seam: [
    'acceptor',
    'ages',
    'as-stream',
    'client-certificate',
    'collect',
    'dial',
    'drain',
    'farewell',
    'gateway-port',
    'inbox',
    'keep-alive',
    'leg',
    'move-links',
    'move-message',
    'native-front',
    'native-relay',
    'native-socket',
    'node-relay',
    'own',
    'owned-socket',
    'phase',
    'refuse',
    'relay',
    'resolve',
    'session-id',
    'tenant-roll',
    'terminate',
  ],
} as const;

export type TunnelPart = keyof typeof TUNNEL_PARTS;

/** Files loaded at start, and what may then never be loaded with them, over however many steps. */
export const CLOSURES: readonly { readonly from: string; readonly never: readonly string[]; readonly why: string }[] = [
  {
    from: 'proxy/cli/serve.ts',
    never: ['npm:', 'proxy/wire', 'proxy/policy', 'proxy/tunnel', 'proxy/gateway', 'proxy/control', 'proxy/config', 'proxy/carrier.ts'],
    why: 'the supervisor process loads no package and nothing that reads the wire or a configuration: it has to outlive all of them',
  },
  {
    from: 'proxy/carrier.ts',
    never: ['proxy/config', 'proxy/cli', 'npm:yaml', 'npm:zod'],
    why: 'a carrier starts in a moment and from checked settings only: it never reads the configuration file',
  },
  {
    from: 'proxy/control.ts',
    never: ['proxy/config', 'proxy/cli', 'proxy/tunnel', 'proxy/gateway', 'proxy/wire', 'npm:http-proxy'],
    why: 'control looks at the data plane from outside',
  },
  {
    from: 'healthcheck/fleet/command.ts',
    never: ['proxy/wire', 'proxy/tunnel', 'proxy/gateway', 'proxy/limits', 'proxy/control', 'proxy/supervisor', 'proxy/carrier.ts'],
    why: 'what judges the wire must not share a bug with what it judges',
  },
  {
    from: 'healthcheck/probe/main.ts',
    never: ['proxy', 'agent', 'healthcheck/fleet', 'npm:@aws-sdk'],
    why: 'the probe is a process of every node, and shares no code with what it judges',
  },
];
