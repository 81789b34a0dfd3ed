/**
 * The endpoint names that the stand-in answers to, and what they say: a region.
 * AWS IoT Developer Guide, "Connect devices to AWS IoT": `<prefix>-ats.iot.<region>.amazonaws.com` for data,
 * `<prefix>.credentials.iot.<region>.amazonaws.com` for the credential provider; the two prefixes differ.
 */

export interface EndpointNames {
  readonly data: string;
  readonly credentials: string;
}

export const DEFAULT_NAMES: EndpointNames = {
  data: 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com',
  credentials: 'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com',
};

/** Reads the region out of a data endpoint's name; throws on a name that has none, since every ARN needs one. */
export function regionOf(host: string): string {
  const match = /\.iot\.([a-z]{2,5}(?:-[a-z]+)+-[0-9]+)\.amazonaws\.com(?:\.cn)?$/.exec(host);
  if (!match?.[1]) throw new Error(`${host}: expected a name like ${DEFAULT_NAMES.data}`);
  return match[1];
}

/** The names a server certificate carries, as AWS's own do: the wildcard that covers the host, and the name below it. */
export function certificateNames(host: string): string[] {
  const parent = host.slice(host.indexOf('.') + 1);
  return [`*.${parent}`, parent];
}
