// What one run looks at, with every file read: made by main.ts from options, list and DNS.

import type { ProxyAddress } from '../addresses.ts';
import type { Clock } from '../clock.ts';
import type { Door, ProxyTls } from '../doors.ts';
import type { Question } from './sight.ts';

export interface Plan {
  /** Each with the name that its certificate has to carry. */
  readonly addresses: readonly ProxyAddress[];
  readonly doors: readonly Door[];
  /** Null: that door is not looked at. */
  readonly gateway: string | null;
  readonly endpoint: string;
  readonly ca: string | undefined;
  readonly proxyTls: ProxyTls;
  readonly device: DevicePlan | null;
  /** The site’s own proxy, where the environment names one. */
  readonly siteProxy: { readonly host: string; readonly port: number } | null;
  readonly idleMs: number | null;
  readonly question: Question;
}

export interface DevicePlan {
  readonly cert: string;
  readonly key: string;
  readonly clientId: string;
  readonly role: RolePlan | null;
}

export interface RolePlan {
  readonly credentialsEndpoint: string;
  readonly roleAlias: string;
  readonly thing: string;
  readonly region: string;
}

export interface Deps {
  readonly clock: Clock;
}

/** Every door is for this port: AWS IoT serves all that the doctor asks for on it. */
export const ENDPOINT_PORT = 443;

/**
 * Key shares of OpenSSL before 3.5: a hello of about 300 bytes. What a large one meets is a check of its own, and the others must not fail with it.
 */
export const SMALL_GROUPS = 'X25519:P-256:P-384';
