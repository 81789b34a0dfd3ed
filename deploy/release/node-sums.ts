// deploy/host/node.sums: the one Node that a release is for, by the checksums that nodejs.org publishes in SHASUMS256.txt.

export interface NodePin {
  readonly version: string;
  /** As in the file's name: `linux-x64`. */
  readonly target: string;
  readonly sha256: string;
}

/** Throws with the line that is none: a pin that nobody can read pins nothing. */
export function parseNodeSums(text: string): NodePin[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, sha256, version, target] = /^([0-9a-f]{64}) {2}node-v(\d+\.\d+\.\d+)-(linux-(?:x64|arm64))\.tar\.gz$/.exec(line) ?? [];
    if (sha256 === undefined || version === undefined || target === undefined)
      throw new Error(`node.sums: not a line of SHASUMS256.txt: ${line}`);
    return { version, target, sha256 };
  });
}
