// The list of addresses, completion, and the programs that stand beside the proxy and read their words by themselves.

import { type Command, CONFIG_OPTION, HELP_OPTION } from './command.ts';

export const ADDRESSES: Command = {
  name: 'addresses',
  calls: [
    'addresses make --new-key FILE',
    'addresses make --fleet NAME --host NAME [--port N] --address ENTRY... --key FILE... [--days N] [--out FILE] [--sheets [--endpoint HOST]... [--contact TEXT] [--notice DAYS]]',
    'addresses verify --list FILE --key FILE...',
  ],
  does: 'makes and verifies the signed list of a fleet’s addresses',
  about: [
    '`make` signs the list of a fleet’s addresses, which agents and firewalls go by; `verify` says whether an agent would take a list now, and whether the sheets beside it are those that were made with it.',
  ],
  options: [
    { long: 'fleet', value: 'NAME', words: 'make: whose list it is' },
    { long: 'host', value: 'NAME', words: 'make: the proxy’s name, as its certificate carries it' },
    { long: 'port', value: 'N', words: 'make: the port of every address; 443 unless given' },
    {
      ...{ long: 'address', value: 'ENTRY', isRepeated: true },
      words:
        'make: SLOT=ADDRESS[,STATE[,DATE]]; STATE is active (default), standby, announced or retiring, the last two with the DATE of their change; may be repeated',
    },
    { long: 'from', value: 'FILE', words: 'make: a file of such entries, one a line; # begins a remark', completes: 'file' },
    {
      ...{ long: 'key', value: 'FILE', isRepeated: true, completes: 'file' },
      words: 'make: private key that signs; verify: public key, or several in one file; may be repeated while keys are rotated',
    },
    { long: 'days', value: 'N', words: 'make: how long the list is good, 1 to 400; 90 unless given' },
    {
      ...{ long: 'out', value: 'FILE', completes: 'file' },
      words: 'make: where the list goes, replaced at once as a whole; standard output unless given',
    },
    {
      long: 'sheets',
      words:
        'make: writes for firewall admins beside --out: a page (.html), an address a line (.txt) and, with --endpoint, a proxy auto-configuration file (.pac); the list vouches for each by its SHA-256',
    },
    {
      ...{ long: 'endpoint', value: 'HOST', isRepeated: true },
      words: 'make --sheets: a data or credentials endpoint that the PAC file sends to the proxy; may be repeated',
    },
    { long: 'contact', value: 'TEXT', words: 'make --sheets: whom firewall admins ask' },
    {
      ...{ long: 'notice', value: 'DAYS' },
      words: 'make --sheets: how long ahead changes are promised, 1 to 365; 90 unless given; what comes sooner is a warning',
    },
    {
      ...{ long: 'new-key', value: 'FILE', completes: 'file' },
      words: 'make: makes a private key FILE, and FILE.pub for agents, instead of a list; never replaces one',
    },
    { long: 'list', value: 'FILE', words: 'verify: the list', completes: 'file' },
    { long: 'json', words: 'print one JSON object; a list on standard output is one already' },
    HELP_OPTION,
  ],
  words: { name: 'make|verify', completes: ['make', 'verify'] },
  exits: [
    { code: 0, when: 'the list or the key was made; the list is good' },
    {
      code: 1,
      when: 'an agent with these keys would not take the list, and the word says why; a sheet beside the list was changed; or a file could not be written, or must not be replaced',
    },
    { code: 64, when: 'the command line is wrong, or a file cannot be read or is something else; nothing was written' },
  ],
  page: 'addresses.md',
};

export const COMPLETION: Command = {
  name: 'completion',
  calls: ['completion bash|zsh', 'completion tenants|tunnels'],
  does: 'completion of these commands for a shell',
  about: [
    'Prints a script that completes commands, options and their values: `source <(./pinhole completion bash)`, or the same for `zsh` behind its `compinit`. It offers tenants and tunnels of the node that runs here too, which it asks for by `completion tenants` and `completion tunnels`: one a line, and nothing where no node answers.',
  ],
  options: [HELP_OPTION],
  words: { name: 'WHAT', completes: ['bash', 'zsh', 'tenants', 'tunnels'] },
  exits: [
    { code: 0, when: 'printed' },
    { code: 64, when: 'the command line is wrong' },
  ],
};

