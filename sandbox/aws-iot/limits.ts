/**
 * Every bound of the stand-in, with where it comes from.
 * "Quotas" is the AWS General Reference, "AWS IoT Core endpoints and quotas"; "guide" the AWS IoT Developer Guide, page "MQTT".
 */

export interface Limits {
  /** From accept to a whole ClientHello, then again to a finished handshake. AWS gives no figure; ours only has to end. */
  readonly handshakeTimeoutMs: number;
  /** From the end of the handshake to a CONNECT, or to a whole HTTP request. AWS gives no figure. */
  readonly firstRequestTimeoutMs: number;
  /** Quotas: 0 and anything above become this. */
  readonly keepAliveMaxSeconds: number;
  /** Quotas: 1 to 29 become this. */
  readonly keepAliveMinSeconds: number;
  /** Quotas: a publish payload of more than 128 KB is refused. */
  readonly payloadBytesMax: number;
  /** Guide: "Maximum Packet Size ... cannot exceed 128 KB". */
  readonly packetBytesMax: number;
  /** Quotas: client identifier, UTF-8 bytes. */
  readonly clientIdBytesMax: number;
  /** Quotas: topic and topic filter, UTF-8 bytes; the prefix of Basic Ingest is not counted. */
  readonly topicBytesMax: number;
  /** Quotas: seven slashes. */
  readonly topicLevelsMax: number;
  /** Quotas: filters in one SUBSCRIBE. */
  readonly filtersPerRequestMax: number;
  /** Quotas: subscriptions of one connection. */
  readonly filtersPerConnectionMax: number;
  /** Quotas: QoS 1 publishes in flight, announced as Receive Maximum. */
  readonly receiveMaximum: number;
  /** Guide: "default limit of 8 topic aliases". */
  readonly topicAliasMax: number;
  /** Guide: a session persists for one hour unless the account asked for more. */
  readonly sessionExpiryMaxSeconds: number;
  /** Guide: a message expires after 7 days at the latest. */
  readonly messageExpiryMaxSeconds: number;
  /** Bytes that may wait for a client that does not read. Ours: AWS drops a slow consumer too, at an unpublished figure. */
  readonly outboundBytesMax: number;
  /** Guide, "Protocols": a WebSocket connection lasts up to 24 hours. */
  readonly webSocketLifetimeMs: number;
  /** Quotas: a shadow's state document. */
  readonly shadowBytesMax: number;
  /** Quotas: levels below `desired` or `reported`. */
  readonly shadowDepthMax: number;
  /** How far a signature's date may be off. AWS General Reference, signing requests: five minutes. */
  readonly signatureSkewMs: number;
}

const KIB = 1024;

export const AWS_LIMITS: Limits = {
  handshakeTimeoutMs: 10_000,
  firstRequestTimeoutMs: 30_000,
  keepAliveMaxSeconds: 1_200,
  keepAliveMinSeconds: 30,
  payloadBytesMax: 128 * KIB,
  packetBytesMax: 128 * KIB,
  clientIdBytesMax: 128,
  topicBytesMax: 256,
  topicLevelsMax: 8,
  filtersPerRequestMax: 8,
  filtersPerConnectionMax: 50,
  receiveMaximum: 100,
  topicAliasMax: 8,
  sessionExpiryMaxSeconds: 3_600,
  messageExpiryMaxSeconds: 604_800,
  outboundBytesMax: 8 * KIB * KIB,
  webSocketLifetimeMs: 86_400_000,
  shadowBytesMax: 8 * KIB,
  shadowDepthMax: 8,
  signatureSkewMs: 300_000,
};
