// What every parser of growing bytes must hold to: a good input is `more` at every prefix, and the same value at every split and with
// whatever follows.

import assert from 'node:assert/strict';

interface Growing<T> {
  /** The input as far as it counts, nothing behind it. */
  readonly input: Buffer;
  /** A new reader, which is given ever more of the same bytes. */
  readonly reader: () => (bytes: Buffer) => T;
  /** Whether the answer asks for more. */
  readonly isMore: (answer: T) => boolean;
  /** Bytes that may stand behind the input. */
  readonly rest?: Buffer;
}

export function assertEverySplit<T>({ input, reader, isMore, rest = Buffer.from('rest\r\n\r\n') }: Growing<T>): void {
  const whole = reader()(input);
  assert.ok(!isMore(whole), 'the whole input is not enough');
  const octetByOctet = reader();
  for (let length = 0; length < input.length; length++) {
    const prefix = input.subarray(0, length);
    assert.ok(isMore(reader()(prefix)), `an answer after ${length} of ${input.length} octets`);
    assert.ok(isMore(octetByOctet(prefix)), `an answer after ${length} of ${input.length} octets, one by one`);
    const inTwo = reader();
    inTwo(prefix);
    assert.deepEqual(inTwo(input), whole, `another answer when split at ${length}`);
  }
  assert.deepEqual(octetByOctet(input), whole, 'another answer octet by octet');
  assert.deepEqual(reader()(Buffer.concat([input, rest])), whole, 'another answer with bytes behind it');
}
