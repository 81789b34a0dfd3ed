// An MQTT session with AWS IoT through the proxy, from nothing: credentials, tunnel, TLS, WebSocket or mutual TLS, CONNACK.
// This is the surface for other programs; the command line is main.ts.

import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { AddressBook, type AddressDeps, type ProxyAddress, type SessionEnd } from './addresses.ts';
import type { Clock } from './clock.ts';
import { CredentialCache, fetchCredentials, type TemporaryCredentials } from './credentials.ts';
import { type Door, openEndpoint, openGateway, type ProxyTls } from './doors.ts';
import { AgentFailure } from './failure.ts';
import { openMqtt, type MqttSession } from './mqtt.ts';
import type { ProxyUrl } from './proxy-url.ts';
import { presignMqttPath, regionOf } from './sigv4.ts';
import { openWebSocket } from './websocket.ts';

export interface AgentSettings {
  readonly door: Door;
  readonly proxies: readonly ProxyUrl[];
  readonly proxyTls: ProxyTls;
  /** The gateway's name; needed by that door only. */
  readonly gateway: string | null;
  /** The data endpoint, and its port: 443 for everything, 8883 for MQTT with the device certificate. */
  readonly endpoint: string;
  readonly port: number;
  readonly ca: string | undefined;
  readonly cert: string;
  readonly key: string;
  readonly clientId: string;
  readonly keepAliveSeconds: number;
  /** With these, MQTT over WebSocket with SigV4; without, MQTT with the device certificate. */
  readonly role: RoleSettings | null;
}

export interface RoleSettings {
  readonly credentialsEndpoint: string;
  readonly roleAlias: string;
  readonly thing: string;
  /** Null: taken from the endpoint's name. */
  readonly region: string | null;
}

export interface AgentDeps extends AddressDeps {
  readonly clock: Clock;
}

/** On 443 the protocol name tells AWS IoT that MQTT follows; on 8883 nothing else does (AWS IoT Developer Guide, protocols). */
const MQTT_ALPN = 'x-amzn-mqtt-ca';

export class Agent {
  readonly #settings: AgentSettings;
  readonly #deps: AgentDeps;
  readonly #book: AddressBook;
  readonly #credentials: CredentialCache;

  constructor(settings: AgentSettings, deps: AgentDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#book = new AddressBook(settings.proxies, deps);
    this.#credentials = new CredentialCache(deps.clock, () => this.#fetchCredentials());
  }

  /** Credentials that are good now: kept ones, or fresh ones fetched through the proxy. */
  credentials(): Promise<TemporaryCredentials> {
    return this.#credentials.get();
  }

  async openSession(): Promise<MqttSession> {
    const { clientId, keepAliveSeconds } = this.#settings;
    const stream = this.#settings.role ? await this.#openSigned(this.#settings.role) : await this.#openMutual();
    return await openMqtt(stream, { clientId, keepAliveSeconds }, this.#deps.clock);
  }

  /** The address of the proxy over which the last session was opened. */
  get via(): string | null {
    return this.#book.lastGood;
  }

  /** What came of the last session, or of the attempt to open one. True where another address can be tried at once. */
  sessionOver(end: SessionEnd): boolean {
    return this.#book.sessionOver(end);
  }

  /** MQTT over WebSocket. Signed at every connect: AWS takes a signed URL for minutes, whatever it says. */
  async #openSigned(role: RoleSettings): Promise<Duplex> {
    const { clock } = this.#deps;
    const { endpoint, gateway, door } = this.#settings;
    const region = role.region ?? regionOf(endpoint);
    if (region === null) throw settingsFailure(`${endpoint} does not carry a region: give --region`);
    const credentials = await this.#credentials.get();
    try {
      return await this.#book.tryEach(async (proxy) => {
        const socket =
          door === 'gateway'
            ? await openGateway(proxy, gateway ?? proxy.host, this.#settings.proxyTls, clock)
            : await this.#openData(proxy, door);
        const path = await presignMqttPath({ host: endpoint, region, credentials, atMs: clock.nowMs() });
        const host = door === 'gateway' ? (gateway ?? proxy.host) : endpoint;
        return await openWebSocket(socket, { host, path, authorization: door === 'gateway' ? proxy.authorization : null }, clock);
      });
    } catch (error) {
      if (error instanceof AgentFailure && error.facts.leg === 'upgrade') this.#credentials.forget();
      throw error;
    }
  }

  /** MQTT inside TLS with the device certificate. */
  async #openMutual(): Promise<Duplex> {
    const { door, port, cert, key } = this.#settings;
    if (door === 'gateway') throw settingsFailure('the gateway carries WebSockets only: give --role-alias and --credentials-endpoint');
    const alpn = port === 443 ? [MQTT_ALPN] : undefined;
    return await this.#book.tryEach((proxy) => this.#openData(proxy, door, { cert, key, alpn }));
  }

  #openData(
    proxy: ProxyAddress,
    door: Exclude<Door, 'gateway'>,
    identity: { cert?: string; key?: string; alpn?: readonly string[] | undefined } = {},
  ): Promise<TLSSocket> {
    const { endpoint, port, ca, proxyTls } = this.#settings;
    return openEndpoint(proxy, { door, target: { host: endpoint, port }, ca, ...identity }, proxyTls, this.#deps.clock);
  }

  async #fetchCredentials(): Promise<TemporaryCredentials> {
    const { role, door, ca, cert, key, proxyTls } = this.#settings;
    if (!role) throw settingsFailure('there is no role alias to ask credentials for');
    const target = { host: role.credentialsEndpoint, port: 443 };
    // The gateway serves nothing but /mqtt; the credential provider is reached through the same addresses by CONNECT.
    const through = door === 'gateway' ? 'connect-tls' : door;
    return await this.#book.tryEach(async (proxy) => {
      const socket = await openEndpoint(proxy, { door: through, target, ca, cert, key, alpn: ['http/1.1'] }, proxyTls, this.#deps.clock);
      const { roleAlias, thing } = role;
      return await fetchCredentials(socket, { host: target.host, roleAlias, thing }, this.#deps.clock);
    });
  }
}

function settingsFailure(detail: string): AgentFailure {
  return new AgentFailure({ leg: 'settings', code: 'SETTINGS', fixer: 'device', detail });
}
