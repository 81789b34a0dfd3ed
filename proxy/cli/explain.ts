// `explain`: what would be decided for one connection, and why.

import { REASONS } from '../core/fault.ts';
import { explain, type Explanation, inForceOf } from '../explain/explanation.ts';
import { type Question, readQuestion } from '../explain/question.ts';
import { textOf } from './arguments.ts';
import { EXPLAIN } from './commands/node-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { type CliIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readConfig } from './read-config.ts';
import { renderTable } from './table.ts';

export function runExplain(args: readonly string[], io: CliIo): number {
  const read = readCommand(EXPLAIN, args, io);
  if (typeof read === 'number') return read;
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
