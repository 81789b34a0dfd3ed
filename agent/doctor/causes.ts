// What can be wrong, who must mend it, and the sentence to send them. docs/doctor.md shows the same table, held equal by a test.

export const FIXERS = {
  site: "the admin of the site's firewall",
  device: 'the owner of the device',
  operator: "the operator of the proxy's fleet",
  account: 'the owner of the AWS account',
  aws: 'AWS',
} as const;
export type FixerId = keyof typeof FIXERS;

export interface Cause {
  readonly fixer: FixerId;
  readonly means: string;
  /** To the fixer. `{where}` stands for addresses, `{target}` for the endpoint, `{seen}` for what was seen. */
  readonly ask: string;
  /** Things work all the same: it is said, and is no failure. */
  readonly isRemark?: true;
}

const SITE = {
  'name-unknown': {
    fixer: 'site',
    means: 'DNS knows no address for the proxy’s name.',
    ask: 'Please let the devices’ name server resolve {where}: {seen}. Devices that go by the signed list of addresses need no DNS.',
  },
  'name-elsewhere': {
    fixer: 'site',
    means: 'DNS leads the proxy’s name to an address that is not of the fleet: a filter, a hijacked answer, or a stale record.',
    ask: 'The devices’ name server leads {where} somewhere else: {seen}. Please take this name out of DNS filters and local zones.',
  },
  'port-refused': {
    fixer: 'site',
    means: 'No address takes a TCP connection, and something refuses it at once: a firewall that rejects.',
    ask: 'Please let TCP connections out to {where}, all of these addresses: they are refused at once ({seen}). If your firewall lets them by, tell the operator of the proxy that nothing listens there.',
  },
  'port-silent': {
    fixer: 'site',
    means: 'No address answers a TCP connection: a firewall drops the packets, or the way back.',
    ask: 'Please let TCP connections out to {where}, all of these addresses, and their answers in: nothing comes back ({seen}).',
  },
  'address-missing': {
    fixer: 'site',
    means: 'One address of several is silent: the firewall’s rule lacks it, or its node is down.',
    ask: 'Please check that your rule has {where} too: other addresses of the same list answer, this one does not ({seen}). If it is in the rule, tell the operator of the proxy.',
  },
  'only-by-proxy': {
    fixer: 'site',
    means:
      'The addresses are closed to direct connections, and the site’s own proxy leads there: most device programs cannot go by two proxies.',
    ask: 'Please let the devices connect to {where} directly: today only your proxy can ({seen}), and a device program can go by one proxy at a time.',
  },
  'connection-cut': {
    fixer: 'site',
    means: 'The connection comes about and is cut at the first bytes: application control.',
    ask: 'Your firewall lets connections to {where} by and cuts them when data flows ({seen}). Please except these addresses from application control: it is HTTP CONNECT first and TLS later, on one connection.',
  },
  inspected: {
    fixer: 'site',
    means: 'Somebody on the way breaks TLS open, with a certificate of their own.',
    ask: 'Please except {where} from TLS inspection: {seen}. Devices check AWS’s and the proxy’s certificates and cannot go on with another.',
  },
  'tls-swallowed': {
    fixer: 'site',
    means: 'TCP comes about, and the TLS behind it gets no answer.',
    ask: 'Connections to {where} come about, and TLS in them gets no answer ({seen}). Please let TLS to these addresses by, without inspection.',
  },
  'hello-too-large': {
    fixer: 'site',
    means:
      'A small ClientHello comes through and one of more than a segment does not: a filter that looks at the first packet only, or an MTU that nobody says.',
    ask: 'A TLS ClientHello of about 1.7 KiB, as post-quantum key exchange makes it, does not come through to {where}, a small one does ({seen}). Please update the inspection, and let ICMP "fragmentation needed" by.',
  },
  'alpn-changed': {
    fixer: 'site',
    means: 'Something takes the protocol name (ALPN) out of the ClientHello, or changes it: MQTT on port 443 then cannot work.',
    ask: 'Something on the way to {where} changes the ALPN extension of TLS: without it the handshake works, with it not ({seen}). Please except these addresses from it.',
  },
  'name-removed': {
    fixer: 'site',
    means: 'Something takes the server name (SNI) out of the ClientHello, or changes it.',
    ask: 'Something on the way to {where} changes the server name (SNI) of TLS: the proxy does not see the one that was sent ({seen}). Please except these addresses from it.',
  },
  'hello-changed': {
    fixer: 'site',
    means: 'The handshake breaks in a way that only a change of its bytes can make.',
    ask: 'Something on the way to {where} changes bytes of the TLS handshake ({seen}). Please except these addresses from inspection.',
  },
  'login-wanted': {
    fixer: 'site',
    means: 'Another proxy than Pinhole answers, and wants a login.',
    ask: 'A proxy of yours answers in place of {where} and wants a login ({seen}). Please let the devices connect to these addresses past it.',
  },
  'login-page': {
    fixer: 'site',
    means: 'A page answers in place of Pinhole: a captive portal, a block page.',
    ask: 'A page of yours answers in place of {where} ({seen}). Please let the devices connect to these addresses without it.',
  },
  'foreign-answer': {
    fixer: 'site',
    means: 'Another proxy than Pinhole answers, and does not open the tunnel.',
    ask: 'Another proxy answers in place of {where} ({seen}). Please let the devices connect to these addresses past it.',
  },
  'proxy-between': {
    fixer: 'site',
    means: 'Another proxy passes things on, and adds to Pinhole’s answers. Clients that want Pinhole’s exact answer fail on such.',
    ask: 'A proxy of yours sits in front of {where} and adds to its answers ({seen}). It works today; please let these addresses go past it.',
    isRemark: true,
  },
  'proxy-configured': {
    fixer: 'device',
    means: 'The environment names another proxy. Programs that obey it go there and not to Pinhole.',
    ask: 'The environment has {seen}. Programs that obey it do not come to {where}; this doctor went directly. Please put the proxy’s name and addresses into NO_PROXY.',
    isRemark: true,
  },
  'source-limited': {
    fixer: 'site',
    means: 'Pinhole has had too many refused or unfinished connections from this site, and answers no more of them for a moment.',
    ask: '{where} refuses this site for a moment ({seen}): some machine behind your address keeps opening connections that are refused. Please find it.',
  },
  'idle-cut': {
    fixer: 'site',
    means: 'A connection that is silent is forgotten on the way.',
    ask: 'Connections to {where} are cut after being silent ({seen}). Please raise the idle limit for these addresses above 30 minutes, or let TCP keep-alive (every 60 s) count.',
  },
} as const satisfies Record<string, Cause>;

