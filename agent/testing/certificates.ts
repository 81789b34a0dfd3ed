// Throw-away certificates for the agent's tests: the smallest X.509 v3 (RFC 5280 section 4.1) that OpenSSL takes, written by hand so that
// the agent's tests need no package for it.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  /** A certificate for these names and addresses; without any, one for a client. */
  issue(commonName: string, names?: readonly string[]): Identity;
}

const ECDSA_SHA256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');
const ALTERNATIVE_NAME = Buffer.from('0603551d11', 'hex');
const TRUE = Buffer.from('0101ff', 'hex');

let serial = 0;

export function createAuthority(commonName: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = der(0x30, BASIC_CONSTRAINTS, TRUE, der(0x04, der(0x30, TRUE)));
  const ca = render(commonName, commonName, keys.publicKey, keys.privateKey, [isAuthority]);
  return {
    ca,
    issue(subject, names = []) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const list = der(0x30, ...names.map(alternativeName));
      const extensions = names.length === 0 ? [] : [der(0x30, ALTERNATIVE_NAME, der(0x04, list))];
      const cert = render(subject, commonName, own.publicKey, keys.privateKey, extensions);
      return { cert, key: own.privateKey.export({ format: 'pem', type: 'pkcs8' }) };
    },
  };
}

function render(subject: string, issuer: string, key: KeyObject, signer: KeyObject, extensions: readonly Buffer[]): string {
  serial += 1;
  const body = der(
    0x30,
    der(0xa0, Buffer.from('020102', 'hex')),
    der(0x02, Buffer.from([0x01, serial >> 8, serial & 0xff])),
    ECDSA_SHA256,
    distinguishedName(issuer),
    der(0x30, utcTime('200101000000Z'), utcTime('491231235959Z')),
    distinguishedName(subject),
    key.export({ format: 'der', type: 'spki' }),
    extensions.length === 0 ? Buffer.alloc(0) : der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const certificate = der(0x30, body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(commonName, 'utf8')))));
}

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text, 'latin1'));
}

function alternativeName(name: string): Buffer {
  return isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name, 'latin1'));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
