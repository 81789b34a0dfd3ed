// The alerts as a file of rules for Prometheus. Pure.

import { stringify } from 'yaml';
import { type Alert, ALERTS, RECORDINGS, runbookOf } from './alerts.ts';

const HEAD = `# Made by scripts/monitoring.ts from deploy/monitoring/alerts.ts: change it there, or say otherwise in a file of your own.
# The scrape job of a fleet is named pinhole, or begins so. What to do: docs/runbooks.md. How to use this: docs/metrics.md.
`;

export function renderRules(): string {
  const groups = [
    { name: 'pinhole-budget', rules: RECORDINGS },
    { name: 'pinhole', rules: ALERTS.map(ruleOf) },
  ];
  return `${HEAD}${stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function ruleOf(alert: Alert): object {
  const { name, severity, expr, forS, summary, does } = alert;
  return {
    alert: name,
    expr,
    ...(forS === undefined ? {} : { for: `${forS}s` }),
    labels: { severity },
    annotations: { summary, description: does, runbook: runbookOf(alert) },
  };
}
