// Commands that operate a running node, over its Unix sockets: they work while control is dead.

import { type Command, HELP_OPTION, JSON_OPTION, NODE_EXITS, NODE_OPTIONS } from './command.ts';

/** What every one of them takes. */
const NODE = '[-c FILE | --runtime DIR]';

export const STATUS: Command = {
  name: 'status',
  calls: [`status ${NODE} [--json]`],
  does: 'how a running node is',
  about: ['Shows how a running node is: readiness, carriers, tunnels, limits and refusals.'],
  options: [...NODE_OPTIONS, JSON_OPTION, HELP_OPTION],
  exits: NODE_EXITS,
  page: 'health.md',
};

export const TUNNELS: Command = {
  name: 'tunnels',
  calls: [`tunnels ${NODE} [--limit N] [--json]`],
  does: 'its open tunnels',
  about: ['Lists open tunnels, the oldest first.'],
  options: [
    { long: 'limit', value: 'N', words: 'rows at most: 50 unless given, up to 1000000' },
    ...NODE_OPTIONS,
    JSON_OPTION,
    HELP_OPTION,
  ],
  exits: NODE_EXITS,
};

export const TOP: Command = {
  name: 'top',
  calls: [`top ${NODE} [--once] [--interval S] [--by ORDER] [--rows N] [--json]`],
  does: 'what goes on in it, live',
  about: [
    'Shows what goes on in a running node: how much, how many opens and refusals a second and for which reasons, and the busiest tunnels, tenants and targets. On a terminal it draws a screen anew until `q` or Ctrl-C; its last line has the keys. Into a pipe or a file, and where TERM is dumb, it prints one text after the other.',
  ],
  options: [
    { long: 'once', words: 'look twice, a moment apart, print that, and end' },
    { long: 'interval', value: 'S', words: 'seconds between two looks, 1 to 60; 2 unless given' },
    { long: 'by', value: 'ORDER', words: 'rate, bytes or age: what comes first; rate unless given', completes: ['rate', 'bytes', 'age'] },
    { long: 'rows', value: 'N', words: 'rows of each list, 1 to 200; what the terminal has room for unless given, else 10' },
    ...NODE_OPTIONS,
    { long: 'json', words: 'print one JSON object for each look, a line each' },
    HELP_OPTION,
  ],
  exits: [
    { code: 0, when: 'somebody has seen enough' },
    { code: 1, when: 'no node answers, or it has ended' },
    { code: 64, when: 'the command line is wrong, or more than one node runs here' },
  ],
};

export const CLOSE: Command = {
  name: 'close',
  calls: [`close ID... ${NODE} [--json]`, `close --tenant T ${NODE} [--json]`],
  does: 'ends open tunnels at once: one by its id, or all of a tenant',
  about: [
    'Ends open tunnels at once, in generations that are retired too: those with these ids, as `tunnels`, `top` and the records have them, or all of a tenant. Whoever it was may come back: to shut a tenant out, take it out of the file first.',
  ],
  options: [{ long: 'tenant', value: 'T', words: 'whose', completes: 'tenants' }, ...NODE_OPTIONS, JSON_OPTION, HELP_OPTION],
  words: { name: 'ID', isRepeated: true, completes: 'tunnels' },
  exits: [
    { code: 0, when: 'they are closed; of a tenant: whether it had any or not' },
    { code: 1, when: 'no tunnel has such an id, or it is on its way already; a carrier does not answer, or no node does' },
    { code: 64, when: 'the command line is wrong, or more than one node runs here' },
  ],
  page: 'tenants.md',
};

export const DRAIN: Command = {
  name: 'drain',
  calls: [`drain ${NODE} [--now | --pause | --resume] [--json]`],
  does: 'empties a running node at a pace',
  about: [
    'Empties a running node. `/ready` says no at once; new tunnels are served for `drain.settle` and refused after that; open ones are closed at `drain.rate`, the oldest first. Shows the progress until no tunnel is left. Ctrl-C leaves the node draining; `undrain` ends it.',
  ],
  options: [
    ...NODE_OPTIONS,
    { long: 'now', words: 'no settling: refuse and close from now on; ends a pause' },
    { long: 'pause', words: 'close nothing for a while' },
    { long: 'resume', words: 'go on' },
    { long: 'json', words: 'print JSON: one object a line' },
    HELP_OPTION,
  ],
  exits: [
    { code: 0, when: 'no tunnel is left; of --pause and --resume: done' },
    { code: 1, when: 'it is not so: Ctrl-C, or somebody ended the drain or the node; or no node answers, or there is nothing to pause' },
    { code: 64, when: 'the command line is wrong, or more than one node runs here' },
  ],
  page: 'drain.md',
};

