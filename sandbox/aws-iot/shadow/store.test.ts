import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AWS_LIMITS } from '../limits.ts';
import { type Operation, parseShadowTopic, ShadowStore } from './store.ts';

const NOW_S = 1_772_600_000;
const T = { timestamp: NOW_S };

function harness(name?: string) {
  const store = new ShadowStore(AWS_LIMITS, () => NOW_S * 1_000 + 999);
  const send = (operation: Operation, body: unknown = '') =>
    store
      .handle({ thing: 'd1', name, operation }, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
      .map(({ topic, body: sent }) => [topic.replace(/^.*\/shadow\//, ''), JSON.parse(JSON.stringify(sent))] as const);
  return { store, send };
}

test('an update is accepted with the metadata of what it sent, a delta and both documents', () => {
  const { send } = harness();
  assert.deepEqual(send('update', { state: { desired: { color: 'red', on: true }, reported: { on: true } }, clientToken: 't1' }), [
    [
      'update/accepted',
      {
        state: { desired: { color: 'red', on: true }, reported: { on: true } },
        metadata: { desired: { color: T, on: T }, reported: { on: T } },
        version: 1,
        clientToken: 't1',
        ...T,
      },
    ],
    [
      'update/documents',
      {
        previous: { state: {}, metadata: {}, version: 0 },
        current: {
          state: { desired: { color: 'red', on: true }, reported: { on: true } },
          metadata: { desired: { color: T, on: T }, reported: { on: T } },
          version: 1,
        },
        clientToken: 't1',
        ...T,
      },
    ],
    ['update/delta', { version: 1, state: { color: 'red' }, metadata: { color: T }, clientToken: 't1', ...T }],
  ]);
});

test('reported as desired: no delta; null removes; get shows what is left', () => {
  const { send } = harness('config');
  send('update', { state: { desired: { a: { b: 1, c: 2 }, list: [1, 2] }, reported: { x: 1 } } });
  const topics = send('update', { state: { reported: { a: { b: 1, c: 2 }, list: [1, 2], x: null } } }).map(([topic]) => topic);
  assert.deepEqual(topics, ['name/config/update/accepted', 'name/config/update/documents']);
  send('update', { state: { desired: null } });
  assert.deepEqual(send('get', { clientToken: 'g' }), [
    [
      'name/config/get/accepted',
      {
        state: { reported: { a: { b: 1, c: 2 }, list: [1, 2] } },
        metadata: { reported: { a: { b: T, c: T }, list: [T, T] } },
        version: 3,
        clientToken: 'g',
        ...T,
      },
    ],
  ]);
});

test('get carries the delta of nested values only', () => {
  const { send } = harness();
  send('update', { state: { desired: { a: { b: 1, c: 2 } }, reported: { a: { b: 1, c: 3 } } } });
  assert.deepEqual(send('get')[0]?.[1].state.delta, { a: { c: 2 } });
});

test('a version that is not current is a conflict, for update and delete', () => {
  const { send } = harness();
  send('update', { state: { reported: { a: 1 } } });
  assert.equal(send('update', { state: { reported: { a: 2 } }, version: 1 })[0]?.[1].version, 2);
  assert.deepEqual(send('update', { state: { reported: { a: 3 } }, version: 1, clientToken: 'c' }), [
    ['update/rejected', { code: 409, message: 'Version conflict', clientToken: 'c', ...T }],
  ]);
  assert.equal(send('delete', { version: 1 })[0]?.[1].code, 409);
});

test('a deleted shadow is not found, and comes back with its version counted on', () => {
  const { send } = harness();
  assert.deepEqual(send('get', { clientToken: 'c' }), [
    ['get/rejected', { code: 404, message: "No shadow exists with name: 'd1'", clientToken: 'c', ...T }],
  ]);
  send('update', { state: { reported: { a: 1 } } });
  assert.deepEqual(send('delete'), [['delete/accepted', { version: 1, ...T }]]);
  assert.equal(send('delete')[0]?.[1].code, 404);
  assert.equal(send('update', { state: { reported: { a: 1 } } })[0]?.[1].version, 2);
});

const deep = (levels: number): object => (levels === 0 ? { x: 1 } : { d: deep(levels - 1) });
for (const [body, code, message] of [
  ['{', 400, 'Invalid JSON'],
  ['', 400, 'Invalid JSON'],
  ['[]', 400, 'Invalid JSON'],
  ['{}', 400, 'Missing required node: state'],
  [{ state: 1 }, 400, 'State node must be an object'],
  [{ state: null }, 400, 'State node must be an object'],
  [{ state: { other: {} } }, 400, 'State contains an invalid node'],
  [{ state: { desired: 1 } }, 400, 'Desired node must be an object'],
  [{ state: { reported: [] } }, 400, 'Reported node must be an object'],
  [{ state: {}, version: 'x' }, 400, 'Invalid version'],
  [{ state: {}, clientToken: 'x'.repeat(65) }, 400, 'Invalid clientToken'],
  [{ state: { desired: deep(8) } }, 400, 'JSON contains too many levels of nesting; maximum is 8'],
  [{ state: { desired: { x: 'y'.repeat(8_192) } } }, 413, 'The payload exceeds the maximum size allowed'],
] as const) {
  test(`update rejects ${JSON.stringify(body).slice(0, 60)}`, () => {
    const [topic, sent] = harness().send('update', body)[0] ?? [];
    assert.deepEqual([topic, sent.code, sent.message], ['update/rejected', code, message]);
  });
}

test('eight levels are taken, and text that is not UTF-8 is refused as such', () => {
  const { send, store } = harness();
  assert.equal(send('update', { state: { desired: deep(7) } })[0]?.[0], 'update/accepted');
  const sent = store.handle({ thing: 'd1', name: undefined, operation: 'update' }, Buffer.from([0x7b, 0xff, 0x7d]))[0]?.body;
  assert.equal((sent as { code: number }).code, 415);
});

test('updates that add up to more than 8 KB are refused and change nothing', () => {
  const { send } = harness();
  send('update', { state: { desired: { a: 'x'.repeat(5_000) } } });
  assert.equal(send('update', { state: { desired: { b: 'x'.repeat(5_000) } } })[0]?.[1].code, 413);
  assert.equal(send('get')[0]?.[1].version, 1);
});

test('keys that every object has are keys like others', () => {
  const { send } = harness();
  send('update', '{"state":{"desired":{"__proto__":{"polluted":1},"constructor":2},"reported":{}}}');
  const state = send('get')[0]?.[1].state;
  assert.deepEqual(Object.keys(state.desired), ['__proto__', 'constructor']);
  assert.deepEqual(Object.keys(state.delta), ['__proto__', 'constructor']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

for (const [topic, expected] of [
  ['$aws/things/d1/shadow/get', { thing: 'd1', name: undefined, operation: 'get' }],
  ['$aws/things/d1/shadow/name/n/update', { thing: 'd1', name: 'n', operation: 'update' }],
  ['$aws/things/d1/shadow/update/accepted', undefined],
  ['$aws/things/d1/shadow/name/n', undefined],
  ['things/d1/shadow/get', undefined],
] as const) {
  test(`parseShadowTopic reads ${topic}`, () => assert.deepEqual(parseShadowTopic(topic), expected));
}
