// What shoppers search for, and what finds nothing.

import { useState } from "preact/hooks";
import { call, inIndex } from "../core/api.js";
import { useLoaded } from "../core/drafts.js";
import { ago, day, number } from "../core/format.js";
import { to } from "../core/route.js";
import { Choice } from "../parts/controls.jsx";
import { Empty, Loading, Note, Problem } from "../parts/notices.jsx";

const LIMIT = 100;

export function QueriesView({ index }) {
  const [order, setOrder] = useState("frequent");
  const { data, error, isLoading, reload } = useLoaded(
    async (signal) =>
      (await call("GET", `${inIndex(index, "queries")}?order=${order}&limit=${LIMIT}`, { signal })).data,
    [index, order],
  );
  const isUnknown = error?.isUnknownCall || error?.code === "unknown_route";
  return (
    <div class="page" aria-busy={isLoading}>
      <header class="page-head">
        <div>
          <h1>Queries</h1>
          <p class="muted">{data?.since ? `Counted since ${day(data.since)}.` : "What shoppers search for."}</p>
        </div>
        <Choice
          label="Which queries"
          value={order}
          onValue={setOrder}
          options={[
            ["frequent", "Most frequent"],
            ["without_result", "Without result"],
          ]}
        />
      </header>
      {isUnknown ? (
        <Note icon="queries">This server does not count queries: a newer one does.</Note>
      ) : (
        <Problem error={error} retry={reload} />
      )}
      {!data && !error && <Loading />}
      {data?.queries.length === 0 && (
        <Empty title={order === "frequent" ? "Nobody has searched yet" : "Every query finds something"} />
      )}
      {data?.queries.length > 0 && <Table index={index} queries={data.queries} />}
    </div>
  );
}

function Table({ index, queries }) {
  const most = Math.max(...queries.map(({ searches }) => searches), 1);
  return (
    <div class="table-frame panel" tabIndex={0} role="region" aria-label="Queries">
      <table class="queries">
        <thead>
          <tr>
            <th>Query</th>
            <th class="number">Searches</th>
            <th class="number">Without result</th>
            <th>Last</th>
            <th>Do something about it</th>
          </tr>
        </thead>
        <tbody>
          {queries.map(({ q, searches, without_result: empty, last_at: last }) => (
            <tr key={q}>
              <th scope="row">
                <a href={to(index, "search", "", { q })}>{q || "(empty)"}</a>
              </th>
              <td class="number">
                <span class="in-bar" style={{ "--size": `${(searches / most) * 100}%` }}>
                  {number(searches)}
                </span>
              </td>
              <td class={empty ? "number warned" : "number muted"}>{empty ? number(empty) : "–"}</td>
              <td class="muted">{ago(last)}</td>
              <td class="row-links">
                <a href={to(index, "synonyms", "", { add: q })}>Make a synonym</a>
                <a href={to(index, "suggestions", "", { pin: q })}>Pin as a suggestion</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
