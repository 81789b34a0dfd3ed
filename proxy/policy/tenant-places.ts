// Which place in the ledger of tenants is whose: the same in every carrier, and the same through every change of the file, so that the tunnels of
// a tenant that was taken out and put back again are still its own.

/** As many tenants as a node may have, and room for those that were taken out. */
export const TENANT_PLACES = 65_536;

/**
 * Ids by place for these tenants, after a configuration with the places `before`. An id that is gone keeps its place as long as there is another
 * for whoever is new.
 */
export function assignPlaces(ids: readonly string[], before: readonly string[]): string[] {
  const places = [...before];
  const known = new Set(before);
  const fresh = ids.filter((id) => !known.has(id));
  const free = Math.min(fresh.length, TENANT_PLACES - places.length);
  places.push(...fresh.slice(0, free));
  if (free < fresh.length) reusePlaces(places, fresh.slice(free), new Set(ids));
  return places;
}

function reusePlaces(places: string[], fresh: readonly string[], wanted: ReadonlySet<string>): void {
  let next = 0;
  for (const [place, id] of places.entries()) {
    if (next === fresh.length) return;
    if (!wanted.has(id)) places[place] = fresh[next++] ?? '';
  }
}
