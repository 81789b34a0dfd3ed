// Commands that need a configuration and no running node.

import { DOORS } from '../../core/settings.ts';
import { type Command, CONFIG_OPTION, HELP_OPTION, JSON_OPTION } from './command.ts';

export const SERVE: Command = {
  name: 'serve',
  calls: ['serve -c FILE'],
  does: 'runs a node',
  about: [
    'Runs a node in the foreground. Log lines go to standard output, or to the file’s `log.file`. A change of the file, or of one that it names, is taken without being asked too.',
  ],
  options: [{ ...CONFIG_OPTION, words: 'the configuration; a mistake in it ends the command before anything is bound' }, HELP_OPTION],
  exits: [
    { code: 0, when: 'a signal ended it' },
    { code: 64, when: 'the command line or the configuration is wrong; every problem is on standard error with line and column' },
    { code: 69, when: 'an address is taken or not allowed, or the runtime folder is another node’s or cannot be used' },
  ],
  page: 'configuration.md',
};

export const CHECK: Command = {
  name: 'check',
  calls: ['check -c FILE [--strict] [--json]'],
  does: 'is this file right, and what does it allow?',
  about: ['Reads a configuration as `serve` would, and prints what it allows. Opens nothing.'],
  options: [
    CONFIG_OPTION,
    { long: 'strict', words: 'fail also where the machine cannot hold the tunnels that the file promises' },
    JSON_OPTION,
    HELP_OPTION,
  ],
  exits: [
    { code: 0, when: 'the file is good' },
    { code: 64, when: 'it is not; or with --strict, the machine is too small for it' },
  ],
  page: 'configuration.md',
};

export const EXPLAIN: Command = {
  name: 'explain',
  calls: [
    'explain -c FILE --door DOOR --host HOST --port PORT [--tenant T] [--from IP] [--sni NAME] [--alpn LIST] [--address IP] [--json]',
  ],
  does: 'what would be decided for one connection, and why',
  about: ['Says what would be decided for a connection, step by step. Asks no DNS.'],
  options: [
    CONFIG_OPTION,
    { long: 'door', value: 'DOOR', words: 'connect, connect-tls, sni or gateway', completes: DOORS },
    { long: 'host', value: 'HOST', words: 'the name asked for: of an endpoint, or on the gateway of the gateway' },
    { long: 'port', value: 'PORT', words: 'the port asked for', completes: ['443', '8443', '8883'] },
    {
      long: 'tenant',
      value: 'T',
      words: 'which tenant asks, with its right token or certificate (default: a stranger)',
      completes: 'tenants',
    },
    { long: 'from', value: 'IP', words: 'where it comes from (default: from where it may)' },
    { long: 'sni', value: 'NAME', words: 'server name in the ClientHello; empty for none (default: the right one)' },
    { long: 'alpn', value: 'LIST', words: 'protocols it offers, joined by commas (default: none)' },
    { long: 'address', value: 'IP', words: 'an address that DNS may give for the endpoint: is it one that may be dialled?' },
    JSON_OPTION,
    HELP_OPTION,
  ],
  exits: [
    { code: 0, when: 'it would be allowed' },
    { code: 1, when: 'it would be refused' },
    { code: 64, when: 'the command line or the file is wrong' },
  ],
  page: 'reasons.md',
};

export const REHEARSE: Command = {
  name: 'rehearse',
  calls: ['rehearse -c NEW.yaml LOG... [--json]'],
  does: 'what a new policy would have decided about recorded connections',
  about: [
    'Puts the decisions of a log before another configuration, and prints where that would have decided otherwise: allowed and refused now, refused and allowed now, refused for another reason; summed by target, tenant and both reasons. A LOG is a file of records, plain or gzipped, or `-` for standard input; it is read as a stream, however long it is.',
    'What a record does not say cannot be judged, and is counted apart: a token that was wrong, what DNS would answer, a hello that nobody looked at, the limits of that moment. Who was let in as a tenant is taken to come with its right token or certificate again.',
  ],
  options: [
    { ...CONFIG_OPTION, value: 'NEW.yaml', words: 'the configuration to try, with the files that it names' },
    JSON_OPTION,
    HELP_OPTION,
  ],
  words: { name: 'LOG', isRepeated: true, completes: 'file' },
  exits: [
    { code: 0, when: 'it would have decided alike' },
    { code: 1, when: 'it would have decided otherwise, or a LOG could not be read to its end' },
    { code: 64, when: 'the command line or the configuration is wrong, or a LOG cannot be opened' },
  ],
  page: 'records.md',
};

export const TOKEN: Command = {
  name: 'token',
  calls: ['token TENANT [--json]'],
  does: 'makes a token for a tenant, and the line for the file',
  about: [
    'Makes a token for a tenant, and prints it with the line for the configuration. It is kept nowhere: the file has only its SHA-256. To replace a token, add the second line beside the first one, and take that out when nobody comes with it any more.',
  ],
  options: [JSON_OPTION, HELP_OPTION],
  words: { name: 'TENANT' },
  exits: [
    { code: 0, when: 'the token is printed' },
    { code: 64, when: 'the command line is wrong' },
  ],
  page: 'tenants.md',
};
