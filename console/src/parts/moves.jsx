// What changes between two answers: columns with moves, findings, and queries that a draft changes.

import { call, inIndex } from "../core/api.js";
import { useLoaded } from "../core/drafts.js";
import { counted, number } from "../core/format.js";
import { compact } from "../core/json.js";
import { to } from "../core/route.js";
import { Chip } from "./controls.jsx";
import { Note, Problem } from "./notices.jsx";
import { Picture } from "./product.jsx";

/** How a product moved, as a sign and in words. */
export function Move({ move }) {
  if (!move) return null;
  const { before, after } = move;
  if (before === null) return <Chip kind="good">new</Chip>;
  if (after === null) return <Chip kind="bad">leaves</Chip>;
  const by = before - after;
  return (
    <Chip kind={by > 0 ? "good" : "bad"} title={`from ${before} to ${after}`}>
      <span aria-hidden="true">
        {by > 0 ? "▲" : "▼"} {Math.abs(by)}
      </span>
      <span class="unseen">
        {by > 0 ? "up" : "down"} by {Math.abs(by)}, from {before} to {after}
      </span>
    </Chip>
  );
}

function Column({ title, page, moves, isAfter }) {
  return (
    <section class="column">
      <h3>
        {title} <span class="muted">{counted(page.total, "product")}</span>
      </h3>
      <ol class="compact-list">
        {page.hits.map(({ id, product }, place) => {
          const move = moves.get(id);
          const state = !move
            ? ""
            : isAfter
              ? move.before === null
                ? "entered"
                : "moved"
              : move.after === null
                ? "left"
                : "";
          return (
            <li key={id} class={state}>
              <span class="rank">{place + 1}</span>
              <Picture product={product} color={product.color} />
              <span class="compact-title">{product.title}</span>
              {isAfter || move?.after === null ? <Move move={move} /> : null}
            </li>
          );
        })}
        {page.hits.length === 0 && <li class="muted">Nothing is found.</li>}
      </ol>
    </section>
  );
}

/** How much moves, in words. */
export function movesText(moves) {
  const entered = moves.filter(({ before }) => before === null).length;
  const left = moves.filter(({ after }) => after === null).length;
  const moved = moves.length - entered - left;
  const parts = [
    moved && counted(moved, "product moves", "products move"),
    entered && `${number(entered)} come in`,
    left && `${number(left)} leave the page`,
  ].filter(Boolean);
  return parts.length ? `${parts.join(", ")}.` : "Nothing moves for this query.";
}

/** The answers side by side. */
export function BeforeAfter({ result, titles = ["Before", "After"] }) {
  const moves = new Map(result.moves.map((move) => [move.id, move]));
  return (
    <div class="columns">
      <Column title={titles[0]} page={result.before} moves={moves} />
      <Column title={titles[1]} page={result.after} moves={moves} isAfter />
    </div>
  );
}

/** Findings about rules; `about` leaves those out that do not concern a rule. */
export function Findings({ report, about }) {
  const findings = (report?.findings ?? []).filter(({ rules }) => !about || rules.includes(about));
  if (findings.length === 0) return null;
  return (
    <ul class="findings" aria-label="Conflicts">
      {findings.map(({ kind, message, hint }) => (
        <li key={kind + message}>
          <Note kind="warn" icon="warn">
            {message}
            {hint ? <span class="muted"> — {hint}</span> : null}
          </Note>
        </li>
      ))}
    </ul>
  );
}

const QUERIES_MAX = 50;
const PAUSE_MS = 600;

