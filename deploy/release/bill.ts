// The bill of materials of a release, in the form of CycloneDX 1.6: the packages as npm installed them, the Node that they are for, and our own
// engine. Nothing in it depends on when, where or by whom it was made.

/** An entry of node_modules/.package-lock.json: what npm put there. */
export interface InstalledPackage {
  readonly version?: string;
  readonly name?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

export interface Bill {
  readonly version: string;
  readonly commit: string;
  /** By path, such as `node_modules/ws`. */
  readonly packages: Readonly<Record<string, InstalledPackage>>;
  readonly node: { readonly version: string; readonly sha256: string };
  readonly engine: { readonly file: string; readonly sha256: string };
}

interface Component {
  readonly 'bom-ref': string;
  readonly [field: string]: unknown;
}

export function renderBill({ version, commit, packages, node, engine }: Bill): string {
  const root = { type: 'application', 'bom-ref': `pinhole@${version}`, name: 'pinhole', version, licenses: licensesOf('Apache-2.0') };
  const components = [...librariesOf(packages), nodeComponent(node), engineComponent(version, engine)];
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...root, pedigree: { commits: [{ uid: commit }] } } },
    components,
    dependencies: [{ ref: root['bom-ref'], dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(bill, null, 1)}\n`;
}

/** Throws where one of them cannot be told from another of the same name: without a checksum it may be anything. */
function librariesOf(packages: Bill['packages']): Component[] {
  const found = new Map<string, Component>();
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || entry.link === true) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const digest = /^sha512-(.+)$/.exec(entry.integrity ?? '')?.[1];
    if (entry.version === undefined || digest === undefined) throw new Error(`${path}: npm noted no version or no sha512 for it`);
    const ref = `pkg:npm/${name.replace('@', '%40')}@${entry.version}`;
    found.set(ref, {
      type: 'library',
      'bom-ref': ref,
      name,
      version: entry.version,
      purl: ref,
      licenses: licensesOf(entry.license),
      hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    });
  }
  return [...found.values()].toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
}

/** One SPDX id, or an expression of several. A package that states none is said to. */
function licensesOf(license: string | undefined): readonly object[] {
  if (license === undefined) return [{ license: { name: 'NOASSERTION' } }];
  return /[ (]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

function nodeComponent({ version, sha256 }: Bill['node']): Component {
  const purl = `pkg:generic/node@${version}`;
  return { type: 'platform', 'bom-ref': purl, name: 'node', version, purl, hashes: [{ alg: 'SHA-256', content: sha256 }] };
}

function engineComponent(version: string, { file, sha256 }: Bill['engine']): Component {
  return { type: 'file', 'bom-ref': `engine@${version}`, name: file, version, hashes: [{ alg: 'SHA-256', content: sha256 }] };
}
