// Asks the carriers of a generation which of their tunnels a configuration would close, and waits for what they say.

import type { Clock } from '../core/clock.ts';
import type { CarrierSurvey, SurveyAnswer } from '../core/supervision.ts';
import type { Member } from './hand-out.ts';

/** Fifty thousand tunnels and ten thousand tenants take a carrier less than a second, and it has other things to do. */
export const SURVEY_MS = 15_000;
/** A carrier of a version that does not know the question says nothing either. */
const SILENT = `it did not say within ${SURVEY_MS / 1_000} s`;

interface Asked {
  readonly turn: number;
  readonly answers: Map<string, SurveyAnswer['survey']>;
  readonly members: readonly Member[];
  readonly done: () => void;
}

export class Surveying {
  readonly #clock: Clock;
  readonly #generation: number;
  #turn = 0;
  #asked: Asked | null = null;

  constructor(clock: Clock, generation: number) {
    this.#clock = clock;
    this.#generation = generation;
  }

  /** One at a time. Never rejects. */
  async ask(members: readonly Member[], file: string): Promise<CarrierSurvey[]> {
    const turn = ++this.#turn;
    const answers = new Map<string, SurveyAnswer['survey']>();
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(SURVEY_MS, resolve);
      const done = (): void => (cancel(), resolve());
      this.#asked = { turn, answers, members, done };
      for (const member of members) member.tell({ type: 'survey', turn, file });
      this.#look();
    });
    this.#asked = null;
    return members.map(({ who }) => {
      const said = answers.get(who) ?? SILENT;
      const about = { generation: this.#generation, who };
      return typeof said === 'string' ? { ...about, survey: null, why: said } : { ...about, survey: said, why: null };
    });
  }

  heard(who: string, { turn, survey }: SurveyAnswer): void {
    if (turn !== this.#asked?.turn) return;
    this.#asked.answers.set(who, survey);
    this.#look();
  }

  died(who: string): void {
    if (!this.#asked) return;
    this.#asked.answers.set(who, 'it died meanwhile, and its tunnels with it');
    this.#look();
  }

  #look(): void {
    const { answers, members, done } = this.#asked ?? {};
    if (members?.every(({ who }) => answers?.has(who))) done?.();
  }
}
