// Opening tunnels on a machine that has much to do: its event loops are late, and a node refuses some of the new tunnels for that. That is no matter
// of a test that wants them open. The reason is also that of `limits.opensPerSecond`: where that stays so, the last answer is the test's.

const BUSY = 'HTTP/1.1 503 NODE_RATE_LIMITED';

const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;

/** What `open` gives, tried again as long as the first line of its answer is that one. */
export async function unlessBusy<Opened>(open: () => Promise<Opened>, answerOf: (opened: Opened) => string): Promise<Opened> {
  const giveUp = performance.now() + PATIENCE_MS;
  for (;;) {
    const opened = await open();
    if (answerOf(opened) !== BUSY || performance.now() > giveUp) return opened;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
