// Everything that can go wrong with the zone, as one table: docs/fleet.md has the same rows, held equal by a test.

export const TROUBLES = {
  CREDENTIALS_MISSING:
    'no credentials for AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached',
  CREDENTIALS_REFUSED: 'AWS does not take these credentials, or they may not do this',
  ZONE_NOT_FOUND: 'there is no such public hosted zone in this account',
  ZONE_AMBIGUOUS: 'more than one public hosted zone has this name; give its id',
  NAME_OUTSIDE_ZONE: 'the fleet’s name is not below the zone',
  RECORDS_OF_OTHERS: 'records under the fleet’s names are not ours; nothing was changed',
  BATCH_REFUSED: 'Route 53 refused the batch of records; none of them was changed',
  CHANGED_MEANWHILE: 'somebody else changed the zone again and again while we did',
  THROTTLED: 'Route 53 went on asking to be asked less often',
  ZONE_BUSY: 'another change of the zone did not end in time',
  QUOTA_REACHED: 'a quota of the account is used up',
  NETWORK_LOST: 'Route 53 could not be reached',
  API_FAILED: 'Route 53 answered with an error',
} as const satisfies Readonly<Record<string, string>>;

export type TroubleCode = keyof typeof TROUBLES;

export class FleetTrouble extends Error {
  override readonly name = 'FleetTrouble';
  readonly code: TroubleCode;

  /** `detail`: what was tried, on what, and what came back. */
  constructor(code: TroubleCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${TROUBLES[code]} (${detail})`, options);
    this.code = code;
  }
}
