// The nouns of the wire: what a client asked for, and the two kinds of socket address.

/** Host (lower case, no trailing dot) and port that a client asked for. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** An IP address in Node's text form and a port. IPv4-mapped IPv6 addresses are always unmapped first. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** `::ffff:192.0.2.1` to `192.0.2.1`; anything else as it is. Applied before every match, so that a v4 range means what it says. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** `192.0.2.1:443` or `[2001:db8::1]:443`. */
export function renderAddress(address: SocketAddress): string {
  return address.address.includes(':') ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
