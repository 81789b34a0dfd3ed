// What the probe and the rig say to each other over the pipe that fork made. Types only.

import type { ProbeSeen } from '../run-record.ts';
import type { ProbePlan } from '../rig/parts.ts';

export type ProbeSettings = ProbePlan;

export type ProbeOrder = { readonly order: 'stop' };

/** Each second, and a last time when it is stopped. */
export type ProbeWord = { readonly word: 'seen'; readonly seen: ProbeSeen };
