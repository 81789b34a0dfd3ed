// Waits for something for no longer than until Ctrl-C.

/** Rejects with the signal's reason, an AbortError, as soon as it comes; what was waited for goes on, and is for others to end. */
export async function untilStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  // Whoever is stopped hears no more of it.
  work.catch(() => {});
  const { promise, reject } = Promise.withResolvers<never>();
  const heard = (): void => reject(stop.reason as Error);
  stop.addEventListener('abort', heard, { once: true });
  if (stop.aborted) heard();
  try {
    return await Promise.race([work, promise]);
  } finally {
    stop.removeEventListener('abort', heard);
  }
}
