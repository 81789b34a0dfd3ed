// How a node is, in a word and its tone.

/** @param {any} status @returns {[tone: string, word: string]} */
export function stateOf(status) {
  if (status.drain) return ['doubt', status.drain.phase];
  if (!status.ready) return ['bad', 'not ready'];
  return status.degraded ? ['doubt', 'degraded'] : ['good', 'ready'];
}
