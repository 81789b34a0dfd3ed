// The admin API, for the rest of the page. The token is kept in this page alone, until it is closed.

/** @type {string | null} */
let token = null;

/** An answer that is none, with the words to show. */
export class Refused extends Error {
  /** @param {number} status @param {string} words */
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

/** @param {string} text */
export function keepToken(text) {
  token = text;
}

export function forgetToken() {
  token = null;
}

/**
 * @param {string} path
 * @param {Record<string, string | number | boolean | null>} [query] without what is null
 * @returns {Promise<any>}
 */
export async function get(path, query = {}) {
  const words = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  const behind = words.length === 0 ? '' : `?${new URLSearchParams(words)}`;
  return read(await fetch(path + behind, { cache: 'no-store' }));
}

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export async function post(path, body) {
  /** @type {Record<string, string>} */
  const headers = { 'Content-Type': 'application/json', 'Pinhole-Actor': 'page' };
  if (token !== null) headers['Authorization'] = `Bearer ${token}`;
  return read(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

/** @param {Response} response */
async function read(response) {
  const value = await response.json().catch(() => null);
  if (response.ok) return value;
  throw new Refused(response.status, value?.error ?? `the node answers ${response.status}`);
}
