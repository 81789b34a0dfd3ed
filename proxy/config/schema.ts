// Every key of the configuration file, with its type, its default and its meaning. schema/pinhole.schema.json and the table in
// docs/configuration.md are made from this by scripts/schema.ts; a test holds the three equal.

import * as z from 'zod';
import { DOORS } from '../core/settings.ts';
import { DURATION_MAX_MS } from './units.ts';
import { tenant } from './tenant-schema.ts';
import {
  adminUrl,
  certificateName,
  customDomain,
  distinct,
  duration,
  endpointName,
  hostName,
  hostOrAddress,
  ipAddress,
  label,
  listenAddress,
  origin,
  path,
  peerAddress,
  range,
  schedule,
  secret,
  serverAddress,
  size,
  socketAddress,
  wholeNumber,
} from './fields.ts';

/** Most carriers a node may have, named or by `auto`. */
export const CARRIERS_MAX = 256;

/** Twice the CONNECTs per second of an AWS account whose quota was not raised: more is no drain (docs/fleet.md). */
const DRAIN_RATE_MAX = 1_000;

/** Each is asked by each of the others while somebody looks. */
const PEERS_MAX = 32;

/** The AWS SDK gives up after 10 s of silence in some languages and never in others; an answer has to come before that. */
const ANSWER_BELOW_MS = 10_000;

const checkMode = () => z.enum(['enforce', 'report', 'off']).prefault('enforce');

const node = z.strictObject({
  name: label().prefault('pinhole').meta({ description: 'This node in records and metrics. Give every node of a fleet its own.' }),
  publicAddresses: z
    .array(ipAddress())
    .prefault([])
    .meta({ description: 'Addresses under which clients reach this node though no interface has them (Elastic IPs). Never dialled.' }),
});

const listener = z.strictObject({
  address: listenAddress().meta({
    description: 'Where to listen. `0.0.0.0` and `[::]` are every address of the machine. Port 0 takes a free one.',
  }),
  doors: z
    .array(z.enum(DOORS))
    .min(1)
    .check((context) => distinct(context.value, context))
    .optional()
    .meta({ description: 'What this listener serves. `connect-tls` and `gateway` need `tls`; `gateway` needs an entry under `gateway`.' }),
  backlog: wholeNumber(1, 65_535).prefault(4_096).meta({ description: 'Connections the kernel queues before they are accepted.' }),
  proxyProtocol: z
    .strictObject({
      trust: z
        .array(range())
        .min(1)
        .meta({ description: 'Load balancers that send a PROXY header, v1 or v2. From these it is required, from others refused.' }),
    })
    .optional()
    .meta({ description: 'Off unless given.' }),
});

const tls = z.strictObject({
  certificate: path().meta({ description: 'PEM file with our certificate first and its chain after it.' }),
  key: path().meta({ description: 'PEM file with the private key of the certificate, not encrypted.' }),
  clientCa: path().optional().meta({
    description: 'PEM file with the CAs of client certificates. With it a client has to show one, on every door with TLS that ends here.',
  }),
  clientCertificates: z.enum(['require', 'request']).prefault('require').meta({
    description:
      '`request`: a client may come without one, and be known by token or source. One that is shown has to be good all the same.',
  }),
  crl: path().optional().meta({
    description: 'PEM file with a revocation list of every CA in `clientCa`. Out of date, it refuses all its clients.',
  }),
  names: z
    .array(certificateName())
    .min(1)
    .optional()
    .meta({ description: 'Names of ours that clients may put into SNI. `*.` may stand for the first label.' }),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).prefault('TLSv1.2').meta({ description: 'Oldest TLS version towards clients.' }),
});

