// What the words of a command come to.

export type Parsed<Options> =
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly problem: string }
  | { readonly kind: 'run'; readonly options: Options };

/** `read` gives null where help is asked for, and throws an error in words for whoever typed them. */
export function parsed<Options>(read: () => Options | null): Parsed<Options> {
  try {
    const options = read();
    return options === null ? { kind: 'help' } : { kind: 'run', options };
  } catch (error) {
    return { kind: 'problem', problem: (error as Error).message };
  }
}
