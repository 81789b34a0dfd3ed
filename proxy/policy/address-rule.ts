// May this address be dialled? Precedence: the floor, then the endpoint's own ranges, then the class. The floor holds in every
// mode and whatever an operator accepts. Pins do not come here: they state an answer by hand.

import { type BlockList, isIP } from 'node:net';
import type { CheckMode } from '../core/settings.ts';
import { type AddressClass, classifyAddress, embeddedAddresses, mappedAddress } from './address-class.ts';
import { isInRanges } from './ranges.ts';

export { type AddressClass, classifyAddress } from './address-class.ts';

const FLOOR: ReadonlySet<AddressClass> = new Set(['loopback', 'unspecified', 'link-local', 'metadata', 'multicast', 'own', 'invalid']);

export interface AddressVerdict {
  readonly allow: boolean;
  /** Refused in every mode and whatever is accepted; one such address refuses the whole answer it came in. */
  readonly floor: boolean;
  readonly class: AddressClass;
  /** What `report` would have refused. */
  readonly wouldDeny: boolean;
}

export interface AnswerVerdict {
  /** The addresses that may be dialled, in the answer's order; IPv4-mapped ones unmapped. */
  readonly allowed: string[];
  readonly deny: 'ADDRESS_NOT_ALLOWED' | null;
  readonly wouldDeny: boolean;
}

export class AddressJudge {
  readonly #own: (address: string) => boolean;
  readonly #mode: CheckMode;

  /** `own` is asked with IPv4-mapped addresses unmapped. */
  constructor(deps: { readonly own: (address: string) => boolean; readonly mode: CheckMode }) {
    this.#own = deps.own;
    this.#mode = deps.mode;
  }

  judge(address: string, accept: BlockList | null): AddressVerdict {
    const plain = mappedAddress(address) ?? address;
    const of = this.#classOf(address, plain);
    if (this.#isFloor(of, plain)) return { allow: false, floor: true, class: of, wouldDeny: false };
    const isFine = of === 'public' || (accept !== null && isInRanges(accept, plain));
    return {
      allow: isFine || this.#mode !== 'enforce',
      floor: false,
      class: of,
      wouldDeny: !isFine && this.#mode === 'report',
    };
  }

  #classOf(address: string, plain: string): AddressClass {
    return isIP(plain) !== 0 && this.#own(plain) ? 'own' : classifyAddress(address);
  }

  /** A translator would dial the IPv4 address inside for us, so that one has to stand above the floor too. */
  #isFloor(of: AddressClass, plain: string): boolean {
    if (FLOOR.has(of)) return true;
    return embeddedAddresses(plain).some((inner) => this.#own(inner) || FLOOR.has(classifyAddress(inner)));
  }
}

/** A whole answer: one floor address refuses all of it (a name that points there is not to be trusted); else the allowed ones stay. */
export function judgeAnswer(addresses: readonly string[], judge: AddressJudge, accept: BlockList | null): AnswerVerdict {
  const judged = addresses.map((address) => ({ address, verdict: judge.judge(address, accept) }));
  const allowed = judged.filter(({ verdict }) => verdict.allow);
  if (allowed.length === 0 || judged.some(({ verdict }) => verdict.floor)) {
    return { allowed: [], deny: 'ADDRESS_NOT_ALLOWED', wouldDeny: false };
  }
  return {
    allowed: allowed.map(({ address }) => mappedAddress(address) ?? address),
    deny: null,
    wouldDeny: allowed.some(({ verdict }) => verdict.wouldDeny),
  };
}
