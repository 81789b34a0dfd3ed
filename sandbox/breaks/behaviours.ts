// What a box on the way may do. Each is a few lines, and knows nothing of the doctor.

import { ALPN, isHello, SERVER_NAME, withoutExtension } from './hello-editor.ts';
import type { Behave } from './passage.ts';

/** Answers HTTP itself, and hangs up on anything else: as a captive portal, or a proxy that nobody sees. */
function captive(answer: string): Behave {
  return (passage) => ({
    fromClient: (chunk) => {
      if (/^[A-Z]+ /.test(chunk.toString('latin1', 0, 8))) passage.answer(answer);
      else passage.reset();
      return null;
    },
  });
}

export const wantsLogin = captive(
  'HTTP/1.1 407 Proxy Authentication Required\r\nVia: 1.1 proxy.corp.example (squid)\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
);

export const showsPage = captive(
  'HTTP/1.1 302 Found\r\nLocation: http://login.guest.example/?id=4711\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
);

/** A transparent proxy that passes things on, and leaves its mark. */
export const leavesMark: Behave = () => {
  let isFirst = true;
  return {
    fromProxy: (chunk) => {
      const text = chunk.toString('latin1');
      if (!isFirst || !text.startsWith('HTTP/1.1 ')) return chunk;
      isFirst = false;
      return Buffer.from(text.replace('\r\n', '\r\nVia: 1.1 proxy.corp.example (squid)\r\n'), 'latin1');
    },
  };
};

export const dropsAlpn = dropsExtension(ALPN);
export const dropsName = dropsExtension(SERVER_NAME);

function dropsExtension(type: number): Behave {
  return () => ({ fromClient: (chunk) => (isHello(chunk) ? withoutExtension(chunk, type) : chunk) });
}

/** What is larger than a packet on a narrow way is lost, and so is all that follows it; the router's word about it does not come back (RFC 2923). */
export function losesSegmentsOver(bytes: number): Behave {
  return () => {
    let isLost = false;
    return {
      fromClient: (chunk) => {
        isLost ||= chunk.length > bytes;
        return isLost ? null : chunk;
      },
    };
  };
}

/** A firewall that forgets what is silent, and answers what then comes with a reset. */
export function forgetsAfter(idleMs: number): Behave {
  return (passage) => {
    let lastMs = performance.now();
    const touch = (chunk: Buffer): Buffer | null => {
      const isForgotten = performance.now() - lastMs > idleMs;
      lastMs = performance.now();
      if (!isForgotten) return chunk;
      passage.reset();
      return null;
    };
    return { fromClient: touch, fromProxy: touch };
  };
}
