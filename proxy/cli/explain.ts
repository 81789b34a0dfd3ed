// `explain`: what would be decided for one connection, and why.

import { REASONS } from '../core/fault.ts';
import { explain, type Explanation, inForceOf } from '../explain/explanation.ts';
import { type Question, readQuestion } from '../explain/question.ts';
import { readArguments, textOf } from './arguments.ts';
import { type CliIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readConfig } from './read-config.ts';
import { renderTable } from './table.ts';

const USAGE = `Usage: pinhole explain -c FILE --door DOOR --host HOST --port PORT
                       [--tenant T] [--from IP] [--sni NAME] [--alpn LIST] [--address IP] [--json]

Says what would be decided for a connection, step by step. Asks no DNS.

  -c, --config FILE  the configuration
      --door DOOR    connect, connect-tls, sni or gateway
      --host HOST    the name asked for: of an endpoint, or on the gateway of the gateway
      --port PORT    the port asked for
      --tenant T     which tenant asks, with its right token or certificate (default: a stranger)
      --from IP      where it comes from (default: from where it may)
      --sni NAME     server name in the ClientHello; empty for none (default: the right one)
      --alpn LIST    protocols it offers, joined by commas (default: none)
      --address IP   an address that DNS may give for the endpoint
      --json         print one JSON object
  -h, --help         this text

Exit codes: 0 allowed, 1 refused, 64 the command or the file is wrong.
`;

export function runExplain(args: readonly string[], io: CliIo): number {
  const read = readArguments(args, {
    config: { type: 'string', short: 'c' },
    door: { type: 'string' },
    host: { type: 'string' },
    port: { type: 'string' },
    tenant: { type: 'string' },
    from: { type: 'string' },
    sni: { type: 'string' },
    alpn: { type: 'string' },
    address: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (!read.ok) return usageError(read.why, io);
  if (read.values['help'] === true) {
    io.stdout(USAGE);
    return EXIT_OK;
  }
  const file = textOf(read.values, 'config');
  if (file === undefined) return usageError('-c FILE is missing', io);
  const question = readQuestion(
    (field) => textOf(read.values, field),
    (field) => `--${field}`,
  );
  if (typeof question === 'string') return usageError(question, io);

  const config = readConfig(file, io);
  if (!config.ok) return EXIT_USAGE;
  const explanation = explain(inForceOf(config.settings), question);
  io.stdout(read.values['json'] === true ? `${JSON.stringify(explanation)}\n` : render(question, explanation));
  return explanation.allow ? EXIT_OK : EXIT_FAILED;
}

function usageError(why: string, io: CliIo): number {
  io.stderr(`pinhole explain: ${why}\n`);
  return EXIT_USAGE;
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
