// What the name of an EC2 instance type says. No list of types: new ones come every month, and their names follow one form.

export type Architecture = 'arm64' | 'x64';

/** `c7g.large`: family letters, generation, attributes, size (EC2 user guide, instance type naming). */
const FORM = /^([a-z]+?(?:-[a-z0-9]+)?)([0-9]+)([a-z-]*)\.[a-z0-9-]+$/;

/** Families on the Xen hypervisor, by family and generation; the list is closed, for nothing new is built on it (EC2, Nitro System). */
const XEN = new Set('c1 c3 c4 cc2 cr1 d2 f1 g2 g3 h1 hs1 i2 i3 m1 m2 m3 m4 p2 p3 r3 r4 t1 t2 x1'.split(' '));

export interface InstanceType {
  readonly architecture: Architecture;
  readonly isNitro: boolean;
}

/** Null where the name has another form. */
export function readInstanceType(name: string): InstanceType | null {
  const match = FORM.exec(name);
  if (match === null) return null;
  const [, family = '', generation = '', attributes = ''] = match;
  // A `g` behind the generation is Graviton; a1 is the first of it and has none.
  const isGraviton = /g/.test(attributes) || (family === 'a' && generation === '1');
  return { architecture: isGraviton ? 'arm64' : 'x64', isNitro: !XEN.has(`${family}${generation}`) };
}