const DEVICE = {
  'clock-wrong': {
    fixer: 'device',
    means: 'This machine’s clock is wrong: certificates and signatures are refused.',
    ask: 'Please set the clock of this machine, and keep it by NTP: {seen}.',
  },
  'login-missing': {
    fixer: 'device',
    means: 'Pinhole wants credentials, and none were given.',
    ask: 'The proxy {where} wants a tenant and a token, or a client certificate ({seen}). Please set them on the device; the operator of the proxy gives them out.',
  },
  'login-wrong': {
    fixer: 'device',
    means: 'Pinhole does not know this tenant with this token or certificate: mistyped, or rotated.',
    ask: 'The proxy {where} does not accept the tenant and token, or the client certificate, that are set on this device ({seen}). Please set the current ones; the operator of the proxy gives them out.',
  },
  'not-the-proxy': {
    fixer: 'device',
    means: 'Something answers there, and it is no proxy.',
    ask: 'What answers at {where} is no proxy ({seen}). Please check address and port.',
  },
  'client-id-taken': {
    fixer: 'device',
    means: 'Another program connects with the same client id, and AWS IoT keeps the newer of two.',
    ask: 'Please give each device a client id of its own: another program took over the one of this session ({seen}).',
  },
  'roots-missing': {
    fixer: 'device',
    means: 'The certificate is right as far as can be seen, and this machine does not know its root.',
    ask: 'This machine does not know the root of the certificate at {where} ({seen}). Please install it, or name it with --ca or --proxy-ca.',
  },
  'request-wrong': {
    fixer: 'device',
    means: 'Pinhole refuses the form of the request.',
    ask: '{where} refuses what this machine sends ({seen}): docs/reasons.md says what the code means.',
  },
} as const satisfies Record<string, Cause>;

