// The stand-in as a program of its own, for who must not load it as code: says on standard output where it is, and ends on SIGTERM, or when its
// standard input does. `node sandbox/aws-iot/main.ts FOLDER`.

import { startAwsIot } from './start.ts';

const [folder = ''] = process.argv.slice(2);
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());
process.stdin.on('end', () => stop.abort()).on('error', () => stop.abort());
process.stdin.resume();

const aws = await startAwsIot({ dir: folder, log: (line) => void process.stderr.write(`${line}\n`) });
const { data, credentials, files, region, thing, roleAlias } = aws;
process.stdout.write(`${JSON.stringify({ data, credentials, files, region, thing, roleAlias })}\n`);
await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
await aws.stop();
process.exit();
