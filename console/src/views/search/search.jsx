// Searching as any shopper, and putting results where they belong.

import { useEffect, useState } from "preact/hooks";
import { call, inIndex } from "../../core/api.js";
import { useCell } from "../../core/cell.js";
import { useLoaded } from "../../core/drafts.js";
import { counted } from "../../core/format.js";
import { go, to } from "../../core/route.js";
import { look } from "../../core/search.js";
import { Button, Choice } from "../../parts/controls.jsx";
import { Banner, BeforeAfter } from "../../parts/moves.jsx";
import { Empty, Loading, Note, Problem } from "../../parts/notices.jsx";
import { queryDraft } from "./draft.js";
import { DraftPanel } from "./draft-panel.jsx";
import { Results } from "./results.jsx";
import { SearchForm } from "./form.jsx";

const PER_PAGE = 20;

/** What the address says of the search. */
export function asked(params) {
  const strength = Number(params.get("personalize") ?? 1);
  return {
    q: params.get("q") ?? "",
    shopper: params.get("shopper") ?? "",
    session: params.get("session") ?? "",
    contexts: (params.get("contexts") ?? "").split(",").filter(Boolean),
    personalize: Number.isFinite(strength) ? Math.min(1, Math.max(0, strength)) : 1,
    mode: params.get("mode") ?? "hybrid",
    page: Math.max(1, Number.parseInt(params.get("page"), 10) || 1),
    show: params.get("show") ?? "list",
  };
}

/** As the address has it: what is as usual is left out. */
const written = ({ contexts, personalize, mode, page, show, ...others }) => ({
  ...others,
  contexts: contexts.join(","),
  personalize: personalize === 1 ? "" : String(personalize),
  mode: mode === "hybrid" ? "" : mode,
  page: page === 1 ? "" : String(page),
  show: show === "list" ? "" : show,
});

function bodyOf(wish) {
  const { q, shopper, session, contexts, personalize, mode, page } = wish;
  return {
    q,
    personalize,
    mode,
    page,
    per_page: PER_PAGE,
    explain: true,
    ...(shopper ? { shopper } : {}),
    ...(session ? { session } : {}),
    ...(contexts.length ? { contexts } : {}),
  };
}

/** Asks for the answer, or for two of them: `{page, result, titles}`. */
async function ask(index, wish, draft, signal) {
  const body = bodyOf(wish);
  if (draft && draft.rule.then.length > 0) {
    const rules = { [draft.id]: draft.rule };
    const { data } = await call("POST", inIndex(index, "rules", "preview"), { body: { rules, search: body }, signal });
    return { page: data.after, result: data, titles: ["Live now", "With this draft"], isDraft: true };
  }
  if (wish.show === "compare" && (wish.shopper || wish.session)) {
    const { shopper, session, personalize, explain, ...search } = body;
    const after = { ...(shopper ? { shopper } : {}), ...(session ? { session } : {}), personalize };
    const { data } = await call("POST", inIndex(index, "search", "compare"), {
      body: { search, before: {}, after },
      signal,
    });
    return { page: data.after, result: data, titles: ["Nobody", shopper || session] };
  }
  return { page: await look(index, body, signal), result: null };
}

