// One VU: its agents, one timer for whichever is due next, a pacer for those that are to dial, and a tick a second.

import exec from 'k6/execution';
import { Agent } from '../shared/agent.ts';
import type { AgentPlan } from '../shared/agent-plan.ts';
import { cadenceOf } from '../shared/cadence.ts';
import type { Now } from '../shared/fine-clock.ts';
import { Pacer } from '../shared/pacer.ts';
import { endsAtMs, lastEndMs, numbersOf, opensAtMs } from '../shared/schedule.ts';
import { encodeTick } from '../shared/tick.ts';
import { Wakes } from '../shared/wakes.ts';
import { Wanted } from '../shared/wanted.ts';
import { vuClock } from './clock.ts';
import { Member, type Company } from './member.ts';
import { isCanary, measure } from './metrics.ts';
import { Seen, type Saw } from './seen.ts';

/** 1.5 times it a broker waits for a silent agent (MQTT 3.1.1 section 3.1.2.10); AWS IoT takes 1,200 s at most. */
const KEEP_ALIVE_SECONDS_MAX = 1_200;
/** A VU that began later than this has not kept the plan from its start. */
const LATE_MS = 500;
const WORDS_MAX = 5;

/** Whose moment has come: an agent that wants to be woken, one whose time in the run is over, or the second. */
type Due = { readonly member: Member; readonly isEnd: boolean } | 'second';

export class Vu {
  readonly #plan: AgentPlan;
  /** From 1 on. */
  readonly #id: number;
  readonly #writesTicks: boolean;
  /** The iteration ends when no timer is set any more; the seconds see to it that none is set for long. */
  readonly #lastMs: number;
  readonly #now: Now = vuClock();
  readonly #seen = new Seen();
  readonly #wakes = new Wakes<Due>();
  readonly #pacer: Pacer<Member>;
  readonly #members: readonly Member[];
  /** For when the timer is set that counts; one set before it for later finds that it is not the one. */
  #timerMs = Infinity;
  readonly #wanted: Wanted;
  /** Connections that stand or are on the way. */
  #standing = 0;
  #unexplained = 0;

  constructor(plan: AgentPlan, id: number, writesTicks: boolean) {
    this.#plan = plan;
    this.#id = id;
    this.#writesTicks = writesTicks;
    this.#lastMs = lastEndMs(plan) + 1_000;
    this.#pacer = new Pacer(plan, id - 1);
    const company = this.#company();
    const numbers = numbersOf(plan, id - 1);
    this.#members = numbers.map((number) => this.#member(number, company));
    this.#wanted = new Wanted(plan, numbers);
  }

  begin(): void {
    const lateMs = this.#now() - this.#plan.beginsMs;
    // They begin together: one speaks for all of its process.
    if (lateMs > LATE_MS && exec.vu.idInInstance === 1)
      console.warn(`k6 began ${Math.round(lateMs)} ms behind the plan: it needs more time to start`);
    for (const member of this.#members) {
      this.#queue(member);
      this.#wakes.add({ atMs: endsAtMs(this.#plan, member.number), who: { member, isEnd: true } });
    }
    this.#awaitSecond();
    this.#arm();
  }

  #member(number: number, company: Company): Member {
    const { backoff, clientIdPrefix, work } = this.#plan;
    const agent = new Agent({
      opensAtMs: opensAtMs(this.#plan, number),
      cadence: cadenceOf(this.#plan, number, Math.random),
      stayMs: work.kind === 'opens' ? work.staySeconds * 1_000 : null,
      backoff,
      random: Math.random,
    });
    return new Member(number, `${clientIdPrefix}${number}`, agent, company);
  }

  #company(): Company {
    const { url, work } = this.#plan;
    return {
      url,
      keepAliveSeconds: work.kind === 'ping' ? Math.min(KEEP_ALIVE_SECONDS_MAX, Math.ceil(work.everySeconds)) : KEEP_ALIVE_SECONDS_MAX,
      messageBytes: work.kind === 'messages' ? work.bytes : null,
      now: this.#now,
      saw: (member, saw) => this.#saw(member, saw),
      moved: (member) => {
        this.#queue(member);
        this.#arm();
      },
      unexplained: (words) => {
        this.#unexplained += 1;
        if (this.#unexplained <= WORDS_MAX) console.warn(`VU ${this.#id}: an open failed with words that have no reason: ${words}`);
      },
    };
  }

  /** Each moment of an agent is in the heap once; a later one does not take an earlier one out, which then wakes nobody. */
  #queue(member: Member): void {
    const { wakeMs } = member.agent;
    if (wakeMs === member.queuedMs) return;
    member.queuedMs = wakeMs;
    if (wakeMs < Infinity) this.#wakes.add({ atMs: wakeMs, who: { member, isEnd: false } });
  }

  /** Nothing is cleared: where a timer of k6's is due already, clearing it makes another one run in its place, too early. */
  #arm(): void {
    const atMs = Math.min(this.#wakes.first?.atMs ?? Infinity, this.#pacer.atMs);
    if (atMs >= this.#timerMs) return;
    this.#timerMs = atMs;
    setTimeout(() => this.#run(atMs), Math.max(0, atMs - this.#now()));
  }

  #run(atMs: number): void {
    if (atMs !== this.#timerMs) return;
    const nowMs = this.#now();
    // What this round does itself needs no timer.
    this.#timerMs = -Infinity;
    for (let due = this.#wakes.take(nowMs); due !== undefined; due = this.#wakes.take(nowMs)) this.#serve(due.who, nowMs);
    for (let member = this.#pacer.next(nowMs); member !== undefined; member = this.#pacer.next(nowMs)) member.wake(nowMs, this.#hasRoom);
    this.#timerMs = Infinity;
    if (nowMs < this.#lastMs) this.#arm();
    // A VU that is late comes to its last second before its last closes, and nobody would hear of these.
    else this.#tell(nowMs);
  }

  #serve(due: Due, nowMs: number): void {
    if (due === 'second') return this.#second(nowMs);
    const { member, isEnd } = due;
    if (isEnd) return member.end(nowMs);
    if (member.agent.isToDial(nowMs)) this.#pacer.enter(member, member.agent.wakeMs, nowMs);
    else member.wake(nowMs);
  }

  get #hasRoom(): boolean {
    return this.#plan.work.kind !== 'opens' || this.#standing < this.#plan.tunnels / this.#plan.vus;
  }

  #awaitSecond(): void {
    this.#wakes.add({ atMs: Math.floor(this.#now() / 1_000) * 1_000 + 1_000, who: 'second' });
  }

  #second(nowMs: number): void {
    this.#tell(nowMs);
    this.#awaitSecond();
  }

  #tell(nowMs: number): void {
    const { at, wanted } = this.#wanted.lastSecond(nowMs);
    const tick = this.#seen.take(at, this.#id, wanted);
    if (this.#writesTicks) console.log(encodeTick(tick));
  }

  #saw(member: Member, saw: Saw): void {
    this.#seen.add(saw);
    if (saw.saw === 'tried') {
      this.#standing += 1;
      this.#pacer.tried(this.#now());
    } else if (saw.saw === 'closed' || saw.saw === 'dropped' || (saw.saw === 'failed' && saw.reason !== 'generator-full'))
      this.#standing -= 1;
    measure(saw, isCanary(member.number, this.#members.length * this.#plan.vus));
  }
}