const endpoint = z.strictObject({
  name: label().meta({ description: 'This entry in records, metrics and `gateway`.' }),
  data: endpointName('data').optional().meta({ description: 'What `aws iot describe-endpoint --endpoint-type iot:Data-ATS` prints.' }),
  credentials: endpointName('credentials').optional().meta({ description: 'The same for `iot:CredentialProvider`. Port 443 only.' }),
  jobs: endpointName('jobs').optional().meta({ description: 'The same for `iot:Jobs`. Port 443 only.' }),
  customDomain: customDomain().optional().meta({ description: 'A domain of your own that AWS IoT Core serves for data.' }),
  anyAccount: z.boolean().prefault(false).meta({
    description: 'Opens the form of these AWS names (kind, region, partition) to every AWS account. Agents may then send data to anyone’s.',
  }),
  ports: z
    .array(wholeNumber(1, 65_535))
    .min(1)
    .check((context) => distinct(context.value, context))
    .prefault([443])
    .meta({ description: 'Ports of the data name and the custom domain. AWS IoT serves 443, 8443 and 8883.' }),
  accept: z
    .array(range())
    .prefault([])
    .meta({ description: 'Ranges that may be dialled for this entry though not public, such as those of a VPC endpoint.' }),
  ca: path()
    .optional()
    .meta({ description: 'PEM file with the roots that gateway and probe trust for this entry, instead of the public ones.' }),
});

const gateway = z.strictObject({
  name: hostName().meta({ description: 'Name of ours that agents dial for MQTT over WebSocket.' }),
  endpoint: label().meta({ description: 'Name of the entry under `endpoints` whose data name (or custom domain) is dialled.' }),
  origins: z.array(origin()).prefault([]).meta({ description: 'Origins that browsers may come with besides `https://NAME`.' }),
});

const policy = z.strictObject({
  sni: checkMode().meta({
    description: 'The server name in the agent’s own ClientHello must be the target. `report` allows and records in `would_deny`.',
  }),
  alpn: checkMode().meta({ description: 'Every protocol the ClientHello offers must be one that AWS IoT serves.' }),
  address: checkMode().meta({
    description:
      'The address dialled must be public or accepted. Loopback, link-local, metadata, multicast and our own are refused in any mode.',
  }),
  allowMissingSni: z
    .boolean()
    .prefault(false)
    .meta({ description: 'Lets agents in that send no server name. AWS then picks the account by the device’s certificate.' }),
  revoked: z.enum(['close', 'keep']).prefault('close').meta({
    description:
      'Open tunnels whose tenant, credential or endpoint is not in the file any more: closed at `drain.rate`, or kept to their end.',
  }),
});

const pin = z.strictObject({
  host: hostName().meta({ description: 'A listed name.' }),
  port: wholeNumber(1, 65_535).prefault(443).meta({ description: 'One of its ports.' }),
  to: z
    .union([socketAddress(), z.array(socketAddress()).min(1).max(16)])
    .meta({ description: 'Dialled instead of asking DNS, unjudged: one address or a list, tried from a random one on.' }),
});

const resolve = z.strictObject({
  servers: z.array(serverAddress()).prefault([]).meta({ description: 'DNS servers. Empty: those of the machine.' }),
  family: z.enum(['ipv4', 'ipv6', 'any']).prefault('ipv4').meta({ description: 'Addresses to ask for. Elastic IPs are IPv4.' }),
  pin: z.array(pin).prefault([]).meta({ description: 'Answers by hand, for a sandbox.' }),
});

const limits = z.strictObject({
  tunnels: wholeNumber(1, 10_000_000).prefault(50_000).meta({ description: 'Open tunnels of the node. Beyond: `NODE_FULL`.' }),
  opensPerSecond: wholeNumber(1, 1_000_000)
    .prefault(1_000)
    .meta({ description: 'Tunnels opened per second by the node. Beyond: `NODE_RATE_LIMITED`.' }),
  idle: duration()
    .prefault('31m')
    .meta({ description: 'A tunnel without a byte in either direction ends after this. MQTT on AWS may be silent for 30m.' }),
  maxAge: z
    .union([z.literal('off').transform(() => null), duration()])
    .prefault('off')
    .meta({ description: 'A tunnel ends at this age. AWS itself ends WebSocket sessions after 24h.' }),
  perTunnelBuffer: size({ min: 4_096, max: 67_108_864 }).prefault('256KiB').meta({
    description:
      'At most so many bytes are held for a tunnel whose reader is slower than its writer. The native engine holds 128KiB at most, the node engine 256KiB at least.',
  }),
  pending: wholeNumber(1, 1_000_000).prefault(10_000).meta({ description: 'Connections of the node without a request yet.' }),
  perSource: z
    .strictObject({
      pending: wholeNumber(1, 1_000_000).prefault(1_024).meta({
        description:
          'The same for one source (IPv4 address, IPv6 /64). Good tunnels never count: a whole site may stand behind one address.',
      }),
      refusalsPerSecond: wholeNumber(1, 1_000_000)
        .prefault(50)
        .meta({ description: 'Refusals answered per second and source. Above, it is closed without an answer.' }),
    })
    .prefault({})
    .meta({ description: 'Limits of one source.' }),
});