const OPERATOR = {
  'list-bad': {
    fixer: 'operator',
    means: 'The list of addresses is not to be trusted or used: not signed by the key, over, or not a list.',
    ask: 'Please publish a list of addresses that is signed by the key you gave out, and in its time: {seen}.',
  },
  'list-gone': {
    fixer: 'operator',
    means: 'The list of addresses cannot be had from where it should be.',
    ask: 'The list of addresses cannot be had: {seen}. Please say where it is, or send it as a file.',
  },
  'node-down': {
    fixer: 'operator',
    means: 'One address of several refuses connections, others answer: its node does not listen.',
    ask: 'Nothing listens at {where}, while other addresses of the list answer ({seen}). Please start the node, or take the address off the list.',
  },
  'node-silent': {
    fixer: 'operator',
    means: 'A connection comes about and nobody answers a request in it.',
    ask: '{where} takes connections and does not answer them ({seen}). Please look at the node.',
  },
  'node-closed': {
    fixer: 'operator',
    means: 'The node says that it takes no new connections just now, as it does while it is drained or where something is amiss.',
    ask: '{where} says that it is not ready ({seen}). Agents go to the other addresses; if it stays so, please look at the node.',
    isRemark: true,
  },
  'certificate-expired': {
    fixer: 'operator',
    means: 'The proxy’s certificate is not in its time, and this machine’s clock seems right.',
    ask: 'Please renew the certificate of the proxy at {where}: {seen}.',
  },
  'certificate-of-another': {
    fixer: 'operator',
    means: 'The certificate is for other names than the one that was asked for.',
    ask: 'The certificate at {where} is not for this name ({seen}). Please add the name to the certificate, or say by which name to come.',
  },
  'not-listed': {
    fixer: 'operator',
    means: 'The endpoint, or its port, is not on Pinhole’s list.',
    ask: 'Please put {target} on the list of {where}, or say which endpoint is right: {seen}.',
  },
  'source-refused': {
    fixer: 'operator',
    means: 'Pinhole does not let this site’s public address in.',
    ask: '{where} does not know the public address of this site ({seen}). Please add it to the tenant’s sources.',
  },
  limited: {
    fixer: 'operator',
    means: 'A limit of the tenant or of the node is used up.',
    ask: '{where} is at a limit ({seen}). Please raise it, or say why so many tunnels are open.',
  },
  draining: {
    fixer: 'operator',
    means: 'The node is being emptied; agents come back by themselves, elsewhere.',
    ask: '{where} is being drained ({seen}). If that was not meant, please undrain it.',
  },
  'door-off': {
    fixer: 'operator',
    means: 'The node does not have this door.',
    ask: '{where} does not offer this door ({seen}). Please open it, or tell the devices to use another.',
  },
  'node-cannot-reach': {
    fixer: 'operator',
    means: 'One node of several cannot reach AWS IoT, others can.',
    ask: '{where} cannot reach {target}, other nodes can ({seen}). Please look at the node’s way out, and at its DNS.',
  },
  'proxy-fault': {
    fixer: 'operator',
    means: 'Pinhole says that it is its own fault, or something that this doctor does not know.',
    ask: '{where} failed ({seen}). Please look the request id up in its log.',
  },
} as const satisfies Record<string, Cause>;

const FAR = {
  'aws-away': {
    fixer: 'aws',
    means: 'No node reaches AWS IoT.',
    ask: 'No node of the fleet reaches {target} ({seen}). If AWS’s health page shows nothing for this service and region, the operator of the proxy has to look at the fleet’s way out.',
  },
  'aws-other-certificate': {
    fixer: 'operator',
    means: 'Another server than AWS IoT answers for the endpoint’s name.',
    ask: 'Behind {where} another server answers for {target} ({seen}). Please check where the proxy resolves this name to.',
  },
  'certificate-inactive': {
    fixer: 'account',
    means: 'AWS IoT does not take the device certificate: not active, not registered in this account and region, or expired.',
    ask: 'AWS IoT does not accept the device certificate ({seen}). Please activate or register it in the account and region of {target}.',
  },
  'credentials-refused': {
    fixer: 'account',
    means: 'The credential provider refuses: thing, policy, role alias or role.',
    ask: 'The AWS IoT credential provider refuses this device: {seen}.',
  },
  'session-refused': {
    fixer: 'account',
    means: 'AWS IoT refuses the MQTT session: the policy does not allow this client id, or the certificate is not active.',
    ask: 'AWS IoT refuses the MQTT session of this device ({seen}). Please check that its policy allows iot:Connect for this client id, and that its certificate is active.',
  },
} as const satisfies Record<string, Cause>;

export const CAUSES = { ...SITE, ...DEVICE, ...OPERATOR, ...FAR } as const satisfies Record<string, Cause>;
export type CauseId = keyof typeof CAUSES;

export function causeOf(id: CauseId): Cause {
  return CAUSES[id];
}