export const HELP: Command = {
  name: 'help',
  calls: ['help [COMMAND]'],
  does: 'this list, or the options of a command',
  about: ['Prints the commands, or the text of one. So do --help and no command at all; --version prints the version.'],
  options: [],
  words: { name: 'COMMAND' },
  exits: [
    { code: 0, when: 'printed' },
    { code: 64, when: 'there is no such command' },
  ],
};

export const FLEET: Command = {
  name: 'fleet',
  isElsewhere: true,
  calls: ['fleet plan|apply|status|run -c FLEET.yaml [--json]', 'fleet drain|undrain SLOT -c FLEET.yaml [--json]'],
  does: 'the fleet’s DNS records and health checks at Route 53',
  about: [
    'Keeps the fleet’s records and health checks at Route 53 as the file says. `plan` shows what would change; `apply` changes it, within the guard rails; `status` shows what the file wants beside what the zone, its checkers and the nodes say; `run` applies again and again until a signal ends it. `drain SLOT` takes the slot’s weight, waits for resolvers, and empties its node at a pace; `undrain SLOT` ends that.',
  ],
  options: [
    { ...CONFIG_OPTION, words: 'the fleet' },
    { long: 'json', words: 'print JSON: one object, of run, drain and undrain one a line' },
    HELP_OPTION,
  ],
  words: { name: 'WORD', isRepeated: true, completes: ['plan', 'apply', 'status', 'run', 'drain', 'undrain'] },
  exits: [
    { code: 0, when: 'done; of `fleet status`: zone and file agree' },
    {
      code: 1,
      when: 'it failed, a guard rail refused a part of it, or zone and file differ; why is on standard error or in the plan. Of `fleet drain`: a tunnel is left',
    },
    { code: 64, when: 'the command line or the file is wrong; every problem is on standard error with line and column' },
  ],
  page: 'fleet.md',
};

export const SANDBOX: Command = {
  name: 'sandbox',
  isElsewhere: true,
  calls: [
    'sandbox [--once [--json]] [--dir DIR]',
    'sandbox --fleet N [--agents N] [--speed N] [--restart] [--once] [--json] [--dir DIR]',
    'sandbox --break NAME [--once [--json]] [--dir DIR]',
  ],
  does: 'a whole world on this machine: AWS IoT stand-in, proxy, agent; or a fleet',
  about: [
    'A whole world on this machine: a stand-in for AWS IoT Core, the proxy in front of it, and a device that publishes through it; the same as `npm start`. With --fleet: several nodes, a stand-in for Route 53, agents, and a live view. Nothing leaves the machine. Ctrl-C ends everything that was started.',
  ],
  options: [
    {
      long: 'once',
      words:
        'drive every door once, print what was allowed and refused, and end; with --fleet: all agents through, a node killed, agents and node back',
    },
    { long: 'json', words: 'with --once: one JSON object; with --fleet: one a second' },
    {
      ...{ long: 'dir', value: 'DIR', completes: 'folder' },
      words: 'folder for certificates, configuration and logs: .sandbox unless given, with --once a temporary one',
    },
    { long: 'fleet', value: 'N', words: 'so many nodes, 2 to 8, each on a loopback address of its own' },
    { long: 'agents', value: 'N', words: 'with --fleet: so many agents, 1 to 500; 12 unless given' },
    {
      ...{ long: 'speed', value: 'N' },
      words: 'with --fleet: how much faster than ours the clock of Route 53 runs, 1 to 20; 1 unless given, 10 with --once',
    },
    { long: 'restart', words: 'with --fleet: a node that dies is started again' },
    {
      long: 'break',
      value: 'NAME',
      words:
        'a customer’s site on which one thing is broken, for the doctor to find; with --once: has it look, and ends with 0 if it is right',
    },
    { long: 'help', words: 'this text' },
  ],
  exits: [
    { code: 0, when: 'Ctrl-C ended it; with --once: all was as expected' },
    { code: 1, when: 'the proxy died, or with --once something was not as expected' },
    { code: 64, when: 'the command line is wrong' },
    { code: 69, when: 'the folder is in use, or something is missing here, which is said' },
  ],
  page: 'sandbox.md',
};

