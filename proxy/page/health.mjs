// Whether the node is well: its latches, what the probe found, what is left of the machine, its carriers and its generations.

import { get } from './api.mjs';
import { count, duration, percent } from './format.mjs';
import { html } from './html.mjs';
import { usePoll } from './poll.mjs';

/** @param {{ status: any }} props */
export function Health({ status }) {
  const { value: probe } = usePoll(() => get('/probe'), 3_000);
  const { value: limits } = usePoll(() => get('/limits'), 3_000);
  const { value: generations } = usePoll(() => get('/generations'), 3_000);
  return html`
    <div class="two">
      <${Latches} latches=${status?.latches ?? null} />
      <${Headroom} limits=${limits} />
    </div>
    <${Probe} answer=${probe} />
    <${Generations} generations=${generations?.generations ?? null} limits=${limits} />
  `;
}

/** @param {{ latches: any[] | null }} props */
function Latches({ latches }) {
  return html`
    <section class="card" aria-label="Readiness">
      <h2>Readiness</h2>
      ${
        (latches?.length ?? 0) === 0
          ? html`<p class="empty">${latches ? 'Control has not judged yet.' : '…'}</p>`
          : html`
              <table>
                <thead>
                  <tr>
                    <th>what</th>
                    <th>is it well?</th>
                    <th class="number">for</th>
                  </tr>
                </thead>
                <tbody>
                  ${latches?.map(
                    ({ latch, ok, forSeconds }) => html`
                      <tr key=${latch}>
                        <td>${latch}</td>
                        <td><span class=${`chip ${ok ? 'good' : 'bad'}`}>${ok ? 'yes' : 'no'}</span></td>
                        <td class="number">${duration(forSeconds * 1_000)}</td>
                      </tr>
                    `,
                  )}
                </tbody>
              </table>
            `
      }
    </section>
  `;
}

/** @param {{ limits: any }} props */
function Headroom({ limits }) {
  const shares = Object.entries(limits?.headroom ?? {}).filter(([, share]) => share !== null);
  return html`
    <section class="card" aria-label="Headroom">
      <h2>In use</h2>
      <div class="meters">
        ${shares.map(
          ([name, share]) => html`
            <span key=${name}>${name}</span>
            <meter min="0" max="1" low="0.8" high="0.95" optimum="0" value=${1 - Number(share)} aria-label=${`${name} in use`}></meter>
            <span class="number">${percent(1 - Number(share))}</span>
          `,
        )}
      </div>
      ${
        limits &&
        html`<p class="soft limits">
          At most ${count(limits.capacity.tunnels)} tunnels (${limits.capacity.binds} binds) and ${count(limits.limits.opensPerSecond)}
          opens a second; ${count(limits.pending)} of ${count(limits.limits.pending)} waiting.
        </p>`
      }
    </section>
  `;
}

/** @param {{ answer: any }} props */
function Probe({ answer }) {
  const probe = answer?.probe;
  return html`
    <section class="card" aria-label="Probe">
      <h2>Probe ${probe && html`<span class="soft">a round ended ${duration(probe.secondsAgo * 1_000)} ago</span>`}</h2>
      ${!probe && html`<p class="empty">${answer ? 'It is off, or says nothing at the moment.' : '…'}</p>`}
      ${probe?.troubles.map((/** @type {string} */ trouble) => html`<p key=${trouble} class="doubt">${trouble}</p>`)}
      ${
        probe &&
        html`
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th>way</th>
                  <th>endpoint</th>
                  <th>name</th>
                  <th>outcome</th>
                  <th class="number">took</th>
                  <th>why</th>
                </tr>
              </thead>
              <tbody>
                ${probe.attempts.map(
                  (/** @type {any} */ attempt) => html`
                    <tr key=${`${attempt.way} ${attempt.host}:${attempt.port}`}>
                      <td>${attempt.way}</td>
                      <td>${attempt.endpoint}</td>
                      <td class="cut" title=${attempt.host}>${attempt.host}:${attempt.port}</td>
                      <td>
                        <span class=${`chip ${attempt.outcome === 'through' ? 'good' : attempt.outcome === 'unclear' ? 'doubt' : 'bad'}`}
                          >${attempt.outcome}</span
                        >
                      </td>
                      <td class="number">${Math.round(Object.values(attempt.ms).reduce((sum, ms) => sum + Number(ms), 0))} ms</td>
                      <td>${attempt.why ?? ''}</td>
                    </tr>
                  `,
                )}
              </tbody>
            </table>
          </div>
          ${
            probe.peers.length > 0 &&
            html`<p class="soft">
              Other nodes:
              ${probe.peers.map((/** @type {any} */ { peer, ready }) => `${peer.address} ${ready === 'yes' ? 'ready' : ready === 'no' ? 'not ready' : 'silent'}`).join(', ')}
            </p>`
          }
        `
      }
    </section>
  `;
}

/** @param {{ generations: any[] | null, limits: any }} props */
function Generations({ generations, limits }) {
  const loads = new Map((limits?.carriers ?? []).map((/** @type {any} */ load) => [`${load.generation}/${load.slot}`, load]));
  const rows = (generations ?? []).flatMap((generation) =>
    generation.carriers.map((/** @type {any} */ carrier) => ({ generation, carrier })),
  );
  return html`
    <section class="card" aria-label="Generations and carriers">
      <h2>Generations and carriers</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>generation</th>
              <th>version</th>
              <th>state</th>
              <th>carrier</th>
              <th>state</th>
              <th class="number">pid</th>
              <th class="number">tunnels</th>
              <th class="number">event loop late</th>
              <th>resolver</th>
              <th>moves</th>
              <th class="number">restarts</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(({ generation, carrier }) => {
              const load = loads.get(`${generation.generation}/${carrier.slot}`);
              const late = load?.eventLoopDelayS;
              return html`
                <tr key=${`${generation.generation}/${carrier.slot}`}>
                  <td>${generation.generation}</td>
                  <td>${generation.version}</td>
                  <td>${stateOf(generation)}</td>
                  <td>${carrier.slot}</td>
                  <td><span class=${`chip ${carrier.state === 'ready' ? 'good' : 'doubt'}`}>${carrier.state}</span></td>
                  <td class="number">${carrier.pid ?? '–'}</td>
                  <td class="number">${carrier.tunnels === null ? '–' : count(carrier.tunnels)}</td>
                  <td class="number">${late === undefined || late === null ? '–' : `${(late * 1_000).toFixed(1)} ms`}</td>
                  <td>
                    ${load ? load.resolver : '–'}${load?.shedding.length > 0 && html` <span class="chip bad">sheds: ${load.shedding.join(', ')}</span>`}
                  </td>
                  <td>${carrier.move ? `${count(carrier.move.moved)} to ${carrier.move.to}` : '–'}</td>
                  <td class="number">${carrier.restarts}</td>
                </tr>
              `;
            })}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

/** @param {{ state: string, deadlineAtMs: number | null }} generation */
function stateOf({ state, deadlineAtMs }) {
  return deadlineAtMs === null ? state : `${state}, gone within ${duration(deadlineAtMs - Date.now())}`;
}
