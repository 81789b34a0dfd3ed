// Health checks as the API writes them. Pure.

import { CHECK_TYPES, type CheckConfig, type CheckType, type CheckUpdate, type HealthCheck } from '../health-check-book.ts';
import { ApiError } from './api-error.ts';
import { childOf, type Content, listOf, textOf, type Xml } from './xml.ts';

export function checkToXml({ id, callerReference, version, config }: HealthCheck): Content {
  return {
    Id: id,
    CallerReference: callerReference,
    HealthCheckConfig: {
      IPAddress: config.address,
      Port: config.port,
      Type: config.type,
      ResourcePath: config.path,
      FullyQualifiedDomainName: config.host,
      SearchString: config.search,
      RequestInterval: config.intervalS,
      FailureThreshold: config.threshold,
      MeasureLatency: config.measureLatency,
      Inverted: config.inverted,
      Disabled: config.disabled,
      EnableSNI: config.enableSni,
      Regions: config.regions.length === 0 ? undefined : { Region: config.regions },
    },
    HealthCheckVersion: version,
  };
}

export function configFromXml(xml: Xml | undefined): CheckConfig {
  const type = textOf(xml, 'Type') ?? '';
  if (!(CHECK_TYPES as readonly string[]).includes(type))
    throw new ApiError('InvalidInput', `This stand-in knows no health checks of type ${type}`);
  const isHttps = type.startsWith('HTTPS');
  return {
    address: '',
    port: isHttps ? 443 : 80,
    threshold: 3,
    inverted: false,
    disabled: false,
    regions: [],
    // Guide: for HTTPS the server name is sent unless it is switched off. Route 53 says false of the other kinds.
    enableSni: isHttps,
    ...updateFromXml(xml),
    type: type as CheckType,
    intervalS: wholeNumber(xml, 'RequestInterval') ?? 30,
    measureLatency: textOf(xml, 'MeasureLatency') === 'true',
  };
}

/** Only what is said. */
export function updateFromXml(xml: Xml | undefined): CheckUpdate {
  const regions = childOf(xml, 'Regions');
  const reset = new Set(listOf(xml, 'ResetElements').map(({ text }) => text));
  const said = {
    address: textOf(xml, 'IPAddress'),
    port: wholeNumber(xml, 'Port'),
    path: textOf(xml, 'ResourcePath'),
    search: textOf(xml, 'SearchString'),
    host: textOf(xml, 'FullyQualifiedDomainName'),
    threshold: wholeNumber(xml, 'FailureThreshold'),
    inverted: truth(xml, 'Inverted'),
    disabled: truth(xml, 'Disabled'),
    enableSni: truth(xml, 'EnableSNI'),
    regions: regions?.children.map(({ text }) => text),
  };
  const change = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  if (reset.has('ResourcePath')) change['path'] = undefined;
  if (reset.has('FullyQualifiedDomainName')) change['host'] = undefined;
  if (reset.has('Regions')) change['regions'] = [];
  return change as CheckUpdate;
}

export function wholeNumber(xml: Xml | undefined, name: string): number | undefined {
  const text = textOf(xml, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new ApiError('InvalidInput', `Value '${text}' at '${name}' is no number`);
  return Number(text);
}

function truth(xml: Xml | undefined, name: string): boolean | undefined {
  const text = textOf(xml, name);
  if (text !== undefined && text !== 'true' && text !== 'false')
    throw new ApiError('InvalidInput', `Value '${text}' at '${name}' is no boolean`);
  return text === undefined ? undefined : text === 'true';
}