/** The recent queries that a draft changes most. Nothing where the server does not know the call. */
export function ChangedQueries({ index, draft }) {
  const { data, error, isLoading } = useLoaded(
    async (signal) => {
      const path = `${inIndex(index, "rules", "preview", "queries")}`;
      return (await call("POST", path, { body: { ...draft, limit: QUERIES_MAX }, signal })).data;
    },
    [index, JSON.stringify(draft)],
    PAUSE_MS,
  );
  const isUnknown = error?.status === 404 || error?.isUnknownCall;
  if (isUnknown || (!data && !error)) return null;
  return (
    <section class="changed-queries" aria-busy={isLoading}>
      <h3>Recent queries that this draft changes</h3>
      <Problem error={error} />
      {data && (
        <>
          <p class="muted">
            {counted(data.changed, "query", "queries")} of the {number(data.tried)} most frequent of late.
          </p>
          {data.queries.length > 0 && <QueriesTable index={index} queries={data.queries} />}
        </>
      )}
    </section>
  );
}

function QueriesTable({ index, queries }) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Changed queries">
      <table>
        <thead>
          <tr>
            <th>Query</th>
            <th class="number">Searches</th>
            <th class="number">Moves</th>
            <th class="number">From place</th>
            <th class="number">Found</th>
          </tr>
        </thead>
        <tbody>
          {queries.map(
            ({ q, searches, moves, entered, left, first_changed: first, total_before: before, total_after: after }) => (
              <tr key={q}>
                <td>
                  <a href={to(index, "search", "", { q })}>{q || "(empty)"}</a>
                </td>
                <td class="number">{number(searches)}</td>
                <td class="number">
                  {number(typeof moves === "number" ? moves : (moves?.length ?? 0))}
                  {entered ? `, ${entered} in` : ""}
                  {left ? `, ${left} out` : ""}
                </td>
                <td class="number">{first ?? "–"}</td>
                <td class="number">{before === after ? number(after) : `${number(before)} → ${number(after)}`}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** Tries a draft on a query: the search of the draft's preview, with who searches it. */
export function usePreview(index, draft, search, pause_ms = 250) {
  return useLoaded(
    async (signal) => {
      if (!draft) return null;
      return (await call("POST", inIndex(index, "rules", "preview"), { body: { ...draft, search }, signal })).data;
    },
    [index, JSON.stringify(draft), JSON.stringify(search)],
    pause_ms,
  );
}

/** A query field with the preview of a draft below. */
export function PreviewPanel({ index, draft, q, onQ, shopper, onShopper, contexts = [], category, about, children }) {
  const filters = category ? { category: [category] } : null;
  const search = compact({ q, per_page: 12, shopper, contexts, filters });
  const { data, error, isLoading } = usePreview(index, draft, search);
  return (
    <section class="panel preview" aria-label="Preview">
      <div class="preview-bar">
        <label class="grow">
          <span>Preview on the query</span>
          <input type="search" value={q} onInput={(event) => onQ(event.currentTarget.value)} />
        </label>
        <label>
          <span>as shopper</span>
          <input
            type="text"
            value={shopper}
            placeholder="nobody"
            onInput={(event) => onShopper(event.currentTarget.value)}
          />
        </label>
      </div>
      {children}
      <Problem error={error} />
      {!draft && <p class="muted">Complete the draft to see what it changes.</p>}
      {draft && data && (
        <div aria-busy={isLoading}>
          <p class="preview-sum" role="status">
            {movesText(data.moves)}
          </p>
          {data.after.redirect && (
            <Note icon="shop">
              Shoppers are sent to <strong>{data.after.redirect}</strong>.
            </Note>
          )}
          {data.after.query.rewritten && (
            <Note icon="search">
              Searched for instead: <strong>{data.after.query.rewritten}</strong>
            </Note>
          )}
          {data.after.banners.map((content, place) => (
            <Banner key={place} content={content} />
          ))}
          {about && <Findings report={data.conflicts} about={about} />}
          <BeforeAfter result={data} titles={["Live now", "With this draft"]} />
          <ChangedQueries index={index} draft={contexts.length ? { ...draft, contexts } : draft} />
        </div>
      )}
    </section>
  );
}

/** A banner as text, whatever is written in it. */
export function Banner({ content }) {
  const text =
    typeof content === "string"
      ? content
      : (content?.text ?? content?.title ?? content?.message ?? JSON.stringify(content));
  return (
    <Note icon="shop">
      <span class="muted">Banner: </span>
      {String(text)}
    </Note>
  );
}
