import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AWS_LIMITS } from '../limits.ts';
import { isPublishable, isSubscribable, isTopicFilter, isTopicName, matchesFilter } from './topics.ts';

for (const [filter, topic, expected] of [
  ['a/b', 'a/b', true],
  ['a/b', 'a/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['a/+', 'a/', true],
  ['+', 'a', true],
  ['+/+', '/a', true],
  ['#', 'a/b', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a/', true],
  ['a/#', 'a', false],
  ['#', '$aws/things/x/shadow/get/accepted', false],
  ['+/things/#', '$aws/things/x', false],
  ['$aws/things/+/shadow/#', '$aws/things/x/shadow/get/accepted', true],
] as const) {
  test(`matchesFilter: ${filter} ${expected ? 'matches' : 'does not match'} ${topic}`, () => {
    assert.equal(matchesFilter(filter, topic), expected);
  });
}

for (const [topic, expected] of [
  ['a', true],
  ['', false],
  ['a/+', false],
  ['a#', false],
  ['a\0', false],
  ['1/2/3/4/5/6/7/8', true],
  ['1/2/3/4/5/6/7/8/9', false],
  ['$aws/rules/r/1/2/3/4/5/6/7/8', true],
  ['x'.repeat(256), true],
  ['x'.repeat(257), false],
  ['é'.repeat(129), false],
] as const) {
  test(`isTopicName: ${topic.slice(0, 40)} (${topic.length}) is ${expected}`, () => assert.equal(isTopicName(topic, AWS_LIMITS), expected));
}

for (const [filter, expected] of [
  ['a/+/b', true],
  ['#', true],
  ['a/#/b', false],
  ['a#', false],
  ['a+/b', false],
  ['', false],
] as const) {
  test(`isTopicFilter: ${filter} is ${expected}`, () => assert.equal(isTopicFilter(filter, AWS_LIMITS), expected));
}

for (const [topic, publishable, subscribable] of [
  ['a/b', true, true],
  ['$aws/things/x/shadow/update', true, true],
  ['$aws/things/x/shadow/name/n/get', true, true],
  ['$aws/things/x/shadow/update/accepted', false, true],
  ['$aws/rules/r/topic', true, false],
  ['$SYS/broker', false, false],
  ['$share/g/a', false, false],
] as const) {
  test(`${topic}: publishable ${publishable}, subscribable ${subscribable}`, () => {
    assert.deepEqual([isPublishable(topic), isSubscribable(topic)], [publishable, subscribable]);
  });
}
