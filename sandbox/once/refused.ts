// What must be refused, and with which reason: the proxy is for these endpoints and for nothing else.

import { readFileSync } from 'node:fs';
import { GATEWAY, PROXY } from '../world/config-file.ts';
import type { Place } from '../world/place.ts';
import type { Case } from './case.ts';
import { bytesInTunnel, connectHead, type Door, helloAtDoor, helloInTunnel, sayRaw } from './raw.ts';

/** The same form as a listed name, another account's. */
const STRANGERS_ENDPOINT = 'z9y8x7w6v5u4t3-ats.iot.eu-west-1.amazonaws.com';

export function refusedCases(place: Place): Case[] {
  const door: Door = { host: '127.0.0.1', port: place.ports.proxy.number };
  const ca = readFileSync(place.aws.files.ca, 'utf8');
  return [...targets(place, door), ...forms(place, door), ...hellos(place, door, ca), ...gatewayRequests(door, ca)];
}

function targets(place: Place, door: Door): Case[] {
  const data = place.aws.data.host;
  const connect = (what: string, authority: string, expected: string): Case => ({
    door: 'connect',
    what,
    expected,
    run: () => sayRaw(door, connectHead(authority)),
  });
  return [
    connect('a host that is not listed', 'example.com:443', '403 TARGET_NOT_ALLOWED'),
    connect("another account's endpoint", `${STRANGERS_ENDPOINT}:443`, '403 TARGET_NOT_ALLOWED'),
    connect('the AWS control plane', 'iot.eu-west-1.amazonaws.com:443', '403 TARGET_NOT_ALLOWED'),
    connect('a listed host, port 22', `${data}:22`, '403 PORT_NOT_ALLOWED'),
    connect("the node's own admin port", `127.0.0.1:${place.ports.admin.number}`, '403 TARGET_NOT_ALLOWED'),
    connect('instance metadata', '169.254.169.254:80', '403 TARGET_NOT_ALLOWED'),
    connect('an IPv6 literal', '[::1]:443', '403 TARGET_NOT_ALLOWED'),
    connect('127.0.0.1 as a number', '2130706433:443', '403 TARGET_NOT_ALLOWED'),
    connect('a listed host as a suffix', `${data}.example.com:443`, '403 TARGET_NOT_ALLOWED'),
    connect('a target without a port', data, '400 TARGET_MALFORMED'),
  ];
}

function forms(place: Place, door: Door): Case[] {
  const { host } = place.aws.data;
  const raw = (what: string, text: string, expected: string): Case => ({ door: 'connect', what, expected, run: () => sayRaw(door, text) });
  return [
    raw('a Host that names another target', connectHead(`${host}:443`, 'example.com:443'), '400 HOST_MISMATCH'),
    raw('a plain request for a web page', 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', '405 METHOD_NOT_ALLOWED'),
    raw('a space before the colon of a field', `CONNECT ${host}:443 HTTP/1.1\r\nHost : ${host}:443\r\n\r\n`, '400 HEAD_MALFORMED'),
    raw('SSH', 'SSH-2.0-OpenSSH_9.2\r\n', '400 HEAD_MALFORMED'),
    raw('bytes of no protocol', '\x00\x01\x02\x03', 'closed'),
    {
      door: 'connect',
      what: 'SSH inside an allowed tunnel',
      expected: 'alert unrecognized_name',
      run: () => bytesInTunnel(door, `${host}:443`, 'SSH-2.0-OpenSSH_9.2\r\n'),
    },
  ];
}

function hellos(place: Place, door: Door, ca: string): Case[] {
  const { host } = place.aws.data;
  const inner = (what: string, hello: Parameters<typeof helloInTunnel>[2], expected: string): Case => ({
    door: 'connect',
    what,
    expected,
    run: () => helloInTunnel(door, `${host}:443`, { ca, ...hello }),
  });
  const outer = (what: string, hello: Parameters<typeof helloAtDoor>[1], expected: string): Case => ({
    door: 'sni',
    what,
    expected,
    run: () => helloAtDoor(door, { ca, ...hello }),
  });
  return [
    inner("TLS for another account's endpoint inside an allowed tunnel", { servername: STRANGERS_ENDPOINT }, 'alert unrecognized_name'),
    inner('TLS without a server name inside an allowed tunnel', { servername: '' }, 'alert unrecognized_name'),
    inner('TLS for another protocol inside an allowed tunnel', { servername: host, ALPNProtocols: ['smtp'] }, 'alert unrecognized_name'),
    outer('TLS for a host that is not listed', { servername: 'example.com' }, 'alert unrecognized_name'),
    outer("TLS for another account's endpoint", { servername: STRANGERS_ENDPOINT }, 'alert unrecognized_name'),
    outer('TLS for another protocol', { servername: host, ALPNProtocols: ['smtp'] }, 'alert unrecognized_name'),
  ];
}

function gatewayRequests(door: Door, ca: string): Case[] {
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  const upgrade = (path: string, more = ''): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${GATEWAY}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: mqtt\r\n${more}\r\n`;
  const ask = (what: string, text: string, expected: string): Case => ({
    door: 'gateway',
    what,
    expected,
    run: () => sayRaw(door, text, { servername: GATEWAY, ca }),
  });
  return [
    ask('a path that AWS IoT does not serve', upgrade('/'), '404 NOT_FOUND'),
    ask('an Origin that is not ours', upgrade('/mqtt', 'Origin: https://evil.example\r\n'), '403 ORIGIN_NOT_ALLOWED'),
    ask('an upgrade without a key', upgrade('/mqtt').replace(/Sec-WebSocket-Key: .*\r\n/, ''), '400 UPGRADE_INVALID'),
    ask('an unsigned upgrade', upgrade('/mqtt'), '403 from AWS'),
    {
      door: 'connect-tls',
      what: 'a host that is not listed',
      expected: '403 TARGET_NOT_ALLOWED',
      run: () => sayRaw(door, connectHead('example.com:443'), { servername: PROXY, ca }),
    },
  ];
}