const timeouts = z.strictObject({
  head: duration().prefault('10s').meta({ description: 'From accept to the end of the request head.' }),
  hello: duration().prefault('10s').meta({
    description:
      'Until the ClientHello is there: from accept on the `sni` door, from our answer inside a tunnel. Then as long again for the upstream’s first record.',
  }),
  handshake: duration().prefault('10s').meta({ description: 'From accept to the end of the TLS handshake with us.' }),
  answer: duration({ min: 100, max: ANSWER_BELOW_MS - 1 })
    .prefault('8s')
    .meta({ description: 'From the end of the head to our answer: resolve, dial and all. Below 10s, for clients give up then.' }),
  upgrade: duration().prefault('10s').meta({ description: 'Until AWS has answered a gateway’s upgrade.' }),
  halfClosed: duration().prefault('60s').meta({ description: 'A tunnel of which one side has finished sending ends after this silence.' }),
  proxyHeader: duration().prefault('5s').meta({ description: 'From accept to the end of the PROXY header.' }),
});

const drain = z.strictObject({
  settle: duration({ min: 0, max: DURATION_MAX_MS })
    .prefault('2m')
    .meta({ description: 'How long a draining node goes on opening tunnels: the time DNS needs to lead agents elsewhere.' }),
  rate: wholeNumber(1, DRAIN_RATE_MAX).prefault(8).meta({
    description:
      'Tunnels that a drain closes per second, over all carriers. Each comes back as a TLS handshake and an MQTT CONNECT elsewhere.',
  }),
  deadline: duration().prefault('2h').meta({
    description: 'How long closing may take. A drain that would take longer goes faster than `rate`. Pauses do not count.',
  }),
  stop: duration().prefault('30s').meta({ description: 'How long SIGTERM takes to close the tunnels, at an even pace.' }),
});

const probe = z.strictObject({
  schedule: schedule().prefault('*/15 * * * * *').meta({ description: 'When a round begins; seconds first where there are six fields.' }),
  failures: wholeNumber(1, 100)
    .prefault(3)
    .meta({ description: 'Rounds in a row that must fail before an endpoint counts as failing, and succeed before it is well again.' }),
  peers: z
    .array(peerAddress())
    .check((context) => distinct(context.value, context))
    .prefault([])
    .meta({
      description: 'The other nodes’ addresses, as agents dial them. Without an answer from one, this node never leaves for AWS’s sake.',
    }),
  login: secret().optional().meta({
    description: '`USER:TOKEN` of a tenant, for the probe to come with; or `file:PATH`. Needed where `tenants` are known by tokens.',
  }),
});

const admin = z.strictObject({
  address: listenAddress()
    .prefault('127.0.0.1:9901')
    .meta({ description: 'Where operators’ commands are taken. Off loopback only with a token.' }),
  token: secret()
    .optional()
    .meta({ description: 'Needed for every change, and off loopback for every request. `file:PATH` reads it from a file.' }),
  names: z
    .array(hostOrAddress())
    .prefault([])
    .meta({ description: 'Names and addresses, besides loopback, under which it is reached: what may stand in Host.' }),
  peers: z
    .array(adminUrl())
    .max(PEERS_MAX)
    .prefault([])
    .check((context) => distinct(context.value, context))
    .meta({
      description: 'The other nodes’ admin URLs, shown beside this node on the page. They are asked with this node’s own token.',
    }),
});

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).prefault('info').meta({ description: 'Least level that is written.' }),
  file: path().optional().meta({ description: 'Where records and messages go. SIGUSR2 reopens it.' }),
});

