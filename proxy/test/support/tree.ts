import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with its closing slash. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Every file of the repository by its path from the root; nothing of installed packages, of dot folders, or of what a run leaves. */
export function listFiles(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every TypeScript file, and the manifest, by path. */
export function readTree(): Map<string, string> {
  return new Map(
    listFiles()
      .filter((path) => path.endsWith('.ts') || path === 'package.json')
      .map((path) => [path, readText(path)]),
  );
}
