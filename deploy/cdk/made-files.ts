// What a stage makes, a node's file and FLEET.yaml, is read here as the node and `fleet` will read it, so that their mistakes are found
// before anything is deployed, and are said of the line of the stage that they come from.

import { loadConfig, type Problem } from '../../proxy/config/load.ts';
import { loadFleet } from '../../healthcheck/fleet/load.ts';
import type { ConfigPath, Report } from '../../proxy/config/problem.ts';
import { newFleetFile } from './fleet-file.ts';
import { ETC } from './names.ts';
import { type AddressOf, poolNodeFile, slotNodeFile } from './node-file.ts';
import type { Stage } from './stage.ts';
import { makeStandInPair } from './stand-in-pair.ts';

/** RFC 5737: addresses of nobody, until AWS has given some. */
const exampleAddress = (stage: Stage): AddressOf => {
  return (slot) => `203.0.113.${stage.slots.findIndex(({ id }) => id === slot.id) + 1}`;
};

/** Of a node that has room: what this machine could hold says nothing about the one that is deployed. */
const MACHINE = { cores: 2, nofile: 1_048_576, uid: 1_000 };

/** Parameter Store, advanced tier. */
export const NODE_FILE_BYTES_MAX = 8_192;
/** What addresses, as CloudFormation puts them in, may be longer than the examples here. */
const BYTES_PER_ADDRESS = 4;

export function judgeMade(stage: Stage, report: Report): void {
  const addressOf = exampleAddress(stage);
  const [first] = stage.slots;
  if (first === undefined) return;
  const text = stage.shape === 'slots' ? slotNodeFile(stage, first, addressOf) : poolNodeFile(stage, addressOf);
  judgeSize(stage, text, report);
  judgeNode(stage, text, report);
  const fleet = loadFleet(newFleetFile(stage, addressOf), `${ETC}/FLEET.yaml`, {}, () => 'token');
  if ('problems' in fleet) for (const problem of fleet.problems) report.problem(placeInStage(problem, 'fleet'), wordsOf(problem));
}

function judgeSize(stage: Stage, text: string, report: Report): void {
  const bytes = Buffer.byteLength(text) + stage.slots.length * BYTES_PER_ADDRESS;
  if (bytes > NODE_FILE_BYTES_MAX)
    report.problem(['node'], `makes a node's file of ${bytes} bytes: Parameter Store takes ${NODE_FILE_BYTES_MAX}; list fewer endpoints`);
}

function judgeNode(stage: Stage, text: string, report: Report): void {
  const names = [stage.name, stage.companion, ...stage.node.gateway.map(({ name }) => name)];
  const pair = stage.certificate === undefined ? null : makeStandInPair(names);
  const files = new Map([
    [`${ETC}/admin.token`, 'token'],
    [`${ETC}/tls/fullchain.pem`, pair?.certificate ?? ''],
    [`${ETC}/tls/key.pem`, pair?.key ?? ''],
  ]);
  // The address list is signed elsewhere, and is not here.
  const judged = text.replace(/^addresses: .*\n/m, '');
  const readFile = (path: string): string => {
    const found = files.get(path);
    if (found === undefined) throw Object.assign(new Error('not on a node'), { code: 'not on a node: give what it holds here' });
    return found;
  };
  const loaded = loadConfig(judged, `${ETC}/pinhole.yaml`, {}, readFile, MACHINE);
  if ('problems' in loaded) for (const problem of loaded.problems) report.problem(placeInStage(problem, 'node'), wordsOf(problem));
  else for (const warning of loaded.warnings) report.warning(placeInStage(warning, 'node'), wordsOf(warning));
}

/** The path of a made file's problem, as it stands in the stage. */
function placeInStage({ path }: Problem, below: 'node' | 'fleet'): ConfigPath {
  const steps = [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  const [head] = steps;
  if (below === 'fleet' && (head === 'name' || head === 'zone')) return [head];
  if (below === 'fleet' && head === 'slots') return ['addresses', ...steps.slice(1)];
  return [below, ...steps];
}

function wordsOf({ path, message }: Problem): string {
  return path === '' ? message : `${message} (${path} of the file that is made)`;
}
