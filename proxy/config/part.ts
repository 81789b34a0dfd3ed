// One map of a file, read as far as it can be read.

import type * as z from 'zod';

/** A map of the file. A key that is wrong is undefined here: its problem is known already. */
export interface Part<T> {
  readonly entry: { readonly [K in keyof T]?: T[K] | undefined };
  /** False where any key of it is wrong: what is absent may then only be misspelt. */
  readonly isWhole: boolean;
}

export function partOf<S extends z.ZodObject>(schema: S, value: unknown): Part<z.output<S>> {
  const fields = Object.entries<z.ZodType>(schema.shape).map(([key, field]) => {
    const result = field.safeParse(fieldOf(value, key));
    return [key, result.success ? result.data : undefined];
  });
  return { entry: Object.fromEntries(fields) as Part<z.output<S>>['entry'], isWhole: schema.safeParse(value).success };
}

export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}
