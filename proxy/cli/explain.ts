// `explain`: what would be decided for one connection, and why.

import { canonicalAddress } from '../config/ip-port.ts';
import { REASONS } from '../core/fault.ts';
import { type Door, DOORS } from '../core/settings.ts';
import { type Arguments, textOf } from './arguments.ts';
import { EXPLAIN } from './commands/node-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { explain, type Explanation, type Question } from './explanation.ts';
import { type CliIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readConfig } from './read-config.ts';
import { renderTable } from './table.ts';

export function runExplain(args: readonly string[], io: CliIo): number {
  const read = readCommand(EXPLAIN, args, io);
  if (typeof read === 'number') return read;
  const file = textOf(read.values, 'config');
  if (file === undefined) return usageError('-c FILE is missing', io);
  const question = questionOf(read.values);
  if (typeof question === 'string') return usageError(question, io);

  const config = readConfig(file, io);
  if (!config.ok) return EXIT_USAGE;
  const explanation = explain(config.settings, question);
  io.stdout(read.values['json'] === true ? `${JSON.stringify(explanation)}\n` : render(question, explanation));
  return explanation.allow ? EXIT_OK : EXIT_FAILED;
}

function usageError(why: string, io: CliIo): number {
  io.stderr(`pinhole explain: ${why}\n`);
  return EXIT_USAGE;
}

/** The question, or what is wrong with it. */
function questionOf(values: Arguments): Question | string {
  const door = textOf(values, 'door');
  if (door === undefined) return '--door is missing';
  if (!isDoor(door)) return `--door ${door}: expected connect, connect-tls, sni or gateway`;
  const host = textOf(values, 'host');
  if (host === undefined || host === '') return '--host is missing';
  const port = textOf(values, 'port');
  if (port === undefined) return '--port is missing';
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535) return `--port ${port}: expected a whole number from 1 to 65535`;
  const address = textOf(values, 'address') ?? null;
  if (address !== null && canonicalAddress(address) === null) return `--address ${address}: expected an IP address`;

  const from = textOf(values, 'from') ?? null;
  if (from !== null && canonicalAddress(from) === null) return `--from ${from}: expected an IP address`;

  const sni = textOf(values, 'sni');
  return {
    door,
    host,
    port: Number(port),
    tenant: textOf(values, 'tenant') ?? null,
    from: from === null ? null : canonicalAddress(from),
    sni: sni === '' ? null : sni,
    alpn: (textOf(values, 'alpn') ?? '').split(',').filter((protocol) => protocol !== ''),
    address: address === null ? null : canonicalAddress(address),
  };
}

function isDoor(text: string): text is Door {
  return (DOORS as readonly string[]).includes(text);
}

function render(question: Question, explanation: Explanation): string {
  const steps = explanation.steps.map(({ stage, outcome, text }) => [stage, outcome, text]);
  return `${question.door} ${question.host}:${question.port}: ${verdict(explanation)}\n${renderTable(steps)}\n`;
}

function verdict({ allow, reason, wouldDeny }: Explanation): string {
  if (allow) return wouldDeny.length > 0 ? `allowed, though ${wouldDeny.join(', ')} would refuse it` : 'allowed';
  if (reason === null) return 'refused';
  const { answer, blame, message } = REASONS[reason];
  return `refused: ${reason} (${typeof answer === 'number' ? `HTTP ${answer}` : answer}, blame ${blame}): ${message}`;
}
