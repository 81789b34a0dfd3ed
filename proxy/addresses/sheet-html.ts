// The list as one page for a firewall admin: what to allow, why, what is inside, and what will change. It loads nothing and runs nothing, so
// that it can be mailed, printed and put on any web server.

import type { AddressList, AddressState, PublishedAddress } from './list.ts';
import { changesAhead, hostAndPort, inOrder } from './sheet-words.ts';

const STATES: Readonly<Record<AddressState, string>> = {
  active: 'in use',
  standby: 'stands by; takes over when another fails',
  announced: 'not in use yet',
  retiring: 'on its way out',
};

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p, ul { margin: .4rem 0; } ul { padding-left: 1.2rem; }
.rule { border: 2px solid; border-radius: .4rem; padding: .6rem .9rem; margin: 1rem 0; font-size: 1.1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
code { font: .95em ui-monospace, monospace; background: var(--soft); padding: .05rem .25rem; border-radius: .2rem; overflow-wrap: anywhere; }
td code { white-space: nowrap; overflow-wrap: normal; }
footer { margin-top: 1.4rem; border-top: 1px solid var(--line); padding-top: .5rem; font-size: .87rem; }
@page { size: A4; margin: 14mm; }
@media print { body { font-size: 12px; margin: 0; max-width: none; } h2 { margin: .9rem 0 .3rem; } }`;

/** `stem` is what the files beside this one begin with. */
export function renderHtml(list: AddressList, stem: string): string {
  const { fleet, proxy, issued, expires, addresses } = list;
  const title = escape(`Firewall rule for ${fleet}`);
  const place = escape(hostAndPort(proxy.host, proxy.port));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}
</style>
<h1>${title}</h1>
<p>The devices of ${escape(fleet)} on your site report to AWS IoT Core through the proxy <code>${place}</code>.</p>
<p class="rule">Allow <b>outbound TCP to port ${proxy.port}</b> of the addresses below. Nothing has to be let in, and no other port.</p>
<table>
<tr><th>Address</th><th>Is</th><th>Your firewall</th></tr>
${inOrder(addresses).map(renderRow).join('\n')}
</table>
${renderChanges(list)}
<h2>Why these</h2>
<p>AWS changes the addresses of AWS IoT without notice, so a rule for them cannot be kept. These addresses are fixed. The proxy connects to the
listed AWS IoT endpoints of one operator and to nothing else; whoever asks it for another target is refused.</p>
<h2>What is inside</h2>
<ul>
<li>MQTT and HTTPS between device and AWS, inside TLS 1.2 or 1.3. The TLS ends at AWS, and the proxy cannot read it; only where a device
comes to the proxy's own WebSocket name does it end there, and begins anew towards AWS.</li>
<li>Before that the device says <code>CONNECT name:443</code> in clear or inside TLS with the proxy, or begins TLS at once.</li>
<li>TLS inspection on the way breaks it: devices check AWS's certificate. Please except these addresses from inspection.</li>
<li>Connections stay open for days. There is a sign of life every 60 s, so an idle limit of two minutes or more is fine.</li>
</ul>
<h2>How it changes</h2>
<p>${renderPolicy(list)}</p>
<h2>To check</h2>
<ul>
<li>From inside, for each address: <code>curl -sS --connect-timeout 5 http://ADDRESS:${proxy.port}/ready</code> prints <code>ready</code>.</li>
<li>For machines: <code>https://${place}/.well-known/pinhole/addresses.json</code>, signed and with the digest of this page; one
address a line: <code>${escape(stem)}.txt</code>.</li>
<li>With the operator's public key, which you asked for by another way: <code>pinhole addresses verify --list ${escape(stem)}.json --key FILE.pub</code></li>
</ul>
<footer>Issued ${escape(issued)}, good until ${escape(expires)}.${list.contact === undefined ? '' : ` Questions: ${escape(list.contact)}.`}</footer>
</html>
`;
}

function renderRow({ address, state, date = '' }: PublishedAddress): string {
  const asks = {
    active: 'allows it',
    standby: 'allows it now',
    announced: `allows it before ${date}`,
    retiring: `allows it until ${date}, and removes it then`,
  };
  return `<tr><td><code>${escape(address)}</code></td><td>${STATES[state]}</td><td>${escape(asks[state])}</td></tr>`;
}

function renderChanges(list: AddressList): string {
  const changes = changesAhead(list);
  if (changes.length === 0) return '<h2>Next changes</h2>\n<p>None is planned.</p>';
  const items = changes.map(
    ({ date, address, what }) => `<li><b>${escape(date)}</b>: ${what} this day: <code>${escape(address)}</code></li>`,
  );
  return `<h2>Next changes</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function renderPolicy({ notice, expires }: AddressList): string {
  const ahead = notice === undefined ? 'ahead' : `at least ${notice} days ahead`;
  return `An address is put on this page ${ahead} of its first use, and marked for removal ${ahead} of its last. A new page comes before
${escape(expires.slice(0, 10))} even if nothing changes.`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
