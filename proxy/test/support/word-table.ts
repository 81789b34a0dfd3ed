// What may be said in one place only: clocks, timers, the environment, the console, sockets that go out. One row per rule.

export interface WordRule {
  readonly what: string;
  readonly pattern: RegExp;
  /** Places the rule is for. */
  readonly within: readonly string[];
  /** Files that may. */
  readonly except: readonly string[];
  readonly why: string;
  readonly instead: string;
  /** Looks into strings too. */
  readonly inStrings?: true;
}

/** A free-standing call or mention of a global: not a method of something, and not a method's own definition. */
const TIMERS = String.raw`(?<![.\w#$])(?:globalThis\.)?set(?:Timeout|Interval|Immediate)\b(?!\s*\([^)]*\)\s*[:{])`;
const CLOCKS = String.raw`\bDate\.now\b|\bperformance\.(?:now|timeOrigin)\b|\bhrtime\b|\bnew Date\(\s*\)|\bAbortSignal\.timeout\b`;
const TIMER_MODULES = String.raw`['"](?:node:)?timers(?:/promises)?['"]`;

export const WORDS: readonly WordRule[] = [
  {
    what: 'a clock or a timer',
    pattern: new RegExp(`${CLOCKS}|${TIMERS}`, 'g'),
    within: ['proxy'],
    except: ['proxy/core/clock.ts'],
    why: 'time comes in by argument',
    instead: 'take a Clock (core/clock.ts) as an argument; proxy/main.ts hands in systemClock',
  },
  {
    what: 'a module of timers',
    pattern: new RegExp(TIMER_MODULES, 'g'),
    within: ['proxy', 'agent', 'healthcheck'],
    except: [],
    why: 'time comes in by argument',
    instead: 'use `after` and `every` of the Clock that is handed in',
    inStrings: true,
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.env\b/g,
    within: ['proxy'],
    except: ['proxy/main.ts'],
    why: 'nothing below main.ts reads the environment',
    instead: 'take it as an argument: CliIo.env for a command, a key of the configuration for a node',
  },
  {
    what: 'the end of the process, or its standard streams',
    pattern: /\bprocess\.(?:exit|exitCode|abort|stdout|stderr|stdin|chdir|umask)\b/g,
    within: ['proxy'],
    except: ['proxy/main.ts'],
    why: 'main.ts alone talks to the process; a command gives back its exit code',
    instead: 'return an exit code, take `stdout` and `stderr` from what main.ts hands in',
  },
  {
    what: 'the end of a process by its number',
    pattern: /\bprocess\.kill\b/g,
    within: ['proxy'],
    // A group of processes has nothing but a number.
    except: ['proxy/main.ts', 'proxy/supervisor/prepare-child.ts'],
    why: 'a number may be another process’s by now, or our own',
    instead: 'keep the ChildProcess, and kill that',
  },
  {
    what: 'what happens to the process',
    pattern: /\bprocess\.(?:on|once|addListener|prependListener)\b/g,
    within: ['proxy'],
    // A carrier outlives one session's bug: ten thousand tunnels have nothing to do with it.
    except: ['proxy/main.ts', 'proxy/carrier.ts'],
    why: 'main.ts alone talks to the process; a command gives back its exit code',
    instead: 'take `onSignal` from what main.ts hands in',
  },
  {
    what: 'the console',
    pattern: /\bconsole\b/g,
    within: ['proxy'],
    except: [],
    why: 'a line of a node goes through its log, a command’s through CliIo',
    instead: 'use the Log of control/log.ts, the LineLog of the supervisor, or CliIo.stdout',
  },
  {
    what: 'a bare TLSSocket',
    pattern: /\bnew\s+(?:tls\s*\.\s*)?TLSSocket\b/g,
    within: ['proxy'],
    except: [],
    why: 'a bare TLSSocket takes a self-signed client certificate for a good one',
    instead: 'hand the socket to the never-listening tls.Server of tunnel/terminate.ts, or to tls.connect as gateway/upstream-tls.ts does',
  },
  {
    what: 'a TLS check switched off',
    pattern: /\brejectUnauthorized\s*:\s*false\b|\bcheckServerIdentity\s*:/g,
    within: ['proxy', 'agent', 'healthcheck'],
    except: [],
    why: 'every certificate is verified (CVE-2022-32210 was a proxy client that did not)',
    instead: 'give the roots as `ca` and let Node verify the name',
  },
  {
    what: 'a socket that goes out',
    pattern:
      /\bnew\s+(?:net\s*\.\s*)?Socket\b|\bnet\s*\.\s*(?:connect|createConnection)\b|(?<![.\w])createConnection\s*\((?!\s*\)\s*[:{])/g,
    within: [
      'proxy/core',
      'proxy/wire',
      'proxy/policy',
      'proxy/tunnel',
      'proxy/gateway',
      'proxy/limits',
      'proxy/carrier.ts',
      'proxy/supervisor',
      'proxy/config',
    ],
    // The second one takes over our own standard output, the third a connection that is there already; both dial nobody.
    except: ['proxy/tunnel/dial.ts', 'proxy/supervisor/standard-output.ts', 'proxy/tunnel/native-socket.ts'],
    why: 'only judged addresses are dialled, and one function makes the sockets',
    instead: 'call the `dial` of tunnel/plane.ts',
  },
  {
    what: 'a look-up through the machine’s own resolver',
    pattern: /(?<![\w.])(?:dns\s*\.\s*)?lookup(?:Service)?\s*\(|\bdns\s*\.\s*lookup\b/g,
    within: ['proxy'],
    except: [],
    why: 'no hosts file and no search list: a listed name is asked of the servers, once',
    instead: 'call the resolver of tunnel/plane.ts',
  },
  {
    what: 'chance',
    pattern: /\bMath\.random\b/g,
    within: ['proxy'],
    except: ['proxy/carrier.ts'],
    why: 'chance comes in by argument, so that a test can say what it brings',
    instead: 'take `random` from tunnel/plane.ts',
  },
  {
    what: 'a status line',
    pattern: /HTTP\/1\.[01] (?:\d|\$\{)/g,
    within: ['proxy'],
    except: ['proxy/wire/reply.ts'],
    why: 'one file writes what Pinhole says over HTTP, and nothing from the wire is in it',
    instead: 'render it in wire/reply.ts',
    inStrings: true,
  },
  {
    what: 'another way to load code',
    pattern: /(?<![.\w])require\s*\(|\bcreateRequire\b|\beval\s*\(|\bnew\s+Function\b/g,
    within: ['proxy', 'agent', 'healthcheck', 'sandbox'],
    except: [],
    why: 'what is imported has to be seen by these rules',
    instead: 'use an import with a literal path',
  },
  {
    what: 'a clock or a timer',
    pattern: new RegExp(`${CLOCKS}|${TIMERS}`, 'g'),
    within: ['agent'],
    except: ['agent/clock.ts'],
    why: 'the agent’s waits and back-off are tested without waiting',
    instead: 'take a Clock (agent/clock.ts) as an argument',
  },
  {
    what: 'the console or the process',
    pattern: /\bconsole\b|\bprocess\.(?:env|exit|exitCode|on|once|stdout|stderr)\b/g,
    within: ['agent'],
    except: ['agent/main.ts', 'agent/doctor/main.ts'],
    why: 'the agent is also a library: the sandbox drives it',
    instead: 'emit an AgentEvent, and let agent/main.ts print it',
  },
  {
    what: 'a clock or a timer',
    pattern: new RegExp(`${CLOCKS}|${TIMERS}`, 'g'),
    within: ['healthcheck'],
    except: ['healthcheck/clock.ts'],
    why: 'budgets, back-off and waits are tested without waiting',
    instead: 'take a Clock (healthcheck/clock.ts) as an argument',
  },
  {
    what: 'the console, the process, or chance',
    pattern: /\bconsole\b|\bprocess\.(?:env|exit|exitCode|on|once|stdout|stderr)\b|\bMath\.random\b/g,
    within: ['healthcheck'],
    except: ['healthcheck/main.ts', 'healthcheck/probe/main.ts'],
    why: 'main.ts alone talks to the process, and hands chance in',
    instead: 'take it from the FleetIo that healthcheck/main.ts hands in',
  },
  {
    what: 'the console, or the end of the process',
    pattern: /\bconsole\b|\bprocess\.(?:env|exit|exitCode|stdout|stderr)\b/g,
    within: ['sandbox'],
    except: ['sandbox/main.ts', 'sandbox/gameday/main.ts', 'sandbox/aws-iot/main.ts'],
    why: 'the sandbox ends what it started; a stand-in that prints or exits by itself cannot be driven by a test',
    instead: 'use the `log` that is handed in, and let sandbox/main.ts print and end',
  },
];
