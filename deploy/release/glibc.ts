// Which C library a shared object needs at least: the names of the versions that it was linked to are in it as text.

/** `2.34`. Throws where it names none: then it is no such object. */
export function oldestGlibc(object: Buffer): string {
  const named = object.toString('latin1').matchAll(/GLIBC_(\d+\.\d+)/g);
  const versions = [...named].map(([, version = '']) => version).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error('the engine names no version of glibc');
  return newest;
}
