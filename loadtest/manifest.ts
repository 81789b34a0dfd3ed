// The k6-operator's TestRun for a target: k6's own way to many machines (execution segments, one a pod). Text only.

import type { AgentPlan } from './shared/agent-plan.ts';

export interface ManifestInput {
  readonly name: string;
  readonly plan: AgentPlan;
  readonly parallelism: number;
  readonly proxy: string;
  readonly k6Version: string;
}

/** Names of objects in Kubernetes: lower case, digits and hyphens (RFC 1123). */
const objectName = (name: string): string => `pinhole-loadtest-${name.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`;

/** `kubectl apply -f -`. The script comes as k6's own archive, since it has modules beside it. */
export function renderManifest({ name, plan, parallelism, proxy, k6Version }: ManifestInput): string {
  const object = objectName(name);
  const env = (key: string, value: string): string => `      - { name: ${key}, value: ${JSON.stringify(value)} }\n`;
  return `# k6-operator, one pod a share of ${plan.tunnels} agents. First, in loadtest/, with the plan of this file beside it:
#   k6 archive -e PLAN=plan.json -O archive.tar k6/agents.ts
#   kubectl create configmap ${object} --from-file=archive.tar
# The plan has its moments in it: begin ${new Date(plan.beginsMs).toISOString()}, close ${new Date(plan.endsMs).toISOString()}.
# ${JSON.stringify(plan)}
apiVersion: k6.io/v1alpha1
kind: TestRun
metadata:
  name: ${object}
spec:
  parallelism: ${parallelism}
  script:
    configMap: { name: ${object}, file: archive.tar }
  runner:
    image: grafana/k6:${k6Version.replace(/^v/, '')}
    env:
${env('HTTP_PROXY', proxy)}${env('HTTPS_PROXY', proxy)}${env('K6_NO_USAGE_REPORT', 'true')}`;
}