export const GAMEDAY: Command = {
  name: 'gameday',
  isElsewhere: true,
  calls: ['gameday NAME... [--speed N] [--json]', 'gameday all [--at-once N] [--speed N] [--json]', 'gameday --list'],
  does: 'breaks a fleet on this machine, and says whether it held',
  about: [
    'Breaks a fleet of three nodes on this machine in one way, and says with numbers whether it held what was promised. Nothing leaves the machine, and everything that was started is ended.',
  ],
  options: [
    { long: 'list', words: 'the game days, and what each does' },
    { long: 'json', words: 'one JSON object a day: verdict, checks, timeline' },
    { long: 'speed', value: 'N', words: 'how much faster than ours the clock of Route 53 runs, 1 to 20; each day has its own' },
    { long: 'at-once', value: 'N', words: 'so many days at once, each in a world of its own, 1 to 9; 1 unless given' },
    { long: 'help', words: 'this text' },
  ],
  words: {
    ...{ name: 'NAME', isRepeated: true },
    completes: [
      'all',
      'node-killed',
      'node-hangs',
      'aws-down',
      'aws-unreachable-from-one',
      'certificate-expires',
      'route53-down',
      'dns-dead',
      'clock-jumps',
      'two-nodes-flapping',
    ],
  },
  exits: [
    { code: 0, when: 'everything that was promised held' },
    { code: 1, when: 'something was missed, or a signal ended it' },
    { code: 64, when: 'there is no such game day, or the command line is wrong' },
    { code: 69, when: 'this machine lacks what the day needs, which is said; nothing was judged' },
  ],
  page: 'gamedays.md',
};

export const LOADTEST: Command = {
  name: 'loadtest',
  isElsewhere: true,
  calls: [
    'loadtest SCENARIO [--tunnels N] [--nodes M] [--minutes T] [--report DIR] [--json]',
    'loadtest SCENARIO --target FILE [--i-have-quota N] [--manifest]',
    'loadtest list [--json]',
    'loadtest compare REPORT REPORT',
    'loadtest card REPORT...',
  ],
  does: 'holds tunnels through nodes on this machine with k6, and writes a report',
  about: [
    'Holds tunnels with k6 through nodes on this machine, in a network of their own, and writes a report. Nothing leaves the machine, and everything that was started is ended. With --target the same agents go through a real fleet instead. `list` shows the scenarios, `compare` two reports side by side, `card` makes the capacity card of reports; both have a --help of their own.',
  ],
  options: [
    { long: 'tunnels', value: 'N', words: 'so many agents, 1 to 1000000; each scenario has its own number' },
    { long: 'nodes', value: 'M', words: 'so many nodes of Pinhole, 1 to 8' },
    { long: 'minutes', value: 'T', words: 'how long after the last agent is up; may be a fraction' },
    {
      long: 'report',
      value: 'DIR',
      words: 'folder for the report, .loadtest/SCENARIO-TIME unless given; an earlier one in it is set aside',
      completes: 'folder',
    },
    { long: 'json', words: 'one JSON object at the end, and nothing else on standard output' },
    {
      ...{ long: 'target', value: 'FILE', completes: 'file' },
      words: 'a YAML file that names the fleet, the endpoint and this machine’s share',
    },
    {
      ...{ long: 'i-have-quota', value: 'N' },
      words: 'where the endpoint is AWS’s: the CONNECTs a second that AWS gives you; no more are tried, retries included',
    },
    { long: 'manifest', words: 'prints the k6-operator manifest for that target, and runs nothing' },
    { long: 'help', words: 'this text' },
  ],
  words: {
    name: 'SCENARIO',
    isRepeated: true,
    completes: [
      ...['list', 'compare', 'card'],
      ...['smoke', 'hold', 'hold-25k', 'hold-50k', 'messages', 'opens', 'storm', 'drain', 'upgrade', 'brownout', 'slow'],
      ...['flood', 'idle', 'idle-beyond', 'idle-real', 'idle-beyond-real', 'soak', 'direct', 'squid', 'haproxy'],
    ],
  },
  exits: [
    { code: 0, when: 'the run passed' },
    { code: 1, when: 'it failed: a threshold was missed' },
    { code: 2, when: 'it was no valid run: a part of the rig died, or the generators were the limit; what was seen is kept' },
    { code: 64, when: 'there is no such scenario, the size cannot be, or the command line or the target file is wrong' },
    { code: 69, when: 'something is missing here, which is said, or another load test runs' },
    { code: 130, when: 'Ctrl-C ended it; what was seen until then is kept' },
  ],
  page: 'loadtest.md',
};

