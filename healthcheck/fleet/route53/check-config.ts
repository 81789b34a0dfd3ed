// A health check in the API's words and in ours. Pure.

import type { HealthCheckConfig } from '@aws-sdk/client-route-53';
import type { CheckConfig } from '../desired.ts';

const TYPES: ReadonlySet<string> = new Set(['HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH', 'TCP']);

export function toApi(config: CheckConfig): HealthCheckConfig {
  return {
    ...changeableToApi(config),
    Type: config.type,
    RequestInterval: config.intervalS,
  };
}

/** What UpdateHealthCheck takes. What is null is not among it: none of our checks goes from having a path to having none. */
export function changeableToApi(config: CheckConfig) {
  return {
    IPAddress: config.address,
    Port: config.port,
    FailureThreshold: config.threshold,
    Inverted: config.inverted,
    Disabled: config.disabled,
    ...(config.path === null ? {} : { ResourcePath: config.path }),
    ...(config.search === null ? {} : { SearchString: config.search }),
    ...(config.host === null ? {} : { FullyQualifiedDomainName: config.host }),
    ...(config.type.startsWith('HTTPS') ? { EnableSNI: config.sni } : {}),
  };
}

/** Null for kinds of check that we never make: calculated ones, and those by domain name or by an alarm. */
export function fromApi(config: HealthCheckConfig | undefined): CheckConfig | null {
  if (config === undefined || !TYPES.has(config.Type ?? '') || config.IPAddress === undefined) return null;
  return {
    type: config.Type as CheckConfig['type'],
    address: config.IPAddress,
    port: config.Port ?? 0,
    path: config.ResourcePath ?? null,
    search: config.SearchString ?? null,
    host: config.FullyQualifiedDomainName ?? null,
    intervalS: config.RequestInterval ?? 30,
    threshold: config.FailureThreshold ?? 3,
    // Said of other kinds too, where it means nothing.
    sni: config.Type?.startsWith('HTTPS') === true && config.EnableSNI === true,
    inverted: config.Inverted ?? false,
    disabled: config.Disabled ?? false,
  };
}
