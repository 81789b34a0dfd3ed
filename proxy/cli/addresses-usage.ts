// What `pinhole addresses --help` prints, and its options.

import type { ParseArgsOptionsConfig } from 'node:util';

export const ADDRESSES_USAGE = `Usage: pinhole addresses make --new-key FILE
       pinhole addresses make --fleet NAME --host NAME [--port N] --address ENTRY... --key FILE... [--days N] [--out FILE]
                              [--sheets [--endpoint HOST]... [--contact TEXT] [--notice DAYS]]
       pinhole addresses verify --list FILE --key FILE...

make signs the list of a fleet's addresses, which agents and firewalls go by; verify says whether an agent would take a list now,
and whether the sheets beside it are those that were made with it.

      --fleet NAME     whose list it is
      --host NAME      the proxy's name, as its certificate carries it
      --port N         the port of every address (default: 443)
      --address ENTRY  SLOT=ADDRESS[,STATE[,DATE]]; STATE is active (default), standby, announced or retiring, the last two
                       with the DATE of their change; repeat it
      --from FILE      a file of such entries, one a line; # begins a remark
      --key FILE       make: private key that signs; verify: public key, or several in one file; repeat it while rotating keys
      --days N         how long the list is good, 1 to 400 (default: 90)
      --out FILE       where the list goes, replaced at once as a whole (default: standard output)
      --sheets         writes for firewall admins beside --out: a page (.html), an address a line (.txt) and, with --endpoint, a
                       proxy auto-configuration file (.pac); the list vouches for each by its SHA-256
      --endpoint HOST  a data or credentials endpoint that the PAC file sends to the proxy; repeat it
      --contact TEXT   whom firewall admins ask
      --notice DAYS    how long ahead changes are promised, 1 to 365 (default: 90); what comes sooner is a warning
      --new-key FILE   makes a private key FILE, and FILE.pub for agents; never replaces one
      --list FILE      the list to verify
      --json           print one JSON object
  -h, --help           this text

Exit codes: 0 made, or good, 1 an agent would not take the list, a sheet was changed, or a file could not be written, 64 wrong command line or files.
`;

export const ADDRESSES_OPTIONS = {
  fleet: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  address: { type: 'string', multiple: true },
  from: { type: 'string' },
  key: { type: 'string', multiple: true },
  days: { type: 'string' },
  out: { type: 'string' },
  sheets: { type: 'boolean' },
  endpoint: { type: 'string', multiple: true },
  contact: { type: 'string' },
  notice: { type: 'string' },
  'new-key': { type: 'string' },
  list: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/** Flags of each kind of call, besides --json; another one with it is a mistake. */
export const ADDRESSES_CALLS = {
  'make --new-key': ['new-key'],
  make: ['fleet', 'host', 'port', 'address', 'from', 'key', 'days', 'out', 'sheets', 'endpoint', 'contact', 'notice'],
  verify: ['list', 'key'],
} as const;
