// Every bound of the stand-in, with where it comes from. "Guide" is the Route 53 developer guide, "API" its API reference.

/** Guide, quotas: requests per second of a whole account. */
export const REQUESTS_PER_SECOND = 5;
/** Guide, quotas. */
export const CHECKS_MAX = 200;
/** API, ChangeResourceRecordSets: ResourceRecord elements in a batch, an UPSERT counted twice. */
export const BATCH_RECORDS_MAX = 1_000;
/** The same: characters of all values, an UPSERT counted twice. */
export const BATCH_CHARACTERS_MAX = 32_000;
/** Guide, quotas: records of one name and type that are chosen by weight, or as multivalue answers. */
export const GROUP_MAX = 100;
/** API, ListResourceRecordSets and ListHealthChecks: what a page may hold, and holds where nothing is said. */
export const RECORDS_PER_PAGE = 300;
export const CHECKS_PER_PAGE = 100;
export const TAGGED_AT_ONCE = 10;
export const REFERENCE_CHARACTERS_MAX = 64;
/** AWS signature: how old or early a request may be. */
export const SKEW_MS = 300_000;
/** A request body far beyond any batch that is taken. */
export const BODY_BYTES_MAX = 1_048_576;
/** API, GetChange: changes are everywhere "usually within 60 seconds". */
export const PROPAGATION_MS = 30_000;

/** Guide, multivalue answers. */
export const MULTIVALUE_MAX = 8;

/** Guide, how health is determined: more than this share of the checkers. */
export const HEALTHY_ABOVE = 0.18;
/** API, HealthCheckRegion: where checkers are. */
export const REGIONS = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
] as const;
/** Guide: with 30 s an endpoint is asked about every 2 s, so there are about 15 checkers. */
export const CHECKERS_PER_REGION = 2;
/** Guide, how health is determined. */
export const CONNECT_TIMEOUT_MS = 4_000;
export const STATUS_TIMEOUT_MS = 2_000;
export const BODY_TIMEOUT_MS = 2_000;
export const TCP_TIMEOUT_MS = 10_000;
export const SEARCHED_BYTES = 5_120;

/** RFC 1035 section 4.2.1: without EDNS. */
export const UDP_BYTES_MAX = 512;
/** RFC 7766 section 6.2.3: an idle connection may be closed after a few seconds. */
export const TCP_IDLE_MS = 10_000;
