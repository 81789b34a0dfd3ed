// The charts of a report, from its summary alone. Pure. Where a run has nothing for one, it says why instead.

import { grouped } from '../figure.ts';
import type { Line } from '../series.ts';
import type { Summary } from '../summary.ts';
import { type Chart, type ChartLine, type ChartMark, colourOf, GREY, hasValues } from './chart.ts';

export function chartsOf(summary: Summary): readonly Chart[] {
  return [
    established(summary),
    opens(summary),
    openLatency(summary),
    failures(summary),
    messages(summary),
    roundTrips(summary),
    recovery(summary),
    cores(summary),
    memory(summary),
    memoryByTunnels(summary),
    descriptors(summary),
    loopDelay(summary),
    farEnd(summary),
    timeWait(summary),
    socketMemory(summary),
  ];
}

interface OverTime {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly y: string;
  readonly isLog?: true;
  readonly lines: readonly ChartLine[];
  /** Said where no line has a value. */
  readonly missing: string;
}

function overTime(summary: Summary, { id, title, caption, y, isLog, lines, missing }: OverTime): Chart {
  const { series } = summary;
  return {
    id,
    title,
    caption,
    x: { label: 'minutes since the beginning', values: series.at, isTime: true },
    y: { label: y, isLog: isLog ?? false, fromZero: !isLog },
    lines,
    marks: marksOf(summary),
    missing: hasValues(lines) ? null : series.at.length === 0 ? 'Not one second of the run was recorded.' : missing,
  };
}

function marksOf({ marks }: Summary): readonly ChartMark[] {
  return marks.map(({ at, what, node, isPlanned }) => ({
    at,
    words: `${what}${node === null || what.includes(node) ? '' : ` (${node})`}${isPlanned ? '' : ', unasked'}`,
  }));
}

const solid = (label: string, colour: number, values: Line): ChartLine => ({ label, values, colour, look: 'solid' });
const dashed = (label: string, colour: number, values: Line): ChartLine => ({ label, values, colour, look: 'dashed' });

function byName(lines: Readonly<Record<string, Line>>): readonly ChartLine[] {
  return Object.entries(lines).map(([name, values], index) => solid(name, colourOf(index), values));
}

function established(summary: Summary): Chart {
  const { sessions, tunnels } = summary.series;
  const nodes = Object.entries(tunnels).map(([name, values], index) => solid(name, colourOf(index + 1), values));
  return overTime(summary, {
    id: 'established',
    title: 'Tunnels',
    caption: 'What the agents hold beside what they should; below, what each node says it holds (the probe’s tunnels are in that).',
    y: 'tunnels',
    lines: [dashed('wanted', GREY, sessions.wanted), solid('all agents', colourOf(0), sessions.established), ...nodes],
    missing: 'No session was counted.',
  });
}

function opens(summary: Summary): Chart {
  const { rates } = summary.series;
  const isAny = [rates.opensAsked, rates.opened, rates.failed].some((line) => line.some((value) => (value ?? 0) > 0));
  return overTime(summary, {
    id: 'opens',
    title: 'Opens asked for and achieved',
    caption:
      'Open-loop: the schedule asks whether the earlier opens have come or not. Opens beyond what is asked are agents that come back.',
    y: 'opens a second',
    lines: isAny
      ? [dashed('asked for', GREY, rates.opensAsked), solid('opened', colourOf(0), rates.opened), solid('failed', 4, rates.failed)]
      : [],
    missing: 'No open was asked for.',
  });
}

function openLatency(summary: Summary): Chart {
  const { open, dial, connack } = summary.series.latencies;
  const stages = [
    ['whole open', open],
    ['TCP, CONNECT and upgrade', dial],
    ['CONNACK', connack],
  ] as const;
  return overTime(summary, {
    id: 'open-latency',
    title: 'How long an open takes',
    caption: 'The whole open from its intended start; k6 sees TCP, CONNECT and upgrade as one, and the probe’s table splits them.',
    y: 'milliseconds',
    isLog: true,
    lines: stages.flatMap(([name, { p50, p99 }], index) => [
      solid(`${name}, p50`, colourOf(index), p50),
      dashed(`${name}, p99`, colourOf(index), p99),
    ]),
    missing: 'No open succeeded, so there is no latency.',
  });
}

