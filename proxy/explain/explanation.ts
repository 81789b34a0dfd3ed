// One connection that nobody made: what would be decided at each stage, by the same functions that decide for real. No DNS.

import type { Target } from '../core/address.ts';
import { type ReasonCode, REASONS } from '../core/fault.ts';
import type { ListedHost, ListenerSettings, Settings } from '../core/settings.ts';
import { AddressJudge, classifyAddress } from '../policy/address-rule.ts';
import { canonicalAddress } from '../policy/canonical-address.ts';
import { decideTarget } from '../policy/decide.ts';
import { HostList } from '../policy/host-list.ts';
import { judgeHello, peeks } from '../policy/judge-hello.ts';
import { rangeList } from '../policy/ranges.ts';
import { routeSni, SNI_DOOR_PORT, type SniRoute } from '../policy/sni-route.ts';
import { type Tenant, TenantTable } from '../policy/tenants.ts';
import { parseConnectTarget } from '../wire/connect-target.ts';
import type { Question } from './question.ts';
import { whoAsks } from './who-asks.ts';

export interface Step {
  readonly stage: 'listener' | 'name' | 'target' | 'identity' | 'decision' | 'address' | 'hello';
  readonly outcome: 'passed' | 'refused' | 'reported' | 'open';
  readonly text: string;
}

export interface Explanation {
  readonly allow: boolean;
  /** Null where no listener has the door: nothing of ours would answer for it. */
  readonly reason: ReasonCode | null;
  readonly wouldDeny: readonly ReasonCode[];
  readonly steps: readonly Step[];
}

/** What decides. A carrier hands in its own, a command what a file makes. */
export interface InForce {
  readonly settings: Omit<Settings, 'tenants'>;
  readonly list: HostList;
  /** Null where anyone may use the list. */
  readonly tenants: TenantTable | null;
  readonly judge: Pick<AddressJudge, 'judge'>;
}

/** As far as the file tells: the addresses of this machine's interfaces are not looked at. */
export function inForceOf(settings: Settings): InForce {
  const { node, listeners, hosts, tenants, policy } = settings;
  const bound = listeners.map(({ host }) => host).filter((host) => classifyAddress(host) !== 'unspecified');
  const own = new Set([...node.publicAddresses, ...bound].map((address) => canonicalAddress(address) ?? address));
  return {
    settings,
    list: new HostList(hosts),
    tenants: tenants && TenantTable.of(tenants),
    judge: new AddressJudge({ own: (candidate) => own.has(candidate), mode: policy.address }),
  };
}

/** For many questions: what settings are made into is made once. */
export function createExplainer(settings: Settings): (question: Question) => Explanation {
  const inForce = inForceOf(settings);
  return (question) => explain(inForce, question);
}

export function explain(inForce: InForce, question: Question): Explanation {
  return new Walk(inForce, question).run();
}

/** Thrown inside this file only, to end the walk at its first refusal. */
class Refusal {
  readonly reason: ReasonCode | null;

  constructor(reason: ReasonCode | null) {
    this.reason = reason;
  }
}

class Walk {
  readonly #inForce: InForce;
  readonly #settings: InForce['settings'];
  readonly #question: Question;
  readonly #list: HostList;
  readonly #steps: Step[] = [];
  readonly #wouldDeny: ReasonCode[] = [];

  constructor(inForce: InForce, question: Question) {
    this.#inForce = inForce;
    this.#settings = inForce.settings;
    this.#question = question;
    this.#list = inForce.list;
  }

  run(): Explanation {
    let reason: ReasonCode | null = 'OK';
    try {
      this.#walk();
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      ({ reason } = thrown);
    }
    return { allow: reason === 'OK', reason, wouldDeny: this.#wouldDeny, steps: this.#steps };
  }

  #walk(): void {
    const { door } = this.#question;
    const listener = this.#listener();
    const target = this.#target(listener);
    const tenant = this.#identity();
    const listed = this.#decide(target, tenant);
    this.#address(target, listed);
    if (door === 'gateway') this.#passed('hello', 'this proxy itself makes the TLS session with AWS: there is no inner hello to judge');
    else this.#hello(target);
  }

