/**
 * One client's MQTT connection, from its first packet to its last: AWS's manners in front of the broker.
 * The `*-rules` files judge, this file acts: it holds the phase, passes packets on, and ends the connection once.
 */

import type { Duplex } from 'node:stream';
import type { IConnectPacket, IDisconnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet';
import { authorize, type Principal } from '../principal.ts';
import type { BrokerLink } from './broker.ts';
import { ClientStream } from './client-stream.ts';
import { renderConnack, renderConnect, renderRefusal } from './connect-packets.ts';
import { type Accepted, judgeConnect, type Refused } from './connect-rules.ts';
import type { GateDeps } from './gate-deps.ts';
import { deliver } from './outbound.ts';
import { judgePublish, type TopicAliases } from './publish-rules.ts';
import { REASON } from './reasons.ts';
import type { RuleContext } from './rules.ts';
import type { Holder } from './session-book.ts';
import { judgeSubscribe, mergeCodes } from './subscribe-rules.ts';
import { Subscriptions } from './subscriptions.ts';

/** `joining`: accepted, waiting for the former holder of the client id, then for the broker. `leaving`: has said DISCONNECT. */
type Phase = 'waiting' | 'joining' | 'open' | 'leaving' | 'closed';

export class Gate implements Holder {
  #phase: Phase = 'waiting';
  #session: Accepted | undefined;
  #link: BrokerLink | undefined;
  #timer: NodeJS.Timeout;
  #isResumed = false;
  #sessionExpirySeconds = 0;
  #held: Packet[] = [];
  readonly #aliases: TopicAliases = new Map();
  readonly #subscriptions = new Subscriptions();
  readonly #left = Promise.withResolvers<void>();
  readonly #client: ClientStream;
  readonly #principal: Principal;
  readonly #deps: GateDeps;

  constructor(stream: Duplex, principal: Principal, deps: GateDeps) {
    this.#principal = principal;
    this.#deps = deps;
    this.#timer = setTimeout(() => this.#close(undefined, 'no CONNECT came'), deps.limits.firstRequestTimeoutMs);
    this.#client = new ClientStream(stream, deps.limits, {
      onPacket: (packet) => this.#receive(packet),
      onFault: (reason, why) => this.#close(reason, why),
      // After a DISCONNECT the client may be gone before the broker has read it; the will must not be sent then.
      onEnd: (why) => this.#phase !== 'leaving' && this.#close(undefined, why),
    });
  }

  get left(): Promise<void> {
    return this.#left.promise;
  }

  takeOver(): void {
    this.#close(REASON.TAKEN_OVER, 'another connection has come with this client id');
  }

  disconnect(reason: number, why: string): boolean {
    const isOpen = this.#phase !== 'closed' && this.#phase !== 'leaving';
    if (isOpen) this.#close(reason, why);
    return isOpen;
  }

  #receive(packet: Packet): void {
    switch (this.#phase) {
      case 'waiting':
        if (packet.cmd === 'connect') return this.#connect(packet);
        return this.#close(undefined, `${packet.cmd} before CONNECT`);
      case 'joining':
        // The stream is paused: this can only be the rest of one chunk.
        this.#held.push(packet);
        return;
      case 'open':
        this.#timer.refresh();
        return this.#handle(packet);
      default:
    }
  }

  #handle(packet: Packet): void {
    switch (packet.cmd) {
      case 'publish':
        return this.#publish(packet);
      case 'subscribe':
        return this.#subscribe(packet);
      case 'unsubscribe':
        // [MQTT-3.10.3-2]
        if (packet.unsubscriptions.length === 0) return this.#close(REASON.PROTOCOL_ERROR, 'unsubscribe without a filter');
        this.#subscriptions.remove(packet.unsubscriptions);
        return this.#forward(packet);
      case 'puback':
        return this.#forward({ cmd: 'puback', messageId: packet.messageId ?? 0 });
      case 'pingreq':
        return this.#client.write({ cmd: 'pingresp' });
      case 'disconnect':
        return this.#leave(packet);
      default:
        // PUBREC, PUBREL, PUBCOMP and AUTH are "not supported"; a second CONNECT is a fault by [MQTT-3.1.0-2].
        return this.#close(REASON.PROTOCOL_ERROR, `${packet.cmd} is not supported here`);
    }
  }

  #connect(packet: IConnectPacket): void {
    clearTimeout(this.#timer);
    const verdict = judgeConnect(packet, {
      limits: this.#deps.limits,
      authorize: (clientId, action, resource) => authorize(this.#deps.registry, this.#principal, { action, resource, clientId }),
    });
    this.#client.version = verdict.version;
    if (verdict.kind === 'refuse') return this.#refuse(verdict, packet.clientId ?? '');
    this.#phase = 'joining';
    this.#session = verdict;
    this.#sessionExpirySeconds = verdict.sessionExpirySeconds;
    this.#client.pause();
    const unexpected = (error: unknown) => this.#close(undefined, `unexpected: ${String(error)}`);
    this.#deps.sessions
      .enter(verdict.clientId, this)
      .then(() => this.#join(verdict))
      .catch(unexpected);
  }

  #join(session: Accepted): void {
    if (this.#phase !== 'joining') return this.#finish();
    const saved = session.cleanStart ? undefined : this.#deps.sessions.find(session.clientId, session.version);
    this.#isResumed = saved !== undefined;
    this.#subscriptions.restore(saved?.filters ?? []);
    this.#link = this.#deps.broker.connect({
      onPacket: (sent) => this.#deliver(sent),
      onDrain: () => this.#phase === 'open' && this.#client.resume(),
      onClose: () => this.#close(undefined, 'the broker ended the connection'),
    });
    this.#link.send(renderConnect(session, this.#isResumed));
  }

  #publish(packet: IPublishPacket): void {
    const verdict = judgePublish(packet, this.#aliases, this.#context());
    switch (verdict.kind) {
      case 'forward':
        return this.#forward(verdict.packet);
      case 'ignore':
        return this.#log(`ignored: ${verdict.why}`);
      case 'close':
        if (verdict.acknowledge && this.#client.version === 5 && packet.messageId !== undefined) {
          this.#client.write({ cmd: 'puback', messageId: packet.messageId, reasonCode: verdict.reason });
        }
        return this.#close(verdict.reason, verdict.why);
    }
  }

  #subscribe(packet: ISubscribePacket): void {
    const { messageId = 0 } = packet;
    const verdict = judgeSubscribe(packet, this.#subscriptions.filters, this.#context());
    if (verdict.kind === 'close') return this.#close(verdict.reason, verdict.why);
    if (verdict.kind === 'ignore') return this.#log(`ignored: ${verdict.why}`);

    const asked = packet.subscriptions.map(({ topic }) => topic);
    if (verdict.why !== '') this.#log(`not subscribed: ${verdict.why}`);
    if (verdict.forward.length === 0) return this.#client.write({ cmd: 'suback', messageId, granted: mergeCodes(asked, verdict, []) });
    this.#forward({ cmd: 'subscribe', messageId, subscriptions: this.#subscriptions.begin(messageId, asked, verdict) });
  }

  /** A DISCONNECT goes on to the broker, which drops the will. Guide, "MQTT persistent sessions": the expiry it may change. */
  #leave(packet: IDisconnectPacket): void {
    const asked = packet.properties?.sessionExpiryInterval;
    if (asked !== undefined && this.#sessionExpirySeconds > 0) {
      this.#sessionExpirySeconds = Math.min(asked, this.#deps.limits.sessionExpiryMaxSeconds);
    }
    clearTimeout(this.#timer);
    this.#phase = 'leaving';
    this.#log('closed: the client has disconnected');
    const properties = { sessionExpiryInterval: this.#sessionExpirySeconds };
    this.#forward({ cmd: 'disconnect', reasonCode: packet.reasonCode ?? 0, properties });
    this.#client.end();
  }

  #forward(packet: Packet): void {
    if (this.#link?.send(packet) === false) this.#client.pause();
  }

  #deliver(packet: Packet): void {
    if (this.#phase === 'joining' && packet.cmd === 'connack') return this.#open(packet.reasonCode ?? 0);
    if (this.#phase !== 'open') return;
    const isKnown = deliver(packet, {
      client: this.#client,
      subscriptions: this.#subscriptions,
      packetBytesMax: this.#session?.packetBytesMax ?? 0,
      context: this.#context(),
      acknowledge: (messageId) => this.#forward({ cmd: 'puback', messageId }),
      log: (line) => this.#log(line),
    });
    if (!isKnown) this.#close(REASON.SHUTTING_DOWN, `the broker sent ${packet.cmd}`);
  }

  #open(reasonCode: number): void {
    const session = this.#session;
    if (!session || reasonCode !== 0) return this.#close(undefined, `the broker refused with ${reasonCode}`);
    this.#phase = 'open';
    const silence = () => this.#close(REASON.KEEP_ALIVE_TIMEOUT, 'silent for 1.5 times the keep-alive');
    this.#timer = setTimeout(silence, session.keepAliveSeconds * 1_500);
    this.#client.write(renderConnack(session, this.#isResumed, this.#deps.limits));
    this.#log(`connected: MQTT ${session.version}, keep-alive ${session.keepAliveSeconds} s${this.#isResumed ? ', session resumed' : ''}`);
    for (const packet of this.#held.splice(0)) this.#receive(packet);
    if (this.#phase === 'open') this.#client.resume();
  }

  #refuse({ version, reason, returnCode, why }: Refused, clientId: string): void {
    this.#deps.log(`mqtt ${JSON.stringify(clientId.slice(0, 128))} (${this.#principal.label}): refused: ${why}`);
    if (version === 5 || returnCode !== undefined) this.#client.write(renderRefusal(reason, returnCode, version));
    this.#close(undefined, why);
  }

  /** Once. With a reason, an MQTT 5 client that has its CONNACK hears it in a DISCONNECT. */
  #close(reason: number | undefined, why: string): void {
    if (this.#phase === 'closed') return;
    const before = this.#phase;
    this.#phase = 'closed';
    clearTimeout(this.#timer);
    this.#held = [];
    if (before === 'open' || before === 'joining') this.#log(`closed: ${why}`);
    if (reason !== undefined && before === 'open' && this.#client.version === 5)
      this.#client.write({ cmd: 'disconnect', reasonCode: reason });
    this.#client.end();
    // While joining, `#join` is still to come and finishes.
    if (before !== 'joining' || this.#link) this.#finish();
  }

  /** Out of the broker, then out of the book: only then may the next holder of the client id begin. */
  #finish(): void {
    const { sessions } = this.#deps;
    const clientId = this.#session?.clientId;
    if (clientId !== undefined && this.#link) {
      sessions.settle(clientId, this.#client.version, this.#subscriptions.filters, this.#sessionExpirySeconds);
    }
    void (this.#link?.leave() ?? Promise.resolve()).then(() => {
      if (clientId !== undefined) sessions.exit(clientId, this);
      this.#left.resolve();
    });
  }

  #context(): RuleContext {
    const { registry, limits } = this.#deps;
    const clientId = this.#session?.clientId;
    return {
      version: this.#client.version,
      limits,
      authorize: (action, resource) => authorize(registry, this.#principal, { action, resource, clientId }),
    };
  }

  #log(line: string): void {
    this.#deps.log(`mqtt ${JSON.stringify(this.#session?.clientId ?? '')} (${this.#principal.label}): ${line}`);
  }
}
