// The form of one command's entry in the table: what `--help`, docs/cli.md, shell completion and the reading of its words are all made of.

/** What a shell offers for a value: one of these words, a kind of file, or what only a running node knows. */
export type Completes = readonly string[] | 'file' | 'folder' | 'tenants' | 'tunnels';

export interface Option {
  /** One letter. */
  readonly short?: string;
  readonly long: string;
  /** What its value is called, in capitals; without it takes none. */
  readonly value?: string;
  readonly isRepeated?: true;
  readonly words: string;
  readonly completes?: Completes;
}

export interface Exit {
  readonly code: number;
  readonly when: string;
}

export interface Command {
  readonly name: string;
  /** What follows `pinhole`, one line for each way to call it. */
  readonly calls: readonly string[];
  /** A few words for the list of commands. */
  readonly does: string;
  /** Paragraphs. */
  readonly about: readonly string[];
  readonly options: readonly Option[];
  readonly exits: readonly Exit[];
  /** Words that it takes besides options; without it takes none. */
  readonly words?: { readonly name: string; readonly isRepeated?: true; readonly completes?: Completes };
  /** The page of docs/ that has more. */
  readonly page?: string;
  /** A program of its own, which reads and prints by itself: this entry is held equal to what that prints. */
  readonly isElsewhere?: true;
}

export const HELP_OPTION: Option = { short: 'h', long: 'help', words: 'this text' };
export const JSON_OPTION: Option = { long: 'json', words: 'print one JSON object' };
export const CONFIG_OPTION: Option = { short: 'c', long: 'config', value: 'FILE', words: 'the configuration', completes: 'file' };

/** Which node is meant. */
export const NODE_OPTIONS: readonly Option[] = [
  { ...CONFIG_OPTION, words: 'the node’s configuration file, to find its runtime folder' },
  { long: 'runtime', value: 'DIR', words: 'the node’s runtime folder', completes: 'folder' },
];

/** How a command that operates a node ends, where there is no more to say of it. */
export const NODE_EXITS: readonly Exit[] = [
  { code: 0, when: 'the node answered' },
  { code: 1, when: 'no node answers' },
  { code: 64, when: 'the command line is wrong, or more than one node runs here' },
];
