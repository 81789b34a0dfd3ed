// What the doctor looks at, in the order of the way. docs/doctor.md shows the same table, held equal by a test.

export const CHECKS = {
  list: 'The signed list of addresses can be had, is signed, and its time is not over.',
  name: 'DNS gives addresses of the list for the proxy’s name, and no others.',
  environment: 'No other proxy is configured for the programs of this machine.',
  tcp: 'A TCP connection to the address comes about.',
  ready: 'Pinhole answers there, and says that it takes connections: not a login page, not another proxy.',
  'proxy-tls': 'TLS with the proxy’s name: the certificate is the proxy’s own, and in its time.',
  answer: 'Pinhole opens a tunnel to the endpoint, with an answer that nobody on the way has touched.',
  'aws-tls': 'TLS with AWS IoT through the proxy: Amazon has signed the certificate, and nobody else.',
  'large-hello': 'A ClientHello of more than one segment, as post-quantum key exchange makes it, comes through.',
  'aws-answer': 'AWS IoT answers a request.',
  clock: 'This machine’s clock is that of AWS.',
  credentials: 'The credential provider gives temporary credentials for the device certificate.',
  mqtt: 'AWS IoT takes an MQTT session with the device certificate, on the gateway with temporary credentials.',
  idle: 'A session that is silent for as long as you say is still there afterwards.',
} as const;

export type CheckId = keyof typeof CHECKS;

export const CHECK_IDS = Object.keys(CHECKS) as CheckId[];