  #listener(): ListenerSettings {
    const { door } = this.#question;
    const listener = this.#settings.listeners.find(({ doors }) => doors.includes(door));
    if (listener === undefined) return this.#refuse('listener', null, `no listener has the door ${door}`);
    this.#passed('listener', `${listener.name} has the door ${door}`);
    return listener;
  }

  /** What the client asks for, by the door's own way of asking. */
  #target(listener: ListenerSettings): Target {
    const { door, host, port } = this.#question;
    if (door === 'sni') return this.#targetOfSni(listener);
    if (door === 'gateway') return this.#targetOfGateway(listener);
    const parsed = parseConnectTarget(`${host}:${port}`);
    if (!parsed.ok) return this.#refuse('target', parsed.code, parsed.why);
    this.#passed('target', `CONNECT ${parsed.value.host}:${parsed.value.port}`);
    return parsed.value;
  }

  #targetOfSni(listener: ListenerSettings): Target {
    const { port } = this.#question;
    const { name, route } = this.#route(listener);
    if ('refuse' in route) return this.#refuse('name', route.refuse, `${name}: ${REASONS[route.refuse].message}`);
    if (route.door !== 'sni') return this.#refuse('name', null, `${name} is not the name of a listed endpoint: it goes to another door`);
    this.#passed('name', `${name} is a listed endpoint: its bytes pass untouched`);
    if (port !== SNI_DOOR_PORT)
      return this.#refuse('target', 'PORT_NOT_ALLOWED', `the sni door goes to port ${SNI_DOOR_PORT} and no other`);
    return { host: name.toLowerCase(), port };
  }

  #targetOfGateway(listener: ListenerSettings): Target {
    const { name, route } = this.#route(listener);
    if ('refuse' in route) return this.#refuse('name', route.refuse, `${name}: ${REASONS[route.refuse].message}`);
    const gateway = route.door === 'tls' ? this.#settings.gateways.find((candidate) => candidate.name === route.gateway) : undefined;
    if (gateway === undefined) return this.#refuse('name', null, `${name} is not the name of a gateway: it goes to another door`);
    this.#passed('name', `${name} is a gateway to endpoint ${gateway.endpoint}`);
    this.#passed('target', `${gateway.target.host}:${gateway.target.port}, whatever Host says`);
    return gateway.target;
  }

  #route(listener: ListenerSettings): { name: string; route: SniRoute } {
    const { host, sni } = this.#question;
    const given = sni === undefined ? host : sni;
    const route = routeSni(given, listener.doors, {
      list: this.#list,
      gateways: new Set(this.#settings.gateways.map(({ name }) => name)),
      tlsNames: this.#settings.tls?.names ?? [],
    });
    return { name: given ?? '(no server name)', route };
  }

  #identity(): Tenant | null {
    const asked = whoAsks(this.#inForce.tenants, this.#question);
    if (asked.code !== null) return this.#refuse('identity', asked.code, asked.text);
    this.#passed('identity', asked.text);
    return asked.tenant;
  }

  #decide(target: Target, tenant: Tenant | null): ListedHost {
    const decision = decideTarget(target, this.#list, tenant);
    if (!decision.allow) return this.#refuse('decision', decision.code, `${target.host}:${target.port}: ${REASONS[decision.code].message}`);
    const { listed } = decision;
    const how = listed.host === target.host ? 'listed' : `of the form of ${listed.host}, which anyAccount opens`;
    this.#passed('decision', `${how}: endpoint ${listed.endpoint}, kind ${listed.kind}, ports ${listed.ports.join(', ')}`);
    return listed;
  }

  #address(target: Target, listed: ListedHost): void {
    const { resolve, policy } = this.#settings;
    const pin = resolve.pins.find(({ host, port }) => host === target.host && port === target.port);
    if (pin !== undefined) {
      const to = pin.to.map(({ address, port }) => `${address} port ${port}`).join(', ');
      return this.#passed('address', `pinned to ${to}: no DNS, no judgement`);
    }
    const { address } = this.#question;
    if (address === null) return this.#note('address', 'not judged: DNS would be asked for it; give --address to judge one');
    const verdict = this.#inForce.judge.judge(address, listed.accept.length > 0 ? rangeList(listed.accept) : null);
    const what = `${address} is of class ${verdict.class}`;
    if (verdict.floor) return this.#refuse('address', 'ADDRESS_NOT_ALLOWED', `${what}: refused in every mode, whatever is accepted`);
    if (!verdict.allow)
      return this.#refuse('address', 'ADDRESS_NOT_ALLOWED', `${what}, and not in a range that ${listed.endpoint} accepts`);
    if (verdict.wouldDeny) return this.#reported('address', 'ADDRESS_NOT_ALLOWED', what);
    const isAccepted = verdict.class !== 'public' && policy.address === 'enforce';
    this.#passed('address', isAccepted ? `${what}, in a range that ${listed.endpoint} accepts` : what);
  }

  #hello(target: Target): void {
    const { policy } = this.#settings;
    if (!peeks(policy)) return this.#passed('hello', 'sni and alpn are off: nothing is peeked at');
    const { sni, alpn } = this.#question;
    const given = sni === undefined ? target.host : sni;
    const verdict = judgeHello({ sni: given, alpn, tls13: true }, target.host, policy);
    const what = `server name ${given ?? '(none)'}, ALPN ${alpn.length > 0 ? alpn.join(',') : '(none)'}`;
    if (verdict.deny !== null) this.#refuse('hello', verdict.deny, `${what}: ${REASONS[verdict.deny].message}`);
    for (const code of verdict.wouldDeny) this.#reported('hello', code, what);
    if (verdict.wouldDeny.length === 0) this.#passed('hello', what);
  }

  #passed(stage: Step['stage'], text: string): void {
    this.#steps.push({ stage, outcome: 'passed', text });
  }

  #note(stage: Step['stage'], text: string): void {
    this.#steps.push({ stage, outcome: 'open', text });
  }

  #reported(stage: Step['stage'], code: ReasonCode, text: string): void {
    this.#wouldDeny.push(code);
    this.#steps.push({ stage, outcome: 'reported', text: `${text}: allowed, and recorded as ${code}` });
  }

  #refuse(stage: Step['stage'], reason: ReasonCode | null, text: string): never {
    this.#steps.push({ stage, outcome: 'refused', text });
    throw new Refusal(reason);
  }
}
