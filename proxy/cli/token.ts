// `token`: makes a token for a tenant, and the line for the file. The token itself is kept nowhere.

import { createHash, randomBytes } from 'node:crypto';
import { label } from '../config/fields.ts';
import { TOKEN } from './commands/node-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { type CliIo, EXIT_OK, EXIT_USAGE } from './io.ts';

/** 160 bits: nobody guesses that, and clients take 32 letters. */
const TOKEN_BYTES = 20;
/** No letter that some client spoils (docs/agent.md), and none that looks like another. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

export function runToken(args: readonly string[], io: CliIo): number {
  const read = readCommand(TOKEN, args, io);
  if (typeof read === 'number') return read;
  const [tenant = ''] = read.words;
  if (read.words.length !== 1) return usageError('give one TENANT', io);
  const name = label().safeParse(tenant);
  if (!name.success) return usageError(`TENANT: ${name.error.issues[0]?.message}`, io);

  const token = makeToken();
  const hash = `sha256:${createHash('sha256').update(token).digest('hex')}`;
  if (read.values['json'] === true) io.stdout(`${JSON.stringify({ tenant, token, hash })}\n`);
  else io.stdout(`token   ${token}\nfile    - id: ${tenant}\n          tokens: ["${hash}"]\nagent   https://${tenant}:${token}@PROXY\n`);
  return EXIT_OK;
}

/** Each letter is five bits of chance. */
function makeToken(): string {
  let bits = BigInt(`0x${randomBytes(TOKEN_BYTES).toString('hex')}`);
  let token = '';
  for (let length = (TOKEN_BYTES * 8) / 5; length > 0; length -= 1) {
    token += LETTERS[Number(bits & 31n)];
    bits >>= 5n;
  }
  return token;
}

function usageError(why: string, io: CliIo): number {
  io.stderr(`pinhole token: ${why}\n`);
  return EXIT_USAGE;
}