function failures(summary: Summary): Chart {
  const { failures: reasons, rates } = summary.series;
  const isDropped = rates.dropped.some((value) => (value ?? 0) > 0);
  const dropped = isDropped ? [dashed('sessions dropped', GREY, rates.dropped)] : [];
  return overTime(summary, {
    id: 'failures',
    title: 'Opens that failed, by reason',
    caption: 'Reasons in capitals are Pinhole’s own; the others are what a client sees of them.',
    y: 'a second',
    lines: [...byName(reasons), ...dropped],
    missing: 'No open failed, and no session was dropped.',
  });
}

function messages(summary: Summary): Chart {
  const { rates } = summary.series;
  const lines = [dashed('asked for', GREY, rates.messagesAsked), solid('answered', colourOf(0), rates.answered)];
  const isAny = rates.answered.some((value) => (value ?? 0) > 0) || rates.messagesAsked.some((value) => (value ?? 0) > 0);
  return overTime(summary, {
    id: 'messages',
    title: 'Messages asked for and answered',
    caption: 'Pings are messages. Where the two part, the fleet, the far end or k6 is beyond its knee.',
    y: 'messages a second',
    lines: isAny ? lines : [],
    missing: 'No message was sent.',
  });
}

function roundTrips(summary: Summary): Chart {
  const { p50, p95, p99 } = summary.series.latencies.roundTrip;
  return overTime(summary, {
    id: 'round-trips',
    title: 'Round trip of a message',
    caption: 'From the intended moment of a message to its answer, so a stall counts for all that waited behind it.',
    y: 'milliseconds',
    isLog: true,
    lines: [solid('p50', colourOf(0), p50), dashed('p95', colourOf(1), p95), dashed('p99', 4, p99)],
    missing: 'No message was answered.',
  });
}

function recovery({ recoveries, scenario }: Summary): Chart {
  const { quota } = scenario;
  const values = [...new Set(recoveries.flatMap(({ back }) => back.map(([at]) => at)))].toSorted((one, other) => one - other);
  const sampled = recoveries.map(({ node, lost, back }, index) => {
    const shares = new Map(back.map(([at, share]) => [at, share * 100]));
    return solid(
      `${node ?? 'a node'} (${lost} tunnels)`,
      colourOf(index),
      values.map((at) => shares.get(at) ?? null),
    );
  });
  const floors = recoveries.flatMap(({ node, lost }, index) =>
    quota === null
      ? []
      : [
          dashed(
            `${node ?? 'a node'}, the most that ${quota}/s allow`,
            colourOf(index),
            values.map((at) => Math.min(100, (at * quota * 100) / lost)),
          ),
        ],
  );
  return {
    id: 'recovery',
    title: 'Back after a kill',
    caption:
      'Share of a dead node’s sessions that stand again, by the agents’ own count. No fleet can be above the dashed line: AWS IoT takes no more CONNECTs.',
    x: { label: 'seconds since the kill', values, isTime: false },
    y: { label: 'percent', isLog: false, fromZero: true },
    lines: [...sampled, ...floors],
    marks: [],
    missing: recoveries.length === 0 ? 'No node that held tunnels was killed by plan in this run.' : null,
  };
}

function cores(summary: Summary): Chart {
  return overTime(summary, {
    id: 'cpu',
    title: 'CPU by role',
    caption: `Cores in use, all processes of a role together, of ${summary.honesty.machine.cores} that the machine has.`,
    y: 'cores',
    lines: byName(summary.series.cores),
    missing: 'Nobody read the CPU of the processes.',
  });
}

function memory(summary: Summary): Chart {
  return overTime(summary, {
    id: 'memory',
    title: 'Memory by role',
    caption: 'Anonymous memory: what user space costs. The kernel’s socket buffers are in no line here.',
    y: 'MiB',
    lines: byName(summary.series.memoryMib),
    missing: 'Nobody read the memory of the processes.',
  });
}

