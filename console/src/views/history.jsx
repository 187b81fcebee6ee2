// Versions of the settings: who changed what and when, and the way back.

import { useState } from "preact/hooks";
import { call, inIndex } from "../core/api.js";
import { useLoaded, usePath } from "../core/drafts.js";
import { ago, counted, dateTime } from "../core/format.js";
import { differences, readable } from "../core/json.js";
import { go, to } from "../core/route.js";
import { Button, Chip } from "../parts/controls.jsx";
import { Confirm } from "../parts/dialog.jsx";
import { Empty, Loading, Problem, say } from "../parts/notices.jsx";

const PER_CALL = 30;
const PATHS_SHOWN = 3;

export function HistoryView({ index, thing }) {
  const [reach, setReach] = useState(PER_CALL);
  const [turn, setTurn] = useState(0);
  const { data, error, reload } = useLoaded(
    async (signal) => {
      const list = [];
      let before = null;
      do {
        const path = `${inIndex(index, "settings", "versions")}?limit=${PER_CALL}${before ? `&before=${before}` : ""}`;
        const { data: page } = await call("GET", path, { signal });
        list.push(...page.versions);
        before = page.next_before ?? null;
      } while (before && list.length < reach);
      return { list, hasMore: Boolean(before) };
    },
    [index, reach, turn],
  );
  const latest = data?.list[0]?.version;
  const chosen = Number(thing) || latest;
  return (
    <div class="page split history">
      <header class="page-head">
        <div>
          <h1>History</h1>
          <p class="muted">Every change of rules, boosts, suggestions and settings. Nothing is ever lost.</p>
        </div>
      </header>
      <div class="split-main">
        <Problem error={error} retry={reload} />
        {!data && !error && <Loading />}
        {data && (
          <ol class="versions" aria-label="Versions, the latest first">
            {data.list.map((version) => (
              <li key={version.version}>
                <a
                  href={to(index, "history", String(version.version))}
                  aria-current={version.version === chosen ? "true" : undefined}
                >
                  <span class="version-number">{version.version}</span>
                  <span class="version-text">
                    <span>{version.paths_total ? summary(version) : "The beginning"}</span>
                    <span class="muted">
                      {version.by ? `${version.by} · ` : ""}
                      {version.at ? (
                        <time dateTime={version.at} title={dateTime(version.at)}>
                          {ago(version.at)}
                        </time>
                      ) : (
                        ""
                      )}
                    </span>
                  </span>
                  {version.version === latest && <Chip kind="good">live</Chip>}
                </a>
              </li>
            ))}
          </ol>
        )}
        {data?.hasMore && <Button onClick={() => setReach(reach + PER_CALL)}>Older versions</Button>}
      </div>
      <div class="split-side">
        {chosen && (
          <VersionPanel
            index={index}
            number={chosen}
            latest={latest}
            onRestored={() => setTurn(turn + 1)}
            key={`${chosen}-${latest}`}
          />
        )}
      </div>
    </div>
  );
}

const words = (path) =>
  path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** What a version changed, such as "rules › spring". */
function summary({ paths, paths_total: total }) {
  const things = [...new Set(paths.map((path) => words(path).slice(0, 2).join(" › ")))];
  const shown = things.slice(0, PATHS_SHOWN).join(", ");
  return things.length > PATHS_SHOWN ? `${shown} and more (${total})` : shown;
}

const asText = (value) => (value === undefined ? "—" : typeof value === "string" ? value : readable(value));

/** Changes, one after the other: where, what was there, what is. */
export function Changes({ changes }) {
  return (
    <ul class="changes">
      {changes.map(({ path, before, after }) => (
        <li key={path}>
          <p class="change-path">{words(path).join(" › ") || "everything"}</p>
          {before !== undefined && before !== null && (
            <pre class="before" tabIndex={0} aria-label="Before">
              {asText(before)}
            </pre>
          )}
          {after !== undefined && after !== null && (
            <pre class="after" tabIndex={0} aria-label="After">
              {asText(after)}
            </pre>
          )}
        </li>
      ))}
    </ul>
  );
}

function VersionPanel({ index, number, latest, onRestored }) {
  const { data, error } = usePath(inIndex(index, "settings", "versions", number));
  const [asks, setAsks] = useState(false);
  return (
    <section class="panel" aria-label={`Version ${number}`}>
      <header class="panel-head">
        <h2>Version {number}</h2>
        {data && number !== latest && (
          <Button kind="primary" icon="history" onClick={() => setAsks(true)}>
            Roll back to this
          </Button>
        )}
      </header>
      <Problem error={error} />
      {!data && !error && <Loading />}
      {data && (
        <p class="muted">
          {data.at ? dateTime(data.at) : ""}
          {data.by ? ` by ${data.by}` : ""}
        </p>
      )}
      {data?.changes.length > 0 && <Changes changes={data.changes} />}
      {data?.changes.length === 0 && (
        <Empty title={number === 1 ? "The index was made with the defaults" : "It changed nothing"} />
      )}
      {asks && (
        <RollBack
          index={index}
          number={number}
          latest={latest}
          target={data.settings}
          onClose={() => setAsks(false)}
          onDone={onRestored}
        />
      )}
    </section>
  );
}

function RollBack({ index, number, latest, target, onClose, onDone }) {
  const [refused, setRefused] = useState(null);
  const { data, error } = usePath(inIndex(index, "settings", "versions", latest));
  const changes = data ? differences(data.settings, target).filter(({ path }) => path !== "/version") : null;
  const restore = async () => {
    try {
      const { version } = await call("POST", inIndex(index, "settings", "versions", number, "restore"), {
        version: latest,
      });
      say(`Back to version ${number}, as version ${version}`);
      onClose();
      go(to(index, "history"));
      onDone();
    } catch (problem) {
      setRefused(problem);
    }
  };
  return (
    <Confirm
      title={`Roll back to version ${number}?`}
      action="Roll back"
      kind="primary"
      onConfirm={restore}
      onClose={onClose}
      error={
        <RollBackProblem
          error={error ?? refused}
          onReload={() => {
            onClose();
            onDone();
          }}
        />
      }
    >
      <p>The settings become again what they were, as a new version. Searches follow at once.</p>
      {changes && (
        <p>
          <strong>{counted(changes.length, "thing changes", "things change")}</strong> against what is live:
        </p>
      )}
      {changes && <Changes changes={changes} />}
    </Confirm>
  );
}

function RollBackProblem({ error, onReload }) {
  if (!error?.isClash) return <Problem error={error} />;
  return (
    <div role="alert" class="note warn">
      <div>
        <strong>Somebody else changed it.</strong> {error.message}.{" "}
        <button type="button" class="link" onClick={onReload}>
          Look again
        </button>
      </div>
    </div>
  );
}