export function SearchView({ index, params }) {
  const wish = asked(params);
  const draft = useCell(queryDraft(index));
  const [saved, setSaved] = useState(0);
  const change = (part) =>
    go(to(index, "search", "", written({ ...wish, page: 1, ...part })), {
      replace: !("page" in part || "show" in part),
    });
  const live = draft?.rule.then.length ? draft : null;
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => ask(index, wish, live, signal),
    [index, JSON.stringify(bodyOf(wish)), wish.show, JSON.stringify(live && [live.id, live.rule]), saved],
    180,
  );
  useEffect(() => {
    document.title = `${wish.q || "Search"} · Vitrine console`;
  }, [wish.q]);
  const known = wish.shopper || wish.session;
  const shows = data?.result
    ? [
        ["list", "List"],
        ["compare", "Before and after"],
      ]
    : [
        ["list", "List"],
        ["compare", "Compare with nobody"],
      ];
  return (
    <div class={draft ? "search-view with-draft" : "search-view"}>
      <div class="search-main" aria-busy={isLoading}>
        <h1 class="unseen">Search</h1>
        <SearchForm index={index} wish={wish} onChange={change} />
        <div class="result-bar">
          <p role="status" class="total">
            {data ? counted(data.page.total, "product") : ""}
            {isLoading && <span class="muted"> …</span>}
            {data && <span class="muted took"> {data.page.took_ms.toFixed(0)} ms</span>}
          </p>
          {(known || live) && (
            <Choice
              label="How results are shown"
              value={wish.show}
              onValue={(show) => change({ show, page: wish.page })}
              options={shows}
            />
          )}
        </div>
        <Problem error={error} retry={reload} />
        {data && (
          <Answer
            index={index}
            wish={wish}
            data={data}
            onPage={(page) => change({ page })}
            onQuery={(q) => change({ q })}
          />
        )}
        {!data && !error && <Loading what="Searching" />}
      </div>
      {draft && (
        <DraftPanel
          index={index}
          draft={draft}
          q={wish.q}
          report={data?.isDraft ? data.result.conflicts : null}
          moves={data?.isDraft ? data.result.moves : null}
          onDone={() => setSaved(saved + 1)}
        />
      )}
    </div>
  );
}

/** What the server made of the query. */
function Understood({ query, onQuery }) {
  const { understood = [], corrected, relaxed, rewritten, tier, suggestions = [] } = query;
  const named = understood.filter(({ kind }) => kind !== "word");
  return (
    <div class="understood">
      {corrected && (
        <Note icon="search">
          Corrected to <strong>{corrected}</strong>
        </Note>
      )}
      {rewritten && (
        <Note icon="rules">
          A rule searches for <strong>{rewritten}</strong>
        </Note>
      )}
      {relaxed && <Note icon="search">Not every word could be met: {relaxed}</Note>}
      {tier === "meaning" && <Note icon="search">No product has these words; these are alike in meaning.</Note>}
      {suggestions.length > 0 && (
        <Note icon="search">
          Try{" "}
          {suggestions.map((text) => (
            <button key={text} type="button" class="link" onClick={() => onQuery(text)}>
              {text}
            </button>
          ))}
        </Note>
      )}
      {named.length > 0 && (
        <p class="chips" aria-label="Understood as">
          {named.map(({ kind, text, value, field }) => (
            <span class="chip" key={kind + text}>
              <span class="muted">{field ?? kind}</span> {String(value ?? text)}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

function Answer({ index, wish, data, onPage, onQuery }) {
  const { page, result, titles } = data;
  const pages = Math.ceil(page.total / PER_PAGE);
  return (
    <>
      <Understood query={page.query} onQuery={onQuery} />
      {page.redirect && (
        <Note icon="shop">
          A rule sends shoppers to <strong>{page.redirect}</strong>
        </Note>
      )}
      {page.banners.map((content, place) => (
        <Banner key={place} content={content} />
      ))}
      {wish.show === "compare" && result ? (
        <BeforeAfter result={result} titles={titles} />
      ) : (
        <Results index={index} q={wish.q} page={page} moves={result?.moves} />
      )}
      {page.total === 0 && (
        <Empty title="Nothing is found">
          <a href={to(index, "synonyms", "", { add: wish.q })}>Make a synonym</a> for “{wish.q}”, or pin a product to
          it.
        </Empty>
      )}
      {pages > 1 && (
        <nav class="pages" aria-label="Pages">
          <Button disabled={wish.page <= 1} onClick={() => onPage(wish.page - 1)}>
            Previous
          </Button>
          <span>
            Page {wish.page} of {pages}
          </span>
          <Button disabled={wish.page >= pages} onClick={() => onPage(wish.page + 1)}>
            Next
          </Button>
        </nav>
      )}
    </>
  );
}
