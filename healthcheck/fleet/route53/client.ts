// The SDK's client, set up for this use. Endpoint and credentials come from where the SDK always looks: AWS_ENDPOINT_URL_ROUTE_53, profiles,
// roles.

import { Route53Client } from '@aws-sdk/client-route-53';

/** Signing wants a region; Route 53 itself is global, and this is where its API lives (in the partitions of China and GovCloud: set yours). */
const REGION = 'us-east-1';
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 15_000;

export function createClient(env: Readonly<Record<string, string | undefined>>): Route53Client {
  return new Route53Client({
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? REGION,
    // Tries are counted and paced in caller.ts, within the budget of the account.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: ANSWER_TIMEOUT_MS, throwOnRequestTimeout: true },
  });
}
