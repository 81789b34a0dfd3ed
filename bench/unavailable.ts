// Something that a run needs is not on this machine; the message says what, for people.

export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
