// The k6-operator's TestRun for a target: k6's own way to many machines (execution segments, one a pod), and what has to be there before it.
// Text only.

export interface ManifestInput {
  readonly name: string;
  readonly beginsMs: number;
  readonly endsMs: number;
  readonly machines: number;
  /** Processes of k6 a machine; each is a pod, since none holds more sockets than one process may. */
  readonly generators: number;
  readonly proxy: string;
  readonly k6Version: string;
  /** Roots that k6 trusts instead of its image's; null: those. */
  readonly caFile: string | null;
  /** Absolute: k6 takes a path from the folder of its script otherwise. */
  readonly planFile: string;
  readonly script: string;
}

export interface Manifest {
  /** For kubectl. */
  readonly yaml: string;
  /** For whoever calls it: what the manifest names has to be made first. */
  readonly steps: string;
}

const ROOTS = { folder: '/etc/pinhole-loadtest', file: 'roots.pem' } as const;

/** Names of objects in Kubernetes: lower case, digits and hyphens (RFC 1123). */
const objectName = (name: string): string => `pinhole-loadtest-${name.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`;

/** The script comes as k6's own archive, since it has modules beside it; the plan is in it. */
export function manifestOf(input: ManifestInput): Manifest {
  const object = objectName(input.name);
  return { yaml: yamlOf(input, object), steps: stepsOf(input, object) };
}

/** Fields of k6-operator's TestRun (grafana.com/docs/k6, "Configure a TestRun"). */
function yamlOf({ machines, generators, proxy, k6Version, caFile }: ManifestInput, object: string): string {
  const env = (key: string, value: string): string => `      - { name: ${key}, value: ${JSON.stringify(value)} }\n`;
  const roots = `${env('SSL_CERT_FILE', `${ROOTS.folder}/${ROOTS.file}`)}    volumes:
      - { name: roots, configMap: { name: ${object}-roots } }
    volumeMounts:
      - { name: roots, mountPath: ${ROOTS.folder} }
`;
  return `apiVersion: k6.io/v1alpha1
kind: TestRun
metadata:
  name: ${object}
spec:
  parallelism: ${machines * generators}
  script:
    configMap: { name: ${object}, file: archive.tar }
  runner:
    image: grafana/k6:${k6Version.replace(/^v/, '')}
    env:
${env('HTTP_PROXY', proxy)}${env('HTTPS_PROXY', proxy)}${env('K6_NO_USAGE_REPORT', 'true')}${caFile === null ? '' : roots}`;
}

function stepsOf({ beginsMs, endsMs, caFile, planFile, script }: ManifestInput, object: string): string {
  const [begins, ends] = [beginsMs, endsMs].map((ms) => new Date(ms).toISOString());
  return `The plan is in ${planFile}; its agents begin at ${begins} and close at ${ends}.
Before the manifest is applied:
  k6 archive -e PLAN=${quoted(planFile)} -O archive.tar ${quoted(script)}
  kubectl create configmap ${object} --from-file=archive.tar
${caFile === null ? '' : `  kubectl create configmap ${object}-roots --from-file=${ROOTS.file}=${quoted(caFile)}\n`}`;
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
