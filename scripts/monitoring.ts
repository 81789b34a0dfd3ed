// Writes the rules of Prometheus and the dashboard of Grafana, from the tables in the code:
//   ./node_modules/.bin/node scripts/monitoring.ts
// A test fails where either is out of date.

import { writeFileSync } from 'node:fs';
import { renderDashboard } from '../deploy/monitoring/dashboard.ts';
import { renderRules } from '../deploy/monitoring/rules.ts';

writeFileSync(new URL('../deploy/monitoring/pinhole.rules.yaml', import.meta.url), renderRules());
writeFileSync(new URL('../deploy/monitoring/pinhole.dashboard.json', import.meta.url), renderDashboard());
