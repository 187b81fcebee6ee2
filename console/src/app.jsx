// The frame around the views: where one can go, which index it is about, who one is.

import { useEffect, useRef, useState } from "preact/hooks";
import { key } from "./core/api.js";
import { useCell } from "./core/cell.js";
import { drafts, dropDrafts } from "./core/drafts.js";
import { go, route, to } from "./core/route.js";
import { begin, opens, session, signOut } from "./core/session.js";
import { following, theme } from "./core/theme.js";
import { Button, Chip, Field, IconButton, Select } from "./parts/controls.jsx";
import { Icon } from "./parts/icons.jsx";
import { Loading, Note, Problem, Toasts } from "./parts/notices.jsx";
import { BoostsView } from "./views/boosts/boosts.jsx";
import { HistoryView } from "./views/history.jsx";
import { KeysView } from "./views/keys.jsx";
import { QueriesView } from "./views/queries.jsx";
import { RulesView } from "./views/rules/rules.jsx";
import { SearchView } from "./views/search/search.jsx";
import { SignIn } from "./views/sign-in.jsx";
import { SuggestionsView } from "./views/suggestions.jsx";
import { SynonymsView } from "./views/synonyms.jsx";

const VIEWS = [
  { name: "search", title: "Search", scope: "search", draft: "query-rule", View: SearchView },
  { name: "rules", title: "Rules", scope: "merchandise", draft: "rule.", View: RulesView },
  { name: "boosts", title: "Boosts", scope: "merchandise", draft: "boosts", View: BoostsView },
  { name: "queries", title: "Queries", scope: "merchandise", View: QueriesView },
  { name: "synonyms", title: "Synonyms", scope: "catalog", draft: "synonyms", View: SynonymsView },
  { name: "suggestions", title: "Suggestions", scope: "merchandise", draft: "suggestions", View: SuggestionsView },
  { name: "history", title: "History", scope: "merchandise", or: "catalog", View: HistoryView },
  { name: "keys", title: "Keys", scope: "admin", View: KeysView },
];

const mayOpen = (own, { scope, or = scope }) => opens(own, scope) || opens(own, or);

const viewOf = (name) => VIEWS.find((view) => view.name === name) ?? VIEWS[0];

export function App() {
  const { state, problem, own, indexes } = useCell(session);
  return (
    <>
      {state === "starting" && (
        <main class="door">
          <Loading what="Opening the console" />
        </main>
      )}
      {state === "signed-out" && <SignIn problem={problem} />}
      {state === "unreachable" && (
        <main class="door">
          <Problem error={problem} retry={begin} />
        </main>
      )}
      {state === "ready" && <Frame own={own} indexes={indexes} />}
      <Toasts />
    </>
  );
}

function Frame({ own, indexes }) {
  const place = useCell(route);
  const view = viewOf(place.view);
  const index = place.index || indexes[0] || "";
  const main = useRef(null);
  useEffect(() => {
    if (index && (!place.index || place.view !== view.name)) go(to(index, view.name), { replace: true });
  }, [place.index, place.view, index]);
  useEffect(() => {
    document.title = `${view.title} · Vitrine console`;
    scrollTo(0, 0);
  }, [view.name, index, place.thing]);
  const { View } = view;
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Side own={own} index={index} indexes={indexes} view={view} />
      <main id="main" ref={main} tabIndex={-1}>
        {!index && <PickIndex />}
        {index && !mayOpen(own, view) && (
          <Note kind="warn" icon="keys">
            Your key does not open this: it lacks the scope <strong>{view.scope}</strong>.
          </Note>
        )}
        {index && mayOpen(own, view) && (
          <View key={index} index={index} indexes={indexes} thing={place.thing} params={place.params} own={own} />
        )}
      </main>
    </div>
  );
}

function Side({ own, index, indexes, view }) {
  const [isOpen, setOpen] = useState(false);
  const unsaved = useCell(drafts);
  const hasDraft = ({ draft }) => draft && unsaved.some((name) => name.startsWith(`${index}.${draft}`));
  useEffect(() => setOpen(false), [view.name, index]);
  return (
    <header class={isOpen ? "side open" : "side"}>
      <div class="side-top">
        <a class="wordmark" href={to(index, "search")}>
          Vitrine
        </a>
        <button
          type="button"
          class="icon-button menu-button"
          aria-expanded={isOpen}
          aria-controls="side-body"
          aria-label="Menu"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="menu" />
        </button>
      </div>
      <div class="side-body" id="side-body">
        {indexes.length > 1 ? (
          <Field label="Index">
            {(id) => (
              <Select
                id={id}
                value={index}
                onValue={(name) => go(to(name, view.name))}
                options={indexes.map((name) => [name, name])}
              />
            )}
          </Field>
        ) : (
          <p class="one-index">
            <span class="muted">Index</span> {index}
          </p>
        )}
        <nav aria-label="Console">
          <ul>
            {VIEWS.map((entry) => (
              <li key={entry.name}>
                <a
                  href={to(index, entry.name)}
                  aria-current={entry.name === view.name ? "page" : undefined}
                  class={mayOpen(own, entry) ? "" : "locked"}
                >
                  <Icon name={entry.name} />
                  {entry.title}
                  {hasDraft(entry) && (
                    <span class="draft-dot" title="A draft, not saved">
                      <span class="unseen">, draft not saved</span>
                    </span>
                  )}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Who own={own} />
      </div>
    </header>
  );
}

const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };

function Who({ own }) {
  const now = useCell(theme);
  const isOpenServer = own.assumed || !own.id;
  const leave = () => {
    dropDrafts();
    signOut();
  };
  return (
    <div class="who">
      <p class="who-name">{own.name || (isOpenServer ? "Development" : own.id)}</p>
      <p class="chips">
        {own.scopes.map((scope) => (
          <Chip key={scope}>{scope}</Chip>
        ))}
      </p>
      <div class="who-tools">
        <IconButton
          icon={THEME_ICONS[now]}
          label={`Theme: ${now}. Change to ${following(now)}`}
          onClick={() => theme.set(following(now))}
        />
        <a class="icon-button" href="/" aria-label="Storefront" title="Storefront">
          <Icon name="shop" />
        </a>
        {key.get() && <IconButton icon="leave" label="Sign out" onClick={leave} />}
      </div>
    </div>
  );
}

function PickIndex() {
  const [name, setName] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (name.trim()) go(to(name.trim(), "search"));
  };
  return (
    <form class="page narrow" onSubmit={submit}>
      <h1>Which index?</h1>
      <p class="muted">Your key may not list the indexes, or there are none yet.</p>
      <Field label="Name of the index">
        {(id) => <input id={id} type="text" value={name} onInput={(event) => setName(event.currentTarget.value)} />}
      </Field>
      <Button kind="primary" type="submit">
        Open
      </Button>
    </form>
  );
}
