// The proxy's configuration in the sandbox, as text: what a real node's file looks like, with the stand-in's ports pinned in place of DNS.

export interface ConfigInput {
  readonly runtime: string;
  readonly probe: boolean;
  readonly ports: { readonly proxy: number; readonly health: number; readonly admin: number };
  readonly files: { readonly ca: string; readonly proxyCertificate: string; readonly proxyKey: string; readonly adminToken: string };
  readonly aws: {
    readonly data: {
      readonly host: string;
      readonly address: string;
      readonly wssPort: number;
      readonly mqttPort: number;
      readonly httpsPort: number;
    };
    readonly credentials: { readonly host: string; readonly address: string; readonly port: number };
  };
  /** Listed, and led to where nobody listens. */
  readonly deadEndpoint?: string | undefined;
  /** Keys of a node's file besides these. */
  readonly more?: string | undefined;
}

/** Nothing listens on the first port of loopback. */
const DEAD_PORT = 1;

/** A name under .test leads nowhere by itself (RFC 6761). */
export const GATEWAY = 'gw.sandbox.test';
/** Our own name for the connect-tls door. */
export const PROXY = 'proxy.sandbox.test';

export function renderConfig({ runtime, probe, ports, files, aws, deadEndpoint, more = '' }: ConfigInput): string {
  // JSON strings are YAML strings, whatever is in a path.
  const text = (value: string): string => JSON.stringify(value);
  const pin = (host: string, port: number, address: string, to: number): string =>
    `    - { host: ${host}, port: ${port}, to: ${text(`${address}:${to}`)} }`;
  const dead =
    deadEndpoint === undefined
      ? { endpoint: '', pin: '' }
      : {
          endpoint: `  - { name: dead, data: ${deadEndpoint}, ca: ${text(files.ca)} }\n`,
          pin: `${pin(deadEndpoint, 443, '127.0.0.1', DEAD_PORT)}\n`,
        };
  return `# Written anew at every start of the sandbox. A file for a real node has no \`resolve.pin\`, and its own names and certificates.
node: { name: sandbox }
runtime: ${text(runtime)}
listen:
  - address: 127.0.0.1:${ports.proxy}
    doors: [connect, connect-tls, sni, gateway]
tls:
  certificate: ${text(files.proxyCertificate)}
  key: ${text(files.proxyKey)}
  names: [${PROXY}, localhost]
endpoints:
  - name: sandbox
    data: ${aws.data.host}
    credentials: ${aws.credentials.host}
    ports: [443, 8443, 8883]
    ca: ${text(files.ca)}
${dead.endpoint}gateway:
  - name: ${GATEWAY}
    endpoint: sandbox
resolve:
  pin:
${pin(aws.data.host, 443, aws.data.address, aws.data.wssPort)}
${pin(aws.data.host, 8443, aws.data.address, aws.data.httpsPort)}
${pin(aws.data.host, 8883, aws.data.address, aws.data.mqttPort)}
${pin(aws.credentials.host, 443, aws.credentials.address, aws.credentials.port)}
${dead.pin}health: { address: "127.0.0.1:${ports.health}" }
# The page is there too. What changes something asks for the token.
admin: { address: "127.0.0.1:${ports.admin}", token: ${text(`file:${files.adminToken}`)} }
# Small, for a first hour: a real node takes as many carriers as it has cores, and 50,000 tunnels.
carriers: 2
# All who come are one source here: what a stranger may be refused in a second is for all of them together.
limits: { tunnels: 1000, perSource: { refusalsPerSecond: 1000 } }
# Ctrl-C should not wait for tunnels.
drain: { stop: 2s }
${probe ? '# The node tries its own doors; what it finds is at /ready of the health address.\nprobe: { schedule: "*/15 * * * * *" }' : 'probe: off'}
${more}`;
}
