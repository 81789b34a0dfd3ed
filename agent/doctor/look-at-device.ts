// What needs the device's certificate: credentials, an MQTT session, and whether a silent one survives. Once for each door, over the first address
// where that door went well.

import type { ProxyAddress } from '../addresses.ts';
import { type Clock, sleep } from '../clock.ts';
import { fetchCredentials, type TemporaryCredentials } from '../credentials.ts';
import { type Door, type EndpointRequest, openEndpoint, openGateway } from '../doors.ts';
import { type MqttSession, openMqtt } from '../mqtt.ts';
import { presignMqttPath } from '../sigv4.ts';
import { openWebSocket } from '../websocket.ts';
import type { CheckId } from './checks.ts';
import { clean, showAddress, troubleOf, wordsOf } from './look.ts';
import { type DevicePlan, ENDPOINT_PORT, type Plan, type RolePlan, SMALL_GROUPS } from './plan.ts';
import type { Sight } from './sight.ts';

/** AWS IoT takes one CONNECT a second from a client id (AWS IoT quotas). */
const BETWEEN_SESSIONS_MS = 1_100;
/** The longest that AWS IoT takes: MQTT itself is silent for as long. */
const KEEP_ALIVE_S = 1_200;

export interface OpenDoor {
  readonly door: Door;
  readonly proxy: ProxyAddress;
}

export async function lookAtDevice(doors: readonly OpenDoor[], plan: Plan, clock: Clock): Promise<Sight[]> {
  const { device } = plan;
  if (device === null) return [none('credentials', NO_DEVICE), none('mqtt', NO_DEVICE), ...idleWithout(plan, NO_DEVICE)];
  if (doors.length === 0) return [none('credentials', 'not reached'), none('mqtt', 'not reached'), ...idleWithout(plan, 'not reached')];

  const sights: Sight[] = [];
  let credentials: TemporaryCredentials | null = null;
  if (device.role === null) sights.push(none('credentials', 'needs --credentials-endpoint, --role-alias and --thing'));
  for (const open of doors.filter(({ door }) => door !== 'gateway')) {
    if (device.role === null) break;
    const { sight, found } = await lookAtCredentials(open, device, device.role, plan, clock);
    sights.push(sight);
    credentials ??= found;
  }
  let idle: OpenDoor | null = null;
  for (const open of doors) {
    const sight = await lookAtSession(open, device, credentials, plan, clock);
    sights.push(sight);
    if (sight.trouble === null && sight.skipped === undefined) idle ??= open;
    await sleep(clock, BETWEEN_SESSIONS_MS);
  }
  if (plan.idleMs === null) return sights;
  return [...sights, ...(idle === null ? idleWithout(plan, 'not reached') : [await lookAtIdle(idle, device, credentials, plan, clock)])];
}

const NO_DEVICE = 'needs --cert and --key';

function none(check: CheckId, skipped: string): Sight {
  return { check, address: null, door: null, trouble: null, seen: '', skipped };
}

function idleWithout({ idleMs }: Plan, why: string): Sight[] {
  return idleMs === null ? [] : [none('idle', why)];
}

type Found = { readonly sight: Sight; readonly found: TemporaryCredentials | null };

async function lookAtCredentials({ proxy, door }: OpenDoor, device: DevicePlan, role: RolePlan, plan: Plan, clock: Clock): Promise<Found> {
  const common = { check: 'credentials', address: showAddress(proxy), door } as const;
  const { credentialsEndpoint: host, roleAlias, thing } = role;
  try {
    const request = {
      ...requestOf(door, plan),
      target: { host, port: ENDPOINT_PORT },
      cert: device.cert,
      key: device.key,
      alpn: ['http/1.1'],
    };
    const socket = await openEndpoint(proxy, request, plan.proxyTls, clock);
    const found = await fetchCredentials(socket, { host, roleAlias, thing }, clock);
    const minutes = Math.round((found.expiresAtMs - clock.nowMs()) / 60_000);
    return { sight: { ...common, trouble: null, seen: `for ${minutes} min` }, found };
  } catch (error) {
    const trouble = troubleOf(error, 'credentials');
    return { sight: { ...common, trouble, seen: wordsOf(trouble) }, found: null };
  }
}

/** The gateway carries WebSockets only, and they have to be signed. */
async function lookAtSession(
  { proxy, door }: OpenDoor,
  device: DevicePlan,
  credentials: TemporaryCredentials | null,
  plan: Plan,
  clock: Clock,
): Promise<Sight> {
  const common = { check: 'mqtt', address: showAddress(proxy), door } as const;
  if (door === 'gateway' && credentials === null) return { ...common, trouble: null, seen: '', skipped: 'needs temporary credentials' };
  try {
    const session = await openSession({ proxy, door }, device, credentials, plan, clock);
    await session.end();
    return { ...common, trouble: null, seen: clean(`as ${device.clientId}`) };
  } catch (error) {
    const trouble = troubleOf(error, 'mqtt');
    return { ...common, trouble, seen: wordsOf(trouble) };
  }
}

async function lookAtIdle(
  { proxy, door }: OpenDoor,
  device: DevicePlan,
  credentials: TemporaryCredentials | null,
  plan: Plan,
  clock: Clock,
): Promise<Sight> {
  const common = { check: 'idle', address: showAddress(proxy), door } as const;
  const seconds = Math.round((plan.idleMs ?? 0) / 1_000);
  try {
    const session = await openSession({ proxy, door }, device, credentials, plan, clock);
    const over = new AbortController();
    void session.closed.then(() => over.abort());
    await sleep(clock, plan.idleMs ?? 0, over.signal);
    try {
      await session.ping();
    } finally {
      await session.end();
    }
    return { ...common, trouble: null, seen: `alive after ${seconds} s of silence` };
  } catch (error) {
    const trouble = troubleOf(error, 'mqtt');
    return { ...common, trouble, seen: `after at most ${seconds} s of silence: ${wordsOf(trouble)}` };
  }
}

async function openSession(
  { proxy, door }: OpenDoor,
  device: DevicePlan,
  credentials: TemporaryCredentials | null,
  plan: Plan,
  clock: Clock,
): Promise<MqttSession> {
  const settings = { clientId: device.clientId, keepAliveSeconds: KEEP_ALIVE_S };
  if (door !== 'gateway') {
    const { cert, key } = device;
    const request = { ...requestOf(door, plan), cert, key, alpn: ['x-amzn-mqtt-ca'] };
    return await openMqtt(await openEndpoint(proxy, request, plan.proxyTls, clock), settings, clock);
  }
  if (credentials === null || device.role === null) throw new Error('the gateway needs temporary credentials');
  const name = plan.gateway ?? proxy.host;
  const path = await presignMqttPath({ host: plan.endpoint, region: device.role.region, credentials, atMs: clock.nowMs() });
  const socket = await openGateway(proxy, name, plan.proxyTls, clock);
  return await openMqtt(await openWebSocket(socket, { host: name, path, authorization: proxy.authorization }, clock), settings, clock);
}

function requestOf(door: Exclude<Door, 'gateway'> | Door, plan: Plan): EndpointRequest {
  const through = door === 'gateway' ? 'connect-tls' : door;
  return { door: through, target: { host: plan.endpoint, port: ENDPOINT_PORT }, ca: plan.ca, groups: SMALL_GROUPS };
}
