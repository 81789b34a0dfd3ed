// TLS that is made anew on the way: a box with a CA of its own makes a certificate for whatever name is asked for.

import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createSecureContext, createServer, type SecureContext } from 'node:tls';
import { certificatePem, createRoot, createServer as createServerCertificate, type Identity, keyPem } from '../aws-iot/pki/authority.ts';
import { parseClientHello } from '../aws-iot/tls/client-hello.ts';
import { HOST } from '../world/ports.ts';
import { isHello } from './hello-editor.ts';
import type { Behave } from './passage.ts';

export interface RemakeOptions {
  readonly authority: Identity;
  /** Days until the certificates end; below zero they have. */
  readonly days: number;
  /** Which names it breaks open. */
  readonly takes: (name: string) => boolean;
  readonly proxyPort: number;
}

/** In memory, of the kind that is made in a millisecond. */
export function createAuthority(commonName: string): Promise<Identity> {
  return createRoot({ name: `CN=${commonName}`, days: 365, keys: 'ec' });
}

export function remakeTls({ authority, days, takes, proxyPort }: RemakeOptions): Behave {
  const made = new Map<string, Promise<SecureContext>>();
  const contextFor = (name: string): Promise<SecureContext> => {
    const known = made.get(name) ?? makeContext(authority, name, days);
    made.set(name, known);
    return known;
  };
  const server = createServer({
    ALPNProtocols: ['http/1.1'],
    // Node takes a certificate with a callback, and this one has to be made first.
    SNICallback: (name, done) => void contextFor(name).then(...settle(done)),
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (plain) => {
    plain.on('error', () => plain.destroy());
    const far = connect({ host: HOST, port: proxyPort });
    far.on('error', () => plain.destroy());
    far.once('close', () => plain.destroy());
    plain.once('close', () => far.destroy());
    plain.pipe(far).pipe(plain);
  });
  return ({ near }) => ({
    fromClient: (chunk) => {
      if (!isHello(chunk)) return chunk;
      const hello = parseClientHello(chunk);
      if (hello.kind !== 'hello' || !takes(hello.serverName ?? '')) return chunk;
      handOver(near, chunk, (socket) => server.emit('connection', socket));
      return null;
    },
  });
}

type Done = (error: Error | null, context?: SecureContext) => void;

function settle(done: Done): [(context: SecureContext) => void, (error: Error) => void] {
  return [(context) => done(null, context), (error) => done(error)];
}

/** The server reads the hello itself. */
function handOver(near: Socket, first: Buffer, take: (socket: Socket) => void): void {
  near.removeAllListeners('data').pause();
  near.unshift(first);
  take(near);
}

async function makeContext(authority: Identity, name: string, days: number): Promise<SecureContext> {
  const subject = { name: `CN=${name}, OU=${randomUUID()}`, names: [name], days, backdatedDays: 60, keys: 'ec' } as const;
  const identity = await createServerCertificate(authority, subject);
  return createSecureContext({ cert: certificatePem(identity), key: await keyPem(identity) });
}
