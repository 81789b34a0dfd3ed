// Builds the native relay engine ahead of its first use, as an image or an installation where `serve` may not write does.

import { chooseRelay } from '../proxy/native/choose.ts';
import { addonFile } from '../proxy/native/build.ts';

const chosen = chooseRelay('native', process.env['PATH']);
if ('refused' in chosen) {
  process.stderr.write(`The native relay engine cannot be had: ${chosen.refused}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${addonFile()}: ${chosen.why}\n`);
}
