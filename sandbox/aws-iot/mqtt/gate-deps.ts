/** What a gate is given. */

import type { Limits } from '../limits.ts';
import type { Registry } from '../registry.ts';
import type { Broker } from './broker.ts';
import type { SessionBook } from './session-book.ts';

export interface GateDeps {
  readonly broker: Broker;
  readonly sessions: SessionBook;
  readonly registry: Registry;
  readonly limits: Limits;
  readonly log: (line: string) => void;
}
