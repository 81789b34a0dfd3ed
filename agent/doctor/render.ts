// The verdict for a terminal: a table of marks, then what to mend, then who gets which sentence.

import { DOORS, type Door } from '../doors.ts';
import { CHECK_IDS, type CheckId } from './checks.ts';
import { FIXERS } from './causes.ts';
import type { Finding, Judged, Mark, Verdict } from './findings.ts';

const SIGNS: Readonly<Record<Mark, string>> = { good: '✓', bad: '✗', remark: '!', skipped: '–', absent: '·' };
/** What hides what, where one mark stands for several sights. */
const GRAVITY: readonly Mark[] = ['bad', 'remark', 'good', 'absent', 'skipped'];
const CHECK_WIDTH = 22;
const DOOR_WIDTH = 13;
/** The device's checks are over one address for each door: one table for all of them. */
const OF_DEVICE: readonly CheckId[] = ['clock', 'credentials', 'mqtt', 'idle'];

export function renderVerdict(verdict: Verdict): string {
  return [...renderTable(verdict), '', ...renderFindings(verdict)].join('\n');
}

function renderTable({ sights }: Verdict): string[] {
  const doors = DOORS.filter((door) => sights.some((sight) => sight.door === door));
  const before = sights.filter(({ address, check }) => address === null && !OF_DEVICE.includes(check));
  const after = sights.filter(({ check }) => OF_DEVICE.includes(check));
  const addresses = [...new Set(sights.filter(({ check }) => !OF_DEVICE.includes(check)).map(({ address }) => address))];
  const head = `${' '.repeat(CHECK_WIDTH)}${doors.map((door) => door.padEnd(DOOR_WIDTH)).join('')}`.trimEnd();
  const lines = [head, ...renderRows(before, doors, '')];
  for (const address of addresses.filter((each) => each !== null)) {
    lines.push(
      address,
      ...renderRows(
        sights.filter((sight) => sight.address === address && !OF_DEVICE.includes(sight.check)),
        doors,
        '  ',
      ),
    );
  }
  return [...lines, ...renderRows(after, doors, '')];
}

function renderRows(sights: readonly Judged[], doors: readonly Door[], indent: string): string[] {
  const checks = CHECK_IDS.filter((id) => sights.some(({ check }) => check === id));
  return checks.map((check) => {
    const own = sights.filter((sight) => sight.check === check);
    const title = `${indent}${check}`.padEnd(CHECK_WIDTH);
    if (own.every(({ door }) => door === null))
      return `${title}${sign(own)}  ${own.map((sight) => sight.skipped ?? sight.seen).join('; ')}`.trimEnd();
    const cells = doors.map((door) => sign(own.filter((sight) => sight.door === door)).padEnd(DOOR_WIDTH));
    return `${title}${cells.join('')}`.trimEnd();
  });
}

function sign(sights: readonly Judged[]): string {
  const mark = GRAVITY.find((each) => sights.some((sight) => sight.mark === each));
  return mark === undefined ? ' ' : SIGNS[mark];
}

function renderFindings({ findings, isGood }: Verdict): string[] {
  const troubles = findings.filter(({ isRemark }) => !isRemark);
  const remarks = findings.filter(({ isRemark }) => isRemark);
  if (isGood && remarks.length === 0) return ['All good: the way to AWS IoT is open.'];
  const head = isGood
    ? 'Nothing has to be mended.'
    : troubles.length === 0
      ? 'Nothing was found that works.'
      : `To mend: ${troubles.length}`;
  return [head, ...troubles.flatMap(renderFinding), ...remarks.flatMap(renderFinding)];
}

function renderFinding({ cause, isRemark, fixer, checks, addresses, doors, means, ask, requests }: Finding): string[] {
  const places = [addresses.join(', '), doors.join(', ')].filter((part) => part !== '').join('; ');
  return [
    '',
    `${isRemark ? SIGNS.remark : SIGNS.bad} ${cause} (${checks.join(', ')})${places === '' ? '' : ` at ${places}`}`,
    `  ${means}`,
    `  Who: ${FIXERS[fixer]}. Send them:`,
    `  > ${ask}`,
    ...(requests.length === 0 ? [] : [`  > Request ${requests.join(', ')}.`]),
  ];
}

export function renderJson({ isGood, sights, findings }: Verdict): string {
  return JSON.stringify({ ok: isGood, findings, checks: sights });
}
