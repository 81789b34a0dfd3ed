/** MQTT 5 reason codes that AWS documents ("MQTT reason codes"), by name. The codes of MQTT 5.0 section 2.4 beyond those are marked. */

export const REASON = {
  SUCCESS: 0x00,
  UNSPECIFIED: 0x80,
  MALFORMED: 0x81,
  PROTOCOL_ERROR: 0x82,
  CLIENT_ID_INVALID: 0x85,
  NOT_AUTHORIZED: 0x87,
  SHUTTING_DOWN: 0x8b,
  /** Not on AWS's list, which is "not limited to": enhanced authentication is not supported. */
  BAD_AUTHENTICATION_METHOD: 0x8c,
  KEEP_ALIVE_TIMEOUT: 0x8d,
  TAKEN_OVER: 0x8e,
  FILTER_INVALID: 0x8f,
  TOPIC_INVALID: 0x90,
  TOPIC_ALIAS_INVALID: 0x94,
  /** Not on AWS's list either; the specification's answer to a packet over the announced maximum. */
  PACKET_TOO_LARGE: 0x95,
  QUOTA_EXCEEDED: 0x97,
  ADMINISTRATIVE: 0x98,
  QOS_NOT_SUPPORTED: 0x9b,
  /** Not on AWS's list: AWS has shared subscriptions, the stand-in says that it has none. */
  SHARED_NOT_SUPPORTED: 0x9e,
  IDENTIFIERS_NOT_SUPPORTED: 0xa1,
} as const;

/** MQTT 3.1.1 section 3.2.2.3. */
export const RETURN_CODE = { UNACCEPTABLE_VERSION: 1, IDENTIFIER_REJECTED: 2 } as const;
