/** The text of a shadow request -> what it asks, or the rejection that AWS gives. Guide, "Device Shadow error messages". Pure. */

import { isDeeperThan, isObject, type Json, type JsonObject, SECTIONS, type StateChange } from './document.ts';

export interface ShadowRequest {
  readonly clientToken: string | undefined;
  readonly version: number | undefined;
  /** Empty for `get` and `delete`. */
  readonly change: StateChange;
}

export interface Rejection {
  readonly code: number;
  readonly message: string;
  readonly clientToken?: string;
}

export type ReadRequest = { readonly ok: true; readonly request: ShadowRequest } | { readonly ok: false; readonly rejection: Rejection };

export interface ShadowLimits {
  readonly shadowBytesMax: number;
  readonly shadowDepthMax: number;
}

const CLIENT_TOKEN_BYTES_MAX = 64;

export function readShadowRequest(operation: string, payload: Buffer, limits: ShadowLimits): ReadRequest {
  const reject = (code: number, message: string, clientToken?: string): ReadRequest => ({
    ok: false,
    rejection: { code, message, ...(clientToken === undefined ? {} : { clientToken }) },
  });

  if (payload.length > limits.shadowBytesMax) return reject(413, 'The payload exceeds the maximum size allowed');
  const body = parseBody(payload, operation);
  if (body === 'encoding') return reject(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  if (body === undefined) return reject(400, 'Invalid JSON');

  const { clientToken, version, state } = body;
  if (clientToken !== undefined && (typeof clientToken !== 'string' || Buffer.byteLength(clientToken) > CLIENT_TOKEN_BYTES_MAX)) {
    return reject(400, 'Invalid clientToken');
  }
  if (version !== undefined && (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0)) {
    return reject(400, 'Invalid version', clientToken);
  }
  if (operation !== 'update') return { ok: true, request: { clientToken, version, change: {} } };

  const problem = checkState(state, limits.shadowDepthMax);
  if (problem) return reject(400, problem, clientToken);
  return { ok: true, request: { clientToken, version, change: state as StateChange } };
}

/** `get` and `delete` may come with nothing at all. */
function parseBody(payload: Buffer, operation: string): JsonObject | 'encoding' | undefined {
  if (payload.length === 0 && operation !== 'update') return {};
  try {
    const body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as Json;
    return isObject(body) ? body : undefined;
  } catch (error) {
    return error instanceof SyntaxError ? undefined : 'encoding';
  }
}

function checkState(state: Json | undefined, depthMax: number): string | undefined {
  if (state === undefined) return 'Missing required node: state';
  if (!isObject(state)) return 'State node must be an object';
  if (Object.keys(state).some((key) => !SECTIONS.some((section) => section === key))) return 'State contains an invalid node';
  for (const section of SECTIONS) {
    const value = state[section];
    const label = section === 'desired' ? 'Desired' : 'Reported';
    if (value === undefined || value === null) continue;
    if (!isObject(value)) return `${label} node must be an object`;
    if (isDeeperThan(value, depthMax)) return `JSON contains too many levels of nesting; maximum is ${depthMax}`;
  }
  return undefined;
}