export const configSchema = z.strictObject({
  node: node.prefault({}).meta({ description: 'Who this node is.' }),
  runtime: path().optional().meta({ description: 'Folder for sockets and state, mode 0700, one per node.' }),
  listen: z.array(listener).min(1).meta({ description: 'Where clients connect.' }),
  tls: tls.optional().meta({ description: 'Our certificate, for the doors `connect-tls` and `gateway`.' }),
  endpoints: z.array(endpoint).meta({ description: 'What agents may reach: exact names and nothing else. Empty: nothing.' }),
  gateway: z
    .array(gateway)
    .prefault([])
    .meta({ description: 'Names of ours behind which MQTT over WebSocket is passed on to an endpoint.' }),
  tenants: z.array(tenant).optional().meta({
    description: 'Who may use the node. Absent: anyone may use the listed endpoints. Empty: nobody.',
  }),
  tenantsFile: path().optional().meta({
    description: 'YAML or JSON file with the same list, instead of `tenants`. Taken again whenever it changes.',
  }),
  policy: policy.prefault({}).meta({ description: 'The checks that name, server name and address agree.' }),
  resolve: resolve.prefault({}).meta({ description: 'How names become addresses.' }),
  limits: limits.prefault({}).meta({ description: 'Limits of the node, over all its carriers.' }),
  timeouts: timeouts.prefault({}).meta({ description: 'How long each stage may take.' }),
  drain: drain.prefault({}).meta({ description: 'How the node is emptied, and how it stops.' }),
  carriers: z
    .union([z.literal('auto'), wholeNumber(1, CARRIERS_MAX)])
    .prefault('auto')
    .meta({ description: 'Processes that hold tunnels. `auto`: as many as cores, more where `limits.tunnels` needs their descriptors.' }),
  relay: z
    .enum(['auto', 'native', 'node'])
    .prefault('auto')
    .meta({ description: 'Engine that moves the bytes: `native` is compiled C for Linux; `auto` is native where it loads, else node.' }),
  health: z
    .strictObject({
      address: listenAddress()
        .prefault('127.0.0.1:8080')
        .meta({ description: 'Where `/live`, `/ready` and `/metrics` are served in full.' }),
    })
    .prefault({})
    .meta({ description: 'Health and metrics for those who run the node.' }),
  probe: z
    .union([z.literal('off').transform(() => null), probe])
    .prefault({})
    .meta({ description: 'Opens tunnels through this node’s own listeners to every endpoint, again and again, as an agent would.' }),
  admin: admin.prefault({}).meta({ description: 'Operators’ commands.' }),
  addresses: path().optional().meta({
    description: 'Signed list of the fleet’s addresses, served at `/.well-known/pinhole/addresses.json`. Not there: `NOT_FOUND`.',
  }),
  log: log.prefault({}).meta({ description: 'Records and messages.' }),
});

/** Defaults that are worked out, in words; every other default is in the schema. */
export const COMPUTED_DEFAULTS: Readonly<Record<string, string>> = {
  runtime: '`$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR/pinhole`, else `/tmp/pinhole-UID`',
  'listen[].doors': 'every door that the rest of the file makes possible',
  'tls.names': 'the certificate’s names',
  'tenants[].endpoints': 'every one',
  'endpoints[].ca': 'the public roots and `NODE_EXTRA_CA_CERTS`',
  'log.file': 'standard output',
};

export type Config = z.output<typeof configSchema>;
export type ListenEntry = Config['listen'][number];
export type EndpointEntry = Config['endpoints'][number];
export type GatewayEntry = Config['gateway'][number];
export type PinEntry = Config['resolve']['pin'][number];
export type TenantEntry = z.output<typeof tenant>;
export type TlsEntry = NonNullable<Config['tls']>;
