/**
 * The four calls of the `reflect-metadata` polyfill that tsyringe, a dependency of @peculiar/x509, asks for at load.
 * It keeps a table per class, nothing more. Import it before @peculiar/x509. Stands aside if a real polyfill is there.
 */

type Table = Map<unknown, unknown>;
const tables = new WeakMap<object, Table>();

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const table: Table = tables.get(target) ?? new Map();
  tables.set(target, table.set(key, value));
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return tables.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const table = tables.get(at);
    if (table?.has(key)) return table.get(key);
  }
  return undefined;
}

/** What TypeScript's own decorators emit: `Reflect.metadata('design:paramtypes', [...])` on a class. */
function metadata(key: unknown, value: unknown): (target: object) => void {
  return (target) => defineMetadata(key, value, target);
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { defineMetadata, getMetadata, getOwnMetadata, metadata });
