// A proxy auto-configuration file: for machines whose programs go by one. Only the listed endpoints of AWS IoT go to the proxy; whatever else
// a machine does is left alone. In the JavaScript of 1999, since that is what some of its readers know (WinHTTP among them).

import { isInUse } from './judge.ts';
import type { AddressList } from './list.ts';
import { hostAndPort, inOrder } from './sheet-words.ts';

/** `endpoints` are host names of AWS IoT in lower case. */
export function renderPac(list: AddressList, endpoints: readonly string[]): string {
  const { fleet, proxy, issued } = list;
  // The name first: DNS knows of nodes that are down. The addresses behind it serve where DNS does not answer.
  const places = [
    proxy.host,
    ...inOrder(list.addresses)
      .filter(isInUse)
      .map(({ address }) => address),
  ];
  const answer = places.map((place) => `PROXY ${hostAndPort(place, proxy.port)}`).join('; ');
  return `// Proxy of ${fleet} for its devices' endpoints of AWS IoT; issued ${issued}.
function FindProxyForURL(url, host) {
  var endpoints = ${JSON.stringify(endpoints)};
  var name = host.toLowerCase();
  for (var i = 0; i < endpoints.length; i += 1) {
    if (name === endpoints[i]) return ${JSON.stringify(answer)};
  }
  return "DIRECT";
}
`;
}
