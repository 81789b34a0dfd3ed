import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNode, aSnapshot } from './testing/snapshots.ts';
import { overDraw, renderAgents, renderFrame, type ViewPlace } from './view.ts';

const PLACE: ViewPlace = {
  title: 'a fleet',
  commands: [{ command: 'kill -9 PID', does: 'a node dies' }],
  startAgain: (slot) => `./pinhole serve -c ${slot}.yaml`,
};

test('a frame has a line for each node, why it is as it is, and how a dead one is started again', () => {
  const nodes = [
    aNode('eu-1a', { state: 'degraded', concerns: ['our certificate expires in 9 days'] }),
    aNode('eu-1b', { state: 'dead', ready: null, inDns: false, healthy: false, tunnels: null, pid: null, generation: null, version: null }),
    aNode('eu-1c', { state: 'draining', drain: 'closing' }),
  ];
  const frame = renderFrame(aSnapshot({ nodes }), [], PLACE).join('\n');
  assert.match(frame, /^eu-1a +127\.0\.0\.11 +degraded +in +100 +healthy +4 +0 +1 +0\.1\.0 +100$/m);
  assert.match(frame, /^eu-1b +127\.0\.0\.11 +dead +out +100 +unhealthy +- +0 +- +- +-$/m);
  assert.match(frame, /^eu-1c .* draining \(closing\) /m);
  assert.match(frame, /^ {2}eu-1a: our certificate expires in 9 days$/m);
  assert.match(frame, /^ {2}\.\/pinhole serve -c eu-1b\.yaml +starts eu-1b again$/m);
  assert.doesNotMatch(frame, /serve -c eu-1a/);
});

test('an agent that is away is shown with what it met, and many agents by the slots they go over', () => {
  const [agent] = aSnapshot().agents;
  assert.ok(agent);
  const away = { ...agent, over: null, trouble: 'proxy-tcp: ECONNREFUSED' };
  assert.match(
    renderAgents([agent, away]).join('\n'),
    /1 of 2 connected \(eu-1a 1\), 2 reconnects\n.*\n.*\n.* away: proxy-tcp: ECONNREFUSED/,
  );
  const many = renderAgents([...Array<typeof agent>(30).fill(agent), away]);
  assert.equal(many.length, 2);
  assert.match(many.join('\n'), /30 of 31 connected \(eu-1a 30\), 31 reconnects\n.*longest last outage: 300 ms/);
});

test('a frame goes over the one before, and is cut to the terminal', () => {
  const lines = ['one', 'a line that is too long', 'three', 'four'];
  const first = overDraw(lines, 0, { columns: 10, rows: 4 });
  assert.deepEqual(first, { text: '\x1b[0Jone\na line tha\nthree\n', lines: 3 });
  assert.equal(overDraw(lines, first.lines, { columns: 80, rows: 24 }).text, `\x1b[3A\r\x1b[0J${lines.join('\n')}\n`);
});
