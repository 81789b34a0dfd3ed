// What a chart is, as data: charts.ts makes them of a summary, draw.mjs draws them.

import type { Line } from '../series.ts';

export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What it shows, and how to read it. */
  readonly caption: string;
  readonly x: { readonly label: string; readonly values: readonly number[]; readonly isTime: boolean };
  readonly y: { readonly label: string; readonly isLog: boolean; readonly fromZero: boolean };
  readonly lines: readonly ChartLine[];
  readonly marks: readonly ChartMark[];
  /** Why there is nothing to draw; null where there is. */
  readonly missing: string | null;
}

export interface ChartLine {
  readonly label: string;
  readonly values: Line;
  /** Of the palette in page.css. */
  readonly colour: number;
  readonly look: 'solid' | 'dashed' | 'points';
}

export interface ChartMark {
  readonly at: number;
  readonly words: string;
}

/** Colours that page.css has; the last is a grey, for what was asked for. */
const COLOURS = 9;
export const GREY = COLOURS - 1;

/** The n-th thing of a list, when it may be any number of them. */
export function colourOf(index: number): number {
  return index % GREY;
}

export function hasValues(lines: readonly Pick<ChartLine, 'values'>[]): boolean {
  return lines.some(({ values }) => values.some((value) => value !== null));
}
