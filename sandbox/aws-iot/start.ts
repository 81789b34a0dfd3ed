/**
 * A stand-in of AWS IoT Core on loopback, for tests and a first hour: data endpoint (MQTT and HTTPS by certificate, MQTT over
 * WebSocket by SigV4) and credential provider. Never for production: it keeps everything in memory and its secrets in a folder.
 */

import { createDefaultRegistry, ROLE_ALIAS, SECOND_THING, THING } from './default-registry.ts';
import { createRoutes } from './endpoints.ts';
import { AWS_LIMITS, type Limits } from './limits.ts';
import { Broker } from './mqtt/broker.ts';
import { REASON } from './mqtt/reasons.ts';
import { SessionBook } from './mqtt/session-book.ts';
import { DEFAULT_NAMES, type EndpointNames, regionOf } from './names.ts';
import { type PkiFiles, preparePki } from './pki/files.ts';
import { certificateId, checkRegistry, type Registry } from './registry.ts';
import { startShadows } from './shadow/service.ts';
import { AccessKeys } from './sigv4/access-keys.ts';
import { type Front, type FrontOptions, startFront } from './tls/front.ts';

export interface AwsIotOptions {
  /** For authorities, certificates and keys; created. Used again while they last. */
  readonly dir: string;
  readonly log: (line: string) => void;
  /** Address to bind; default 127.0.0.1. */
  readonly host?: string;
  readonly names?: EndpointNames;
  /** Another account: gets the default one, whose certificate ids it needs, and gives back what shall hold. */
  readonly registry?: (standard: Registry) => Registry;
  /** Other bounds than AWS's, so that a test need not wait for them. */
  readonly limits?: Partial<Limits>;
  /** Milliseconds since 1970, for signatures and expiry. */
  readonly now?: () => number;
}

export interface AwsIot {
  readonly data: {
    readonly host: string;
    /** Stands for 443: WebSocket, and by ALPN MQTT (`x-amzn-mqtt-ca`) or HTTPS (`x-amzn-http-ca`) with a client certificate. */
    readonly wssPort: number;
    /** Stands for 8883: MQTT with a client certificate. */
    readonly mqttPort: number;
    /** Stands for 8443: HTTPS with a client certificate and no ALPN, for curl and the like. */
    readonly httpsPort: number;
  };
  readonly credentials: { readonly host: string; readonly port: number };
  readonly files: PkiFiles;
  readonly region: string;
  readonly account: string;
  readonly thing: string;
  /** The thing of `files.secondDeviceCertificate`. */
  readonly secondThing: string;
  readonly roleAlias: string;
  /** A long-lived key, for a client that signs without the credential provider. */
  readonly accessKey: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The account itself. A change takes effect at the next decision. */
  readonly registry: Registry;
  /** Open sockets on all ports, and MQTT clients among them. */
  counts(): { readonly sockets: number; readonly clients: number };
  /** Ends a client's connection as an operator would; false if there is none. */
  disconnect(clientId: string): boolean;
  stop(): Promise<void>;
}

export async function startAwsIot(options: AwsIotOptions): Promise<AwsIot> {
  const { log, host = '127.0.0.1', names = DEFAULT_NAMES, now = Date.now } = options;
  const limits = { ...AWS_LIMITS, ...options.limits };
  const region = regionOf(names.data);
  const { files, texts } = await preparePki(options.dir, names);

  const standard = createDefaultRegistry({
    region,
    certificates: {
      first: certificateId(texts.deviceCertificate),
      second: certificateId(texts.secondDeviceCertificate),
      inactive: certificateId(texts.inactiveDeviceCertificate),
    },
  });
  const registry = options.registry?.(standard) ?? standard;
  checkRegistry(registry);

  const keys = new AccessKeys(registry, now);
  const sessions = new SessionBook(now);
  const broker = await Broker.create(log);
  await startShadows(broker, limits, now);

  const routes = createRoutes({ names, registry, keys, broker, sessions, limits, now, log });
  const common = { host, handshakeTimeoutMs: limits.handshakeTimeoutMs, log };
  const data = { ...common, endpoint: names.data, certificate: texts.dataCertificate, key: texts.dataKey };
  const credentials = { ...common, endpoint: names.credentials, certificate: texts.credentialsCertificate, key: texts.credentialsKey };
  const [wss, mqtt, https, provider] = await startAll([
    { ...data, name: 'data 443', routes: routes.wss },
    { ...data, name: 'data 8883', routes: routes.mqtt },
    { ...data, name: 'data 8443', routes: routes.https },
    { ...credentials, name: 'credentials 443', routes: routes.credentials },
  ]);
  const fronts = [wss, mqtt, https, provider];

  return {
    data: { host: names.data, wssPort: wss.port, mqttPort: mqtt.port, httpsPort: https.port },
    credentials: { host: names.credentials, port: provider.port },
    files,
    region,
    account: registry.account,
    thing: THING,
    secondThing: SECOND_THING,
    roleAlias: ROLE_ALIAS,
    accessKey: firstKey(registry),
    registry,
    counts: () => ({ sockets: fronts.reduce((sum, front) => sum + front.connections(), 0), clients: sessions.connected }),
    disconnect: (clientId) => sessions.holder(clientId)?.disconnect(REASON.ADMINISTRATIVE, 'disconnected by an operator') ?? false,
    stop: async () => {
      await Promise.all(fronts.map((front) => front.stop()));
      await broker.close();
    },
  };
}

type Four<T> = [T, T, T, T];

/** All or none: a port that cannot be bound closes those that were. */
async function startAll(options: Four<FrontOptions>): Promise<Four<Front>> {
  const started: Front[] = [];
  try {
    for (const front of options) started.push(await startFront(front));
  } catch (error) {
    await Promise.all(started.map((front) => front.stop()));
    throw error;
  }
  return started as Four<Front>;
}

function firstKey(registry: Registry): AwsIot['accessKey'] {
  const [accessKeyId = '', key] = Object.entries(registry.accessKeys)[0] ?? [];
  return { accessKeyId, secretAccessKey: key?.secretAccessKey ?? '' };
}