export const UNDRAIN: Command = {
  name: 'undrain',
  calls: [`undrain ${NODE} [--json]`],
  does: 'ends that',
  about: [
    'Ends a drain, at whatever point it is: nothing more is closed, new tunnels are served, and `/ready` says yes. Nothing happens where the node does not drain.',
  ],
  options: [...NODE_OPTIONS, JSON_OPTION, HELP_OPTION],
  exits: [{ code: 0, when: 'the node takes new tunnels' }, ...NODE_EXITS.slice(1)],
  page: 'drain.md',
};

export const RELOAD: Command = {
  name: 'reload',
  calls: [`reload ${NODE} [--json]`, `reload --dry-run [--from NEW.yaml] ${NODE} [--json]`],
  does: 'has it take its configuration as it is now, or says what that would do',
  about: [
    'Has a running node take its configuration file as it is now, and with it the certificate, the key and the lists that it names: whole, and by every carrier, or not at all. New connections go by it at once; open tunnels go on, save those that it would not let in: they are closed at `drain.rate` unless `policy.revoked` is `keep`.',
    'With --dry-run nothing is changed: the node reads the file and says whether it would take it, and which open tunnels it would close, of every generation, by reason, tenant and target. A node takes its own file by itself when that changes: try a copy first, by --from.',
  ],
  options: [
    { long: 'dry-run', words: 'change nothing: count what it would close' },
    { long: 'from', value: 'NEW.yaml', words: '--dry-run: the file that would take the place of the node’s', completes: 'file' },
    {
      ...NODE_OPTIONS[0],
      long: 'config',
      words:
        'the node’s configuration file, to find its runtime folder; it may have mistakes. One that no node runs by is a wrong command line',
    },
    ...NODE_OPTIONS.slice(1),
    { long: 'json', words: 'print one JSON object, whatever came of it' },
    HELP_OPTION,
  ],
  exits: [
    {
      code: 0,
      when: 'every carrier has taken it, or there is nothing new; of --dry-run: it would be taken, and every carrier has counted',
    },
    {
      code: 1,
      when: 'it was not taken (no room in the runtime folder, a carrier that cannot), or not by every carrier in time; of --dry-run: not every carrier has counted; or no node answers',
    },
    {
      code: 64,
      when: 'the file has mistakes, on standard error with line and column, and the node goes on by the last good one; or the command line is wrong',
    },
    { code: 75, when: 'the file changes what only a start takes: each key is on standard error, and nothing was changed' },
  ],
  page: 'configuration.md#changing-it-while-it-runs',
};

export const UPGRADE: Command = {
  name: 'upgrade',
  calls: [`upgrade [--to DIR | --back] ${NODE} [--json]`],
  does: 'has another installation take over, no connection lost',
  about: [
    'Has another installation of Pinhole, and the Node that it brings, take over from the one that runs a node, without a connection lost: its carriers are made ready beside the old ones, try a tunnel through themselves, and accept on the same sockets. Open tunnels in clear (`connect`, `sni`) then move over as they are; those in TLS stay where they are, and are closed at `drain.rate` until `drain.deadline`.',
  ],
  options: [
    { long: 'to', value: 'DIR', words: 'the folder of the installation; this command’s own unless given', completes: 'folder' },
    { long: 'back', words: 'the installation that the node ran before' },
    ...NODE_OPTIONS,
    { long: 'json', words: 'print one JSON object, whatever came of it' },
    HELP_OPTION,
  ],
  exits: [
    { code: 0, when: 'it has taken over' },
    { code: 1, when: 'it has not, and the node goes on as it was: why is on standard error; or no node answers' },
    { code: 64, when: 'the command line is wrong, or the new version does not take the configuration' },
    {
      code: 75,
      when: 'it takes a start of the node: the configuration changes what only a start takes, or the two versions do not understand each other',
    },
  ],
  page: 'upgrade.md',
};
