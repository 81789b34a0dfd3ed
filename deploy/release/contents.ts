// Which files of the source tree a release has: what a node and `pinhole fleet` run, and what puts them on a host. No test, nothing that only
// developers use, and no stand-in.

const PLACES = ['pinhole', 'LICENSE', 'proxy/', 'healthcheck/', 'schema/', 'deploy/host/'];

/** What building it needs besides; it is gone before the release is packed. */
const SCAFFOLD = ['.npmrc', 'package-lock.json', 'scripts/build-native.ts'];

/** The same as proxy/test/support/layer-table.ts says of what only tests use, held equal by a test. */
const TESTS = /\.test\.ts$|(^|\/)(test|testing)\/|(^|\/)test-support\.ts$/;

/** Paths from the root, with slashes. */
export function isShipped(path: string): boolean {
  return PLACES.some((place) => path === place || (place.endsWith('/') && path.startsWith(place))) && !TESTS.test(path);
}

/** What the doctor's one file is made of. */
export function isOfDoctor(path: string): boolean {
  return isScaffold(path) || (path.startsWith('agent/') && !TESTS.test(path));
}

/** npm holds the lock against the manifest of every workspace, also of those that it does not install. */
export function isScaffold(path: string): boolean {
  return SCAFFOLD.includes(path) || (/(^|\/)package\.json$/.test(path) && !path.includes('node_modules/'));
}

/** What a manifest says for a release: the packages that came along, and nothing that `npm` would still do something about. */
export function releaseManifest(manifest: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = ['name', 'version', 'description', 'license', 'private', 'type', 'engines', 'dependencies'];
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => kept.includes(key)));
}
