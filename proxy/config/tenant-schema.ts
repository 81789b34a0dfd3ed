// One entry of `tenants`, in the file or in a file of its own.

import * as z from 'zod';
import { certificateText, distinct, label, range, sha256, wholeNumber } from './fields.ts';

/** One in use and the one that comes next. */
const TOKENS_MAX = 2;

const certificate = z.strictObject({
  commonName: certificateText().optional().meta({ description: 'The subject’s common name. A certificate with several has none.' }),
  san: certificateText().optional().meta({ description: 'A DNS name, URI or mail address of the subject alternative name.' }),
  fingerprints: z
    .array(sha256())
    .min(1)
    .check((context) => distinct(context.value, context))
    .optional()
    .meta({ description: 'SHA-256 of the certificate in DER, one for each that is in use.' }),
});

export const tenant = z.strictObject({
  id: label().meta({ description: 'This tenant in records and metrics, and the user of Basic.' }),
  tokens: z
    .array(sha256())
    .min(1)
    .max(TOKENS_MAX)
    .check((context) => distinct(context.value, context))
    .optional()
    .meta({ description: 'SHA-256 of a token, as `pinhole token ID` prints it; two while one is replaced.' }),
  certificate: certificate
    .optional()
    .meta({ description: 'A client certificate, on doors with TLS that ends here. One of the three keys.' }),
  sources: z
    .array(range())
    .min(1)
    .check((context) => distinct(context.value, context))
    .optional()
    .meta({ description: 'Where a tenant with token or certificate has to come from. One with neither is known by them alone.' }),
  sniBySource: z.boolean().prefault(false).meta({
    description: 'Lets a tenant with token or certificate use the `sni` door by its sources alone, which has no room for either.',
  }),
  endpoints: z
    .array(label())
    .min(1)
    .check((context) => distinct(context.value, context))
    .optional()
    .meta({ description: 'Names of entries under `endpoints`. For this tenant there are no others.' }),
  limits: z
    .strictObject({
      tunnels: wholeNumber(1, 10_000_000).optional().meta({ description: 'Open tunnels. Beyond: `TENANT_TUNNELS_FULL`.' }),
      opensPerSecond: wholeNumber(1, 100_000).optional().meta({ description: 'Tunnels opened per second. Beyond: `TENANT_RATE_LIMITED`.' }),
    })
    .prefault({})
    .meta({ description: 'Of this tenant, on the whole node. Absent: those of the node alone.' }),
});