function memoryByTunnels({ memory: fitted, scenario, figures }: Summary): Chart {
  const points = (fitted?.points ?? []).toSorted(([one], [other]) => one - other);
  const values = points.map(([tunnels]) => tunnels);
  const inMib = (kib: number): number => Number((kib / 1_024).toFixed(2));
  const line = ({ slope, intercept }: NonNullable<typeof fitted>['fit']): Line =>
    values.map((tunnels) => inMib(intercept + slope * tunnels));
  return {
    id: 'memory-by-tunnels',
    title: 'Memory against tunnels',
    caption: `${scenario.through}: each point is a second before the first fault. ${figures.kibPerTunnel.words}.`,
    x: { label: 'tunnels', values, isTime: false },
    y: { label: 'MiB, not from zero', isLog: false, fromZero: false },
    lines:
      fitted === null
        ? []
        : [
            { label: 'measured', values: points.map(([, kib]) => inMib(kib)), colour: colourOf(0), look: 'points' },
            dashed(`fitted, ${fitted.fit.slope.toFixed(2)} KiB a tunnel`, 4, line(fitted.fit)),
          ],
    marks: [],
    missing: fitted === null ? `No slope: ${figures.kibPerTunnel.words}.` : null,
  };
}

function descriptors(summary: Summary): Chart {
  return overTime(summary, {
    id: 'descriptors',
    title: 'Open descriptors by role',
    caption: `All processes of a role together, of which each may have ${grouped(summary.honesty.limits.descriptors)}. A node has two for a tunnel, its agent and its far end one each.`,
    y: 'descriptors',
    lines: onlyKnown(byName(summary.series.descriptors)),
    missing: 'Nobody could see the descriptors of the processes.',
  });
}

function loopDelay(summary: Summary): Chart {
  return overTime(summary, {
    id: 'loop-delay',
    title: 'Event-loop delay of each node',
    caption: 'The worst that a node said of itself in that time. A gap is a node that did not answer.',
    y: 'milliseconds',
    lines: byName(summary.series.loopDelayMs),
    missing: 'No node said how late its event loop was.',
  });
}

function farEnd(summary: Summary): Chart {
  const { connects, overQuota } = summary.series.farEnd;
  const { quota } = summary.scenario;
  const limit =
    quota === null || !hasValues([{ values: connects }])
      ? []
      : [
          dashed(
            `quota, ${quota}/s`,
            GREY,
            connects.map(() => quota),
          ),
        ];
  return overTime(summary, {
    id: 'far-end',
    title: 'CONNECTs at the far end',
    caption: 'The busiest second of each step, as AWS IoT would count it.',
    y: 'CONNECTs a second',
    lines: [...limit, solid('came', colourOf(0), connects), solid('above the quota', 4, overQuota)],
    missing: 'The far end counted nothing.',
  });
}

function timeWait(summary: Summary): Chart {
  return overTime(summary, {
    id: 'time-wait',
    title: 'Sockets in TIME_WAIT',
    caption: 'Each holds a port for 60 s on the side that closed first.',
    y: 'sockets',
    lines: onlyKnown([solid('TIME_WAIT', colourOf(0), summary.series.kernel.timeWait)]),
    missing: 'The sockets of this machine could not be read.',
  });
}

function socketMemory(summary: Summary): Chart {
  return overTime(summary, {
    id: 'socket-memory',
    title: 'Data waiting in sockets',
    caption:
      'Memory that the kernel holds for queued bytes, all sockets of the run together: four a tunnel on loopback, two on a real proxy.',
    y: 'MiB',
    lines: onlyKnown([solid('socket memory', colourOf(1), summary.series.kernel.socketMemoryMib)]),
    missing: 'The sockets of this machine could not be read.',
  });
}

function onlyKnown(lines: readonly ChartLine[]): readonly ChartLine[] {
  return lines.filter((line) => hasValues([line]));
}

/** A few rows for those who read numbers rather than lines. */
export function tableOf({ x, lines }: Chart, rows = 12): readonly (readonly (number | null)[])[] {
  const count = x.values.length;
  const picked = Array.from({ length: Math.min(rows, count) }, (_, index) =>
    count <= rows ? index : Math.round((index * (count - 1)) / (rows - 1)),
  );
  return picked.map((index) => [x.values[index] ?? null, ...lines.map(({ values }) => values[index] ?? null)]);
}
