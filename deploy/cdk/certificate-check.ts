// The public certificate of a stage against the names that agents will dial. Its key is never here.

import type { X509Certificate } from 'node:crypto';
import { parseCertificates } from '../../proxy/config/pem.ts';
import type { Files } from '../../proxy/config/files.ts';
import type { ConfigPath, Report } from '../../proxy/config/problem.ts';
import type { Stage } from './stage.ts';

const AT: ConfigPath = ['certificate', 'file'];
const DAY_MS = 86_400_000;
/** Renewal is a matter of the certificate's secret; a deployment only says that it is near. */
const WARN_DAYS = 21;

export function judgeCertificate(stage: Stage, files: Files, report: Report, nowMs: number): void {
  if (stage.certificate === undefined) return;
  const pem = files.read(stage.certificate.file, AT);
  if (pem === null) return;
  if (/PRIVATE KEY/.test(pem)) report.problem(AT, 'holds a private key: that belongs into the secret, and nowhere else');
  const [certificate] = parseCertificates(pem) ?? [];
  if (certificate === undefined) return report.problem(AT, 'not a certificate in PEM');
  judgeDates(certificate, report, nowMs);
  for (const name of [stage.name, stage.companion, ...stage.node.gateway.map((gateway) => gateway.name)]) {
    if (certificate.checkHost(name) === undefined)
      report.problem(AT, `the certificate is not for ${name}: agents that dial it would refuse`);
  }
}

function judgeDates(certificate: X509Certificate, report: Report, nowMs: number): void {
  const daysLeft = (certificate.validToDate.getTime() - nowMs) / DAY_MS;
  const date = certificate.validToDate.toISOString().slice(0, 10);
  if (daysLeft < 0) report.problem(AT, `the certificate expired on ${date}`);
  else if (daysLeft < WARN_DAYS) report.warning(AT, `the certificate expires on ${date}`);
}
