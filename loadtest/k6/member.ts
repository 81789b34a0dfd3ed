// An agent with its WebSocket: turns what k6 says of the one into events of the other, and carries out what the agent wants done.
// k6 has its ways: a socket that still connects must not be closed (its queue has no reader yet, and the VU would stand still for ever),
// and `ping()` keeps a note of each ping for good, which is why agents ping by MQTT.

import { WebSocket, type MessageEvent } from 'k6/websockets';
import type { Action, Agent } from '../shared/agent.ts';
import type { Now } from '../shared/fine-clock.ts';
import { encodeConnect, encodeEmpty, encodePublish, encodeSubscribe, PacketReader, type Packet } from '../shared/mqtt.ts';
import { reasonOf } from '../shared/reasons.ts';
import type { Saw } from './seen.ts';

/** What all members of a VU share. */
export interface Company {
  readonly url: string;
  readonly keepAliveSeconds: number;
  /** Of what agents publish; null where they only ping. */
  readonly messageBytes: number | null;
  readonly now: Now;
  readonly saw: (member: Member, saw: Saw) => void;
  readonly unexplained: (words: string) => void;
  /** Its agent may want to be woken at another moment now. */
  readonly moved: (member: Member) => void;
}

/** A message begins with its intended moment, as a float of 8 bytes. */
const MOMENT_BYTES = 8;
const SUBSCRIBE_ID = 1;
/** Of `readyState`: the constants that k6's types promise are not there. */
const OPEN = 1;
const PINGREQ = encodeEmpty('pingreq').buffer;
const DISCONNECT = encodeEmpty('disconnect').buffer;

export class Member {
  readonly number: number;
  readonly agent: Agent;
  /** The moment at which the VU will wake its agent. */
  queuedMs = Infinity;
  readonly #clientId: string;
  readonly #company: Company;
  #socket: WebSocket | null = null;
  #reader = new PacketReader();
  #error = '';
  /** A whole PUBLISH that lacks its moment. */
  readonly #blank: ArrayBufferLike | null;

  constructor(number: number, clientId: string, agent: Agent, company: Company) {
    this.number = number;
    this.agent = agent;
    this.#clientId = clientId;
    this.#company = company;
    const { messageBytes } = company;
    this.#blank = messageBytes === null ? null : encodePublish(this.#topic, new Uint8Array(Math.max(MOMENT_BYTES, messageBytes))).buffer;
  }

  wake(nowMs: number, hasRoom = true): void {
    this.#follow(this.agent.wake(nowMs, hasRoom));
  }

  end(nowMs: number): void {
    this.#follow(this.agent.end(nowMs));
  }

  get #topic(): string {
    return `load/${this.#clientId}`;
  }

  #follow(actions: readonly Action[]): void {
    for (const action of actions) {
      if ('saw' in action) this.#company.saw(this, action);
      else this.#do(action);
    }
    this.#company.moved(this);
  }

  #do(action: Extract<Action, { do: string }>): void {
    switch (action.do) {
      case 'dial':
        return this.#dial();
      case 'send-connect':
        return this.#send(encodeConnect(this.#clientId, this.#company.keepAliveSeconds).buffer);
      case 'send-subscribe':
        return this.#send(encodeSubscribe(SUBSCRIBE_ID, this.#topic).buffer);
      case 'send-ping':
        return this.#send(PINGREQ);
      case 'send-disconnect':
        return this.#send(DISCONNECT);
      case 'publish':
        return this.#publish(action.intendedMs);
      case 'hang-up':
        return this.#hangUp();
    }
  }

  #dial(): void {
    // The types know no sub-protocols; k6 does.
    const socket = new WebSocket(this.#company.url, ['mqtt'] as unknown as null, { tags: { name: 'agent' } });
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#reader = new PacketReader();
    this.#error = '';
    socket.addEventListener('open', () => {
      if (this.#socket === socket) this.#follow(this.agent.opened(this.#company.now()));
      else socket.close();
    });
    socket.addEventListener('message', (event) => {
      if (this.#socket === socket && 'data' in event) this.#read(event);
    });
    socket.addEventListener('error', (event) => {
      if (this.#socket === socket && 'error' in event) this.#error = event.error;
    });
    socket.addEventListener('close', (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#gone(event);
    });
  }

  /** Bytes of a WebSocket may be cut anywhere. What k6 notes as the moment is when it read them, before they waited for this VU. */
  #read({ data, timestamp }: MessageEvent): void {
    if (!(data instanceof ArrayBuffer)) return this.#follow(this.agent.garbled(timestamp));
    const { packets, fault } = this.#reader.read(new Uint8Array(data));
    for (const packet of packets) this.#follow(this.#hear(packet, timestamp));
    if (fault !== null) this.#follow(this.agent.garbled(timestamp));
  }

  #hear(packet: Packet, atMs: number): readonly Action[] {
    switch (packet.type) {
      case 'connack':
        return this.agent.connack(packet.code, atMs);
      case 'pingresp':
        return this.agent.pong(atMs);
      case 'publish': {
        const { payload } = packet;
        if (payload.length < MOMENT_BYTES) return [];
        return this.agent.echoed(new DataView(payload.buffer, payload.byteOffset, MOMENT_BYTES).getFloat64(0), atMs);
      }
      default:
        return [];
    }
  }

  /** Where no close frame came the event has no code; RFC 6455 section 7.1.5 calls that 1006. */
  #gone(event: object): void {
    const code = 'code' in event ? String(event.code) : '1006';
    const reason = this.#error === '' ? 'closed-early' : reasonOf(this.#error);
    if (reason === 'other') this.#company.unexplained(this.#error);
    this.#follow(this.agent.lost(code, reason, this.#company.now()));
  }

  #publish(intendedMs: number): void {
    if (this.#blank === null) return;
    // k6 takes the memory that it is given and sends it later.
    const bytes = this.#blank.slice(0);
    const { messageBytes } = this.#company;
    const at = bytes.byteLength - Math.max(MOMENT_BYTES, messageBytes ?? 0);
    new DataView(bytes).setFloat64(at, intendedMs);
    this.#send(bytes);
  }

  #send(bytes: ArrayBufferLike): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(bytes as ArrayBuffer);
  }

  #hangUp(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket?.readyState === OPEN) socket.close();
  }
}
