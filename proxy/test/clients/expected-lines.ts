// The fields of a decision line that the cases have in common.

import { DEFAULT_NAMES } from '../../../sandbox/aws-iot/names.ts';

export const DATA = DEFAULT_NAMES.data;
export const CREDENTIALS = DEFAULT_NAMES.credentials;
/** The same form as the listed name, another account's. */
export const OTHER_ACCOUNT = 'z9y8x7w6v5u4t3-ats.iot.eu-west-1.amazonaws.com';

const ALLOWED = { allow: true, reason: 'OK', would_deny: [], upstream_ip: '127.0.0.1' };

export const DATA_TUNNEL = { ...ALLOWED, kind: 'data', target_host: DATA, target_port: 443, sni: DATA };
export const CREDENTIALS_TUNNEL = { ...ALLOWED, kind: 'credentials', target_host: CREDENTIALS, target_port: 443, sni: CREDENTIALS };
/** Nothing was resolved or dialled. */
export const REFUSED = { allow: false, reason: 'TARGET_NOT_ALLOWED', endpoint: null, upstream_ip: null };

/** AWS's name for MQTT by client certificate on a port that also serves HTTPS. */
export const MQTT_ALPN = 'x-amzn-mqtt-ca';
