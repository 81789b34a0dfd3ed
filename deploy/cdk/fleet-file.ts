// FLEET.yaml of a deployment. It is written from the stage and the addresses that were made; one that is there keeps all that operators put
// into it, weights above all: a deployment adds slots, and changes nothing else. Pure.

import { type Document, isMap, isSeq, parseDocument, stringify, type YAMLMap } from 'yaml';
import { ADMIN_PORT, adminName } from './names.ts';
import type { AddressOf } from './node-file.ts';
import type { Slot, Stage } from './stage.ts';

export type FleetText = { readonly text: string; readonly added: readonly string[] } | { readonly problems: readonly string[] };

export function newFleetFile(stage: Stage, addressOf: AddressOf): string {
  const head = { name: stage.name, zone: stage.zone.id, owner: stage.owner, ...stage.written.fleet };
  const slots = stage.slots.map((slot) => entryOf(stage, slot, addressOf(slot)));
  return (
    `# The fleet ${stage.prefix}. Weights and roles are changed here, by you: a deployment adds slots and changes nothing else.\n` +
    `${stringify(head)}slots:\n${slots.map(renderEntry).join('')}`
  );
}

/** The file with the stage's new slots behind its own; problems where the two contradict each other. */
export function extendFleetFile(stage: Stage, addressOf: AddressOf, before: string): FleetText {
  const document = parseDocument(before);
  if (document.errors.length > 0) return { problems: [`FLEET.yaml is not valid YAML: ${document.errors[0]?.message ?? ''}`] };
  const there = entriesIn(document);
  const problems = [...contradictions(stage, document), ...stage.slots.flatMap((slot) => movedAddress(slot, addressOf(slot), there))];
  for (const id of there.keys()) {
    if (!stage.slots.some((slot) => slot.id === id))
      problems.push(`${id} is in FLEET.yaml and not in the stage: drain it and take it out of FLEET.yaml, or put it back into the stage`);
  }
  if (problems.length > 0) return { problems };

  const added = stage.slots.filter(({ id }) => !there.has(id));
  if (added.length === 0) return { text: before, added: [] };
  // As text, so that what operators wrote stays as they wrote it, comments included.
  const lines = added.map((slot) => renderEntry(entryOf(stage, slot, addressOf(slot)))).join('');
  if (!endsWithSlots(document)) return { problems: [`put these lines under slots: of FLEET.yaml, which is not its last key:\n${lines}`] };
  return { text: `${before.replace(/\n*$/, '\n')}${lines}`, added: added.map(({ id }) => id) };
}

function entryOf(stage: Stage, { id, role }: Slot, address: string): Record<string, unknown> {
  if (stage.shape === 'nlb') return { id, address };
  const admin = { admin: `http://${adminName(id)}:${ADMIN_PORT}`, token: 'file:admin.token' };
  return { id, address, ...(role === 'spare' ? { role } : {}), ...admin };
}

function renderEntry(entry: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(entry).map(([key, value]) => `${key}: ${JSON.stringify(value).replace(/^"([\w./-]+)"$/, '$1')}`);
  return `  - { ${pairs.join(', ')} }\n`;
}

function entriesIn(document: Document): Map<string, YAMLMap> {
  const slots = document.get('slots');
  const maps = isSeq(slots) ? slots.items.filter((item) => isMap(item)) : [];
  return new Map(maps.map((map) => [String(map.get('id')), map]));
}

function contradictions(stage: Stage, document: Document): string[] {
  const wanted = { name: [stage.name], zone: [stage.zone.id, stage.zone.name], owner: [stage.owner] };
  return Object.entries(wanted).flatMap(([key, values]) => {
    const written = String(document.get(key));
    return values.includes(written) ? [] : [`${key} is ${written} in FLEET.yaml and ${values[0]} in the stage: another fleet's file`];
  });
}

/** Customers have it in their firewalls: a published address is never exchanged in passing. */
function movedAddress({ id }: Slot, address: string, there: ReadonlyMap<string, YAMLMap>): string[] {
  const written = there.get(id)?.get('address');
  if (written === undefined || written === address) return [];
  return [
    `${id} has ${String(written)} in FLEET.yaml and ${address} in the outputs: a published address does not change; give the new one a slot of its own`,
  ];
}

function endsWithSlots({ contents }: Document): boolean {
  if (!isMap(contents)) return false;
  const last = contents.items.at(-1);
  const flow = isSeq(last?.value) && last.value.flow === true;
  return String(last?.key) === 'slots' && !flow;
}
