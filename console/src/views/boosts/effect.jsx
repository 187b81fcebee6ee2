// Charts of what boosts do to the products of the shop, as lines over the share of products.

import { counted, day, number, percent, signedPercent } from "../../core/format.js";
import { Problem } from "../../parts/notices.jsx";

const WIDTH = 480;
const HEIGHT = 180;
const EDGE = { left: 44, right: 12, top: 12, bottom: 28 };

/** A scale from values to a length. */
const scale = (from, to, start, end) => (value) => start + ((value - from) / (to - from || 1)) * (end - start);

/** Round numbers between two, about four of them. */
function ticks(from, to) {
  const rough = (to - from) / 4;
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? power;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, place) => (first + place) * step);
}

const pathOf = (points, x, y) =>
  points
    .map((point, place) => `${place ? "L" : "M"}${x(point.share).toFixed(1)} ${y(point.percent).toFixed(1)}`)
    .join("");

/** What the boosts together do: every product by its boost, the lowest first. */
export function Effect({ effect, error, isLoading }) {
  const isNothing = effect?.total.quantiles.every((point) => point.percent === 0);
  return (
    <section class="panel effect" aria-label="Effect of the boosts" aria-busy={isLoading}>
      <header class="panel-head">
        <h2>Effect</h2>
        {effect && <span class="muted">on {counted(effect.products, "product")}</span>}
      </header>
      <Problem error={error} />
      {effect && isNothing && <p class="muted">Nothing is boosted: the order is that of relevance and taste.</p>}
      {effect && !isNothing && <Chart effect={effect} />}
      {effect && !isNothing && (
        <p class="hint">
          {effect.total.capped
            ? `${counted(effect.total.capped, "product reaches", "products reach")} the limit of ${percent(effect.percent_max)}.`
            : `No product reaches the limit of ${percent(effect.percent_max)}.`}
        </p>
      )}
    </section>
  );
}

function Chart({ effect }) {
  const { quantiles } = effect.total;
  const values = quantiles.map((point) => point.percent);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const room = Math.max((high - low) * 0.12, 1);
  const [from, to] = [low < 0 ? low - room : 0, high > 0 || low === 0 ? high + room : 0];
  const x = scale(0, 1, EDGE.left, WIDTH - EDGE.right);
  const y = scale(from, to, HEIGHT - EDGE.bottom, EDGE.top);
  const line = pathOf(quantiles, x, y);
  const median = quantiles.reduce(
    (best, point) => (Math.abs(point.share - 0.5) < Math.abs(best.share - 0.5) ? point : best),
    quantiles[0],
  );
  const said = `Boosts from ${signedPercent(values[0] ?? 0)} to ${signedPercent(values.at(-1) ?? 0)}, in the middle ${signedPercent(median?.percent ?? 0)}`;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={said}>
      {ticks(from, to).map((value) => (
        <g key={value}>
          <line
            class={value === 0 ? "axis" : "grid"}
            x1={EDGE.left}
            x2={WIDTH - EDGE.right}
            y1={y(value)}
            y2={y(value)}
          />
          <text x={EDGE.left - 6} y={y(value) + 4} text-anchor="end">
            {signedPercent(value)}
          </text>
        </g>
      ))}
      {[effect.percent_max, -effect.percent_max]
        .filter((cap) => cap > from && cap < to)
        .map((cap) => (
          <line key={cap} class="cap" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(cap)} y2={y(cap)} />
        ))}
      {quantiles.length > 0 && (
        <path class="area" d={`${line}L${x(quantiles.at(-1).share)} ${y(0)}L${x(quantiles[0].share)} ${y(0)}Z`} />
      )}
      <path class="line" d={line} />
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <text
          key={share}
          x={x(share)}
          y={HEIGHT - 8}
          text-anchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}
        >
          {share === 0 ? "lowest" : share === 1 ? "highest" : `${share * 100} %`}
        </text>
      ))}
    </svg>
  );
}

/** A number, or a time. */
const valueText = (value) => (typeof value === "string" ? day(value) : number(value));

const SMALL = { width: 180, height: 48 };

/** What one boost by number does, small: percent over the share of products. */
export function NumericEffect({ effect }) {
  const { quantiles, known, problem } = effect;
  if (problem || !quantiles?.length) return <p class="hint">{problem ?? "No product has this number."}</p>;
  const values = quantiles.map((point) => point.percent);
  const x = scale(0, 1, 2, SMALL.width - 2);
  const y = scale(Math.min(0, ...values), Math.max(0, ...values) || 1, SMALL.height - 4, 4);
  const [first, last] = [quantiles[0], quantiles.at(-1)];
  return (
    <figure class="small-chart">
      <svg
        viewBox={`0 0 ${SMALL.width} ${SMALL.height}`}
        width={SMALL.width}
        height={SMALL.height}
        role="img"
        aria-label={`From ${signedPercent(first.percent)} at ${valueText(first.value)} to ${signedPercent(last.percent)} at ${valueText(last.value)}`}
      >
        <line class="axis" x1="2" x2={SMALL.width - 2} y1={y(0)} y2={y(0)} />
        <path class="line" d={pathOf(quantiles, x, y)} />
      </svg>
      <figcaption class="hint">
        {valueText(first.value)} to {valueText(last.value)}; {counted(known, "product has", "products have")} it
      </figcaption>
    </figure>
  );
}
