// MQTT.js on a stream that is open already (a WebSocket, or TLS with the device certificate). Reconnecting is the agent's business, not
// MQTT.js's: a new connection needs another address, a fresh signature, and jitter (MQTT.js comes back every second, flat).

import type { Duplex } from 'node:stream';
import { MqttClient, type IConnackPacket } from 'mqtt';
import { type Clock, withinDeadline } from './clock.ts';
import { AgentFailure, codeOf, messageOf } from './failure.ts';
import { tlsFailure } from './tls.ts';

export interface MqttSettings {
  readonly clientId: string;
  readonly keepAliveSeconds: number;
}

const CONNACK_TIMEOUT_MS = 10_000;
const ACK_TIMEOUT_MS = 10_000;
const GOODBYE_TIMEOUT_MS = 2_000;

/** One MQTT session. It ends once, and then `closed` says why; null where we ended it. */
export class MqttSession {
  readonly closed: Promise<AgentFailure | null>;
  readonly #client: MqttClient;
  readonly #clock: Clock;
  #isEnding = false;
  #cause: AgentFailure | null = null;

  constructor(client: MqttClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    client.on('error', (error) => (this.#cause ??= brokenFailure(error)));
    client.on('disconnect', (packet) => {
      this.#cause ??= disconnectFailure(packet.reasonCode ?? 0);
      // MQTT 5 section 3.14.4: whoever sent DISCONNECT closes; one that does not must not hold the session open.
      client.stream.destroy();
    });
    this.closed = new Promise((resolve) => {
      client.once('close', () => resolve(this.#isEnding ? null : (this.#cause ?? mqttFailure('CLOSED', 'the connection was closed'))));
    });
  }

  /** Sends with QoS 1 and waits for the acknowledgement. */
  async publish(topic: string, payload: string | Buffer): Promise<void> {
    await this.#acknowledged(`PUBACK for ${topic}`, () => this.#client.publishAsync(topic, payload, { qos: 1 }));
  }

  /** `onMessage` sees every message of the session from now on; a second filter needs no second listener. */
  async subscribe(filter: string, onMessage: (topic: string, payload: Buffer) => void): Promise<void> {
    this.#client.on('message', onMessage);
    await this.#acknowledged(`SUBACK for ${filter}`, () => this.#client.subscribeAsync(filter, { qos: 1 }));
  }

  /** PINGREQ, and waits for its PINGRESP: what shows that a session which was silent for long is still there. */
  async ping(): Promise<void> {
    const answered = (): Promise<void> =>
      new Promise((resolve) => {
        const onPacket = (packet: { readonly cmd?: string | undefined }): void => {
          if (packet.cmd !== 'pingresp') return;
          this.#client.off('packetreceive', onPacket);
          resolve();
        };
        this.#client.on('packetreceive', onPacket);
        this.#client.sendPing();
      });
    await this.#acknowledged('PINGRESP', answered);
  }

  /** Says goodbye; a tunnel that is dead is not waited for. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const late = (): Error => new Error('no goodbye');
    await withinDeadline(this.#clock, GOODBYE_TIMEOUT_MS, late, () => Promise.race([this.#client.endAsync(), this.closed])).catch(() => {});
    this.#client.stream.destroy();
    await this.closed;
  }

  async #acknowledged<T>(what: string, send: () => Promise<T>): Promise<T> {
    const late = (): AgentFailure => mqttFailure('TIMEOUT', `no ${what} within ${ACK_TIMEOUT_MS} ms`);
    let onClose = (): void => {};
    const lost = new Promise<never>((_resolve, reject) => {
      onClose = () => reject(this.#cause ?? mqttFailure('CLOSED', `the session ended before the ${what}`));
      this.#client.once('close', onClose);
    });
    try {
      return await withinDeadline(this.#clock, ACK_TIMEOUT_MS, late, () => Promise.race([send(), lost]));
    } catch (error) {
      if (error instanceof AgentFailure) throw error;
      // MQTT.js has a class for a SUBACK that says no, and does not export it.
      throw error instanceof Error && 'packet' in error
        ? policyFailure('NOT_AUTHORIZED', `no ${what}: ${error.message}`, 'iot:Subscribe')
        : brokenFailure(error);
    } finally {
      this.#client.off('close', onClose);
    }
  }
}

/** CONNECT and CONNACK. The stream is the session's from here on, and is destroyed if no session comes of it. */
export async function openMqtt(stream: Duplex, settings: MqttSettings, clock: Clock): Promise<MqttSession> {
  const client = new MqttClient(() => stream, {
    protocolVersion: 5,
    clean: true,
    clientId: settings.clientId,
    keepalive: settings.keepAliveSeconds,
    reconnectPeriod: 0,
    resubscribe: false,
    connectTimeout: CONNACK_TIMEOUT_MS * 2,
    // Worker timers would cost a thread for every session.
    timerVariant: 'native',
  });
  const late = (): AgentFailure => mqttFailure('TIMEOUT', `no CONNACK within ${CONNACK_TIMEOUT_MS} ms`);
  try {
    await withinDeadline(clock, CONNACK_TIMEOUT_MS, late, () => connected(client, stream, settings.clientId));
    return new MqttSession(client, clock);
  } catch (error) {
    client.on('error', () => {});
    client.end(true);
    stream.destroy();
    throw error;
  }
}

function connected(client: MqttClient, stream: Duplex, clientId: string): Promise<IConnackPacket> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => settle(() => reject(connackFailure(error, clientId)));
    const onClose = (): void => settle(() => reject(closedFailure(stream, clientId)));
    const onConnect = (packet: IConnackPacket): void => settle(() => resolve(packet));
    const settle = (finish: () => void): void => {
      client.off('error', onError).off('close', onClose).off('connect', onConnect);
      finish();
    };
    client.on('error', onError).on('close', onClose).on('connect', onConnect);
  });
}

function closedFailure(stream: Duplex, clientId: string): AgentFailure {
  // With TLS 1.3 a refused client certificate shows up only now, as an alert.
  const alert = stream.errored;
  if (alert && codeOf(alert).startsWith('ERR_SSL')) return tlsFailure(alert, { leg: 'endpoint-tls', host: 'the endpoint' }, null);
  return policyFailure('CLOSED', `the connection was closed before CONNACK (client id ${clientId})`, 'iot:Connect');
}

function connackFailure(error: Error, clientId: string): AgentFailure {
  const code = 'code' in error && typeof error.code === 'number' ? error.code : null;
  if (code === null) return brokenFailure(error);
  return new AgentFailure(
    {
      leg: 'mqtt',
      code: `CONNACK_${code}`,
      fixer: 'account',
      detail: `AWS IoT refused the session: ${messageOf(error)} (client id ${clientId})`,
      hint: 'the policy must allow iot:Connect for this client id',
    },
    { cause: error },
  );
}

/** MQTT 5 reason codes of AWS IoT's DISCONNECT (AWS IoT Developer Guide, MQTT reason codes). */
const DISCONNECT_REASONS: Readonly<Record<number, string>> = {
  0x8b: 'the server is shutting down',
  0x8d: 'no packet came within the keep-alive time',
  0x8e: 'another session with the same client id took over',
  0x97: 'a quota was exceeded',
  0x98: 'an administrator ended it',
};

function disconnectFailure(reasonCode: number): AgentFailure {
  const words = DISCONNECT_REASONS[reasonCode] ?? `reason 0x${reasonCode.toString(16)}`;
  const hint = reasonCode === 0x8e ? 'give every device a client id of its own' : undefined;
  return new AgentFailure({
    leg: 'mqtt',
    code: `DISCONNECT_${reasonCode}`,
    fixer: 'account',
    detail: `AWS IoT ended the session: ${words}`,
    hint,
  });
}

function policyFailure(code: string, detail: string, action: string): AgentFailure {
  return new AgentFailure({
    leg: 'mqtt',
    code,
    fixer: 'account',
    detail,
    hint: `does the policy allow ${action}? Is the certificate active?`,
  });
}

function brokenFailure(error: unknown): AgentFailure {
  return new AgentFailure(
    { leg: 'mqtt', code: codeOf(error), fixer: 'site', detail: messageOf(error), hint: 'the tunnel ended; the agent comes back' },
    { cause: error },
  );
}

function mqttFailure(code: string, detail: string): AgentFailure {
  return new AgentFailure({ leg: 'mqtt', code, fixer: 'site', detail });
}