export const AGENT: Command = {
  name: 'agent',
  isElsewhere: true,
  calls: ['agent --proxy URL --endpoint HOST --cert FILE --key FILE [OPTIONS]'],
  does: 'the reference agent',
  about: [
    'Connects a device to AWS IoT Core through the proxy, publishes messages and prints what comes back. Its own page has its options beside those of AWS’s samples.',
  ],
  options: [],
  exits: [
    { code: 0, when: 'every message was published' },
    { code: 1, when: 'it gave up' },
    { code: 64, when: 'the command line is wrong, or a file cannot be read' },
  ],
  page: 'agent.md',
};

export const DOCTOR: Command = {
  name: 'doctor',
  isElsewhere: true,
  calls: ['doctor --endpoint HOST (--addresses FILE | --proxy HOST) [OPTIONS]'],
  does: 'looks at the way to AWS IoT from a customer’s site, and says who must mend what',
  about: [
    'Tries each published address through each door, leg by leg, from the name to AWS IoT, and says of what fails who has to mend it, with the sentence to send them. It is one file that can be copied to a site: its own page has how.',
  ],
  options: [
    { long: 'endpoint', value: 'HOST', words: 'data endpoint of AWS IoT' },
    { long: 'addresses', value: 'FILE', completes: 'file', words: 'the operator’s signed list of addresses or a URL' },
    {
      long: 'addresses-key',
      value: 'FILE',
      completes: 'file',
      words: 'the public key that signs it; without it the list is taken on trust',
    },
    {
      long: 'proxy',
      value: 'HOST',
      isRepeated: true,
      words: 'HOST[:PORT], or https://[TENANT:TOKEN@]HOST[:PORT], instead of a list; 443 unless said. Repeat it for several',
    },
    { long: 'proxy-name', value: 'NAME', words: 'the name in the proxy’s certificate, where --proxy is an address' },
    { long: 'login', value: 'FILE', completes: 'file', words: 'a file with TENANT:TOKEN, so that no token is on a command line' },
    {
      long: 'door',
      value: 'NAME',
      isRepeated: true,
      completes: ['connect', 'connect-tls', 'sni', 'gateway'],
      words: 'connect, connect-tls, sni or gateway; repeat it for several (default: all, and one that is not there is no fault)',
    },
    { long: 'gateway', value: 'NAME', words: 'the gateway’s name; without it that door is left out' },
    { long: 'proxy-ca', value: 'FILE', completes: 'file', words: 'roots for the proxy’s own certificate instead of the public ones' },
    { long: 'proxy-cert', value: 'FILE', completes: 'file', words: 'client certificate for the proxy' },
    { long: 'proxy-key', value: 'FILE', completes: 'file', words: 'its key' },
    { long: 'ca', value: 'FILE', completes: 'file', words: 'roots for AWS IoT instead of Amazon’s' },
    { long: 'dns', value: 'SERVER', words: 'ask this name server (ADDRESS[:PORT]), as the devices do' },
    { long: 'cert', value: 'FILE', completes: 'file', words: 'device certificate (PEM)' },
    { long: 'key', value: 'FILE', completes: 'file', words: 'its key' },
    {
      long: 'client-id',
      value: 'ID',
      words: 'of the MQTT session (default: the thing’s name). A device that is connected with it loses its session for a moment',
    },
    { long: 'credentials-endpoint', value: 'HOST', words: 'credential provider' },
    { long: 'role-alias', value: 'NAME', words: 'role alias' },
    { long: 'thing', value: 'NAME', words: 'thing name' },
    { long: 'region', value: 'NAME', words: 'only where the endpoint’s name does not carry it' },
    { long: 'idle', value: 'DURATION', words: 'hold a silent session for so long: 30s, 10m; 19m at most' },
    { long: 'json', words: 'one JSON object' },
    { short: 'h', long: 'help', words: 'this' },
  ],
  exits: [
    { code: 0, when: 'all good, or remarks only' },
    { code: 1, when: 'something has to be mended, or nothing was found that works' },
    { code: 64, when: 'the command line is wrong, or a file of an option is not what it should be' },
  ],
  page: 'doctor.md',
};
