// What is said to the client of a WebSocket before a planned end. A tunnel of bytes has nothing to say it with but its FIN.

import { FrameReader, GOING_AWAY, renderCloseFrame } from '../wire/websocket-frames.ts';
import type { Farewell } from './relay.ts';

/** The code of a refusal, so that an agent that logs it leads to the same page. */
const GOODBYE = renderCloseFrame(GOING_AWAY, 'DRAINING');

/**
 * Follows the frames towards the client. In the middle of one there is no place for another, and waiting for its end would leave the pace of
 * a drain to the upstream: then nothing is said, and the client sees the connection closed.
 */
export class WebSocketFarewell implements Farewell {
  readonly #frames = new FrameReader();

  passed(bytes: Buffer): void {
    this.#frames.passed(bytes);
  }

  words(): Buffer | null {
    return this.#frames.isBetweenFrames && !this.#frames.hasClosed ? GOODBYE : null;
  }
}
