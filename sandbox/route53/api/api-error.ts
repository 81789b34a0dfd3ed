// What the API answers when it does not do what it was asked. The codes are Route 53's own; each has its status.

const STATUS = {
  AccessDenied: 403,
  HealthCheckAlreadyExists: 409,
  HealthCheckVersionMismatch: 409,
  HostedZoneAlreadyExists: 409,
  IncompleteSignature: 403,
  InvalidChangeBatch: 400,
  InvalidClientTokenId: 403,
  InvalidInput: 400,
  InvalidDomainName: 400,
  MissingAuthenticationToken: 403,
  NoSuchChange: 404,
  NoSuchHealthCheck: 404,
  NoSuchHostedZone: 404,
  PriorRequestNotComplete: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  Throttling: 400,
  TooManyHealthChecks: 400,
  UnknownOperation: 404,
} as const;

export type ApiCode = keyof typeof STATUS;

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiCode;
  readonly status: number;

  constructor(code: ApiCode, message: string) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
  }
}

/** Route 53 puts the problems of a batch into brackets, with commas between. */
export function batchError(problems: readonly string[]): ApiError {
  return new ApiError('InvalidChangeBatch', `[${problems.join(', ')}]`);
}
