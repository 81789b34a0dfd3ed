// Runs in the browser, inside of the report: draws each chart with uPlot, and lets keys and buttons do what a mouse does.
// A classic script, so that it needs no network and no module; uPlot was put before it.

(() => {
  const { document, uPlot, matchMedia, ResizeObserver } = globalThis;
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const styles = () => globalThis.getComputedStyle(document.documentElement);
  const colour = (name) => styles().getPropertyValue(name).trim();

  const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];

  const inWords = (value) => {
    if (value === null || value === undefined) return '–';
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
    return Number(value.toFixed(digits)).toLocaleString('en');
  };
  const short = (value) => {
    if (value >= 1_000_000) return `${value / 1_000_000}M`;
    return value >= 10_000 ? `${value / 1_000}k` : String(Number(value.toFixed(3)));
  };
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;

  const optionsOf = (chart, width, show, readOut) => {
    const line = colour('--line');
    const text = colour('--soft');
    const axis = { stroke: text, font: '12px system-ui, sans-serif', grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    return {
      width,
      height: 240,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false }, ...(chart.x.isTime ? { sync: { key: 'time' } } : {}) },
      scales: {
        x: { time: false },
        y: chart.y.isLog
          ? { distr: 3 }
          : !chart.y.fromZero
            ? {}
            : { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.06 : 1] },
      },
      axes: [
        {
          ...axis,
          values: (_, ticks) => ticks.map((tick) => (chart.x.isTime ? clock(tick) : short(tick))),
          space: 60,
          size: 34,
          ...(chart.x.isTime ? { incrs: TIME_STEPS } : {}),
        },
        { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => (tick === null ? null : short(tick))) },
      ],
      series: [
        {},
        ...chart.lines.map(({ label, colour: index, look }, at) => ({
          label,
          show: show[at],
          stroke: colour(`--c${index}`),
          width: look === 'points' ? 0 : 2,
          // Along time a gap is a hole in the record; elsewhere lines only have their points at other places.
          spanGaps: !chart.x.isTime,
          ...(look === 'dashed' ? { dash: [6, 4] } : {}),
          points: look === 'points' ? { show: true, size: 5, fill: colour(`--c${index}`) } : { show: false },
          ...(look === 'points' ? { paths: () => null } : {}),
        })),
      ],
      hooks: { draw: [(plot) => drawMarks(plot, chart.marks)], setCursor: [(plot) => readOut(plot.cursor.idx)] },
    };
  };

  const drawMarks = (plot, marks) => {
    const { ctx, bbox } = plot;
    const ratio = globalThis.devicePixelRatio;
    marks.forEach(({ at }, index) => {
      const x = Math.round(plot.valToPos(at, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) return;
      ctx.save();
      ctx.strokeStyle = colour('--mark');
      ctx.fillStyle = colour('--mark');
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
      ctx.fillText(String(index + 1), x + 3 * ratio, bbox.top + 11 * ratio);
      ctx.restore();
    });
  };

  const drawChart = (chart) => {
    const figure = document.getElementById(`chart-${chart.id}`);
    const holder = figure.querySelector('.plot');
    const output = figure.querySelector('.readout');
    const buttons = [...figure.querySelectorAll('.legend button')];
    const show = chart.lines.map(() => true);
    const data = [chart.x.values, ...chart.lines.map(({ values }) => values)];
    let plot = null;

    const readOut = (index) => {
      if (index === null || index === undefined) output.textContent = '';
      else {
        const x = chart.x.values[index];
        const values = chart.lines.flatMap(({ label, values: all }, at) => (show[at] ? [`${label} ${inWords(all[index])}`] : []));
        output.textContent = `${chart.x.isTime ? clock(x) : inWords(x)}: ${values.join(' · ')}`;
      }
    };
    const make = () => {
      plot?.destroy();
      plot = new uPlot(optionsOf(chart, holder.clientWidth, show, readOut), data, holder);
    };
    const moveTo = (index) => {
      const at = Math.max(0, Math.min(chart.x.values.length - 1, index));
      plot.setCursor({ left: plot.valToPos(chart.x.values[at], 'x'), top: 0 });
    };

    buttons.forEach((button, at) =>
      button.addEventListener('click', () => {
        show[at] = !show[at];
        button.setAttribute('aria-pressed', String(show[at]));
        plot.setSeries(at + 1, { show: show[at] });
      }),
    );
    holder.addEventListener('keydown', (event) => {
      const far = event.shiftKey ? 10 : 1;
      const here = plot.cursor.idx ?? 0;
      const to = { ArrowRight: here + far, ArrowLeft: here - far, Home: 0, End: chart.x.values.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        moveTo(to);
      } else if (event.key === 'Escape') {
        plot.setCursor({ left: -10, top: -10 });
      }
    });
    new ResizeObserver(() => {
      if (plot && holder.clientWidth > 0 && plot.width !== holder.clientWidth) plot.setSize({ width: holder.clientWidth, height: 240 });
    }).observe(holder);
    make();
    return make;
  };

  const redraw = charts.map(drawChart);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw.forEach((make) => make()));
})();
