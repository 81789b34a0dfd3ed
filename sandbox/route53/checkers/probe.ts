// One question of one checker to one endpoint, as the guide says: connect, status, text. Certificates are not looked at.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { CheckConfig } from '../health-check-book.ts';
import { BODY_TIMEOUT_MS, CONNECT_TIMEOUT_MS, SEARCHED_BYTES, STATUS_TIMEOUT_MS, TCP_TIMEOUT_MS } from '../limits.ts';

export interface ProbeResult {
  readonly isGood: boolean;
  /** In the words of GetHealthCheckStatus, without Success or Failure. */
  readonly words: string;
}

/** `toRealMs` shortens the timeouts where the world runs fast. */
export type Probe = (config: CheckConfig, toRealMs: (ms: number) => number) => Promise<ProbeResult>;

export const probe: Probe = (config, toRealMs) => (config.type === 'TCP' ? probeTcp(config, toRealMs) : probeHttp(config, toRealMs));

const good = (words: string): ProbeResult => ({ isGood: true, words });
const bad = (words: string): ProbeResult => ({ isGood: false, words });

function probeTcp({ address, port }: CheckConfig, toRealMs: (ms: number) => number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(bad('Connection timed out.')), toRealMs(TCP_TIMEOUT_MS));
    socket.once('connect', () => end(good('Connection established.')));
    socket.once('error', (error) => end(bad(error.message)));
  });
}

function probeHttp(config: CheckConfig, toRealMs: (ms: number) => number): Promise<ProbeResult> {
  const { type, address, port, path = '/', search, host, enableSni } = config;
  const isTls = type.startsWith('HTTPS');
  const usual = isTls ? 443 : 80;
  const headers = {
    // Guide: the port is named where it is not the usual one.
    host: `${host ?? address}${port === usual ? '' : `:${port}`}`,
    'user-agent': 'Amazon-Route53-Health-Check-Service (ref stand-in; report http://amzn.to/1vsZADi)',
    connection: 'close',
  };
  return new Promise((resolve) => {
    const options = { host: address, port, path, headers, agent: false };
    const request = isTls
      ? httpsRequest({
          ...options,
          rejectUnauthorized: false,
          ...(enableSni === true && host !== undefined ? { servername: host } : { servername: '' }),
        })
      : httpRequest(options);
    let timer = setTimeout(() => end(bad('Connection timed out.')), toRealMs(CONNECT_TIMEOUT_MS));
    const next = (timeoutMs: number, words: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end(bad(words)), toRealMs(timeoutMs));
    };
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    request.once('socket', (socket) =>
      socket.once(isTls ? 'secureConnect' : 'connect', () => next(STATUS_TIMEOUT_MS, 'The endpoint did not answer in time.')),
    );
    request.once('error', (error) => end(bad(error.message)));
    request.once('response', (response) => {
      const { statusCode = 0, statusMessage = '' } = response;
      const words = `HTTP Status Code ${statusCode}, ${statusMessage}`;
      if (statusCode < 200 || statusCode > 399) return end(bad(words));
      if (search === undefined) return end(good(words));
      next(BODY_TIMEOUT_MS, 'The body did not come in time.');
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (part: string) => {
        body += part;
        if (body.slice(0, SEARCHED_BYTES).includes(search)) end(good(`${words}. String match found.`));
        else if (body.length >= SEARCHED_BYTES) end(bad(`${words}. String match not found.`));
      });
      response.once('end', () => end(bad(`${words}. String match not found.`)));
      response.once('error', (error) => end(bad(error.message)));
    });
    request.end();
  });
}
