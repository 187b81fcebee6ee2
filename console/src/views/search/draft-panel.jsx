// The draft beside the results: its actions, its condition, what it changes, save or discard.

import { useState } from "preact/hooks";
import { call, demandFreeName, inIndex } from "../../core/api.js";
import { merge } from "../../core/json.js";
import { go, to } from "../../core/route.js";
import { Button, Chip, Field, IconButton, NumberInput, Select, TextInput } from "../../parts/controls.jsx";
import { filterText } from "../../parts/filter.jsx";
import { Icon } from "../../parts/icons.jsx";
import { ChangedQueries, Findings, movesText } from "../../parts/moves.jsx";
import { Note, Problem, say } from "../../parts/notices.jsx";
import { ProductFinder, useProducts } from "../../parts/product.jsx";
import { draftOf } from "../../core/drafts.js";
import { actionText } from "../rules/words.js";
import { MATCHES, changeDraft, matchOf, pinned, productOf, queryDraft } from "./draft.js";

/** Saves the draft; a clash keeps it and says who came first. */
function useSaving(index, draft, onDone) {
  const [state, setState] = useState({ error: null, clash: null, merged: null, isBusy: false });
  const cell = queryDraft(index);
  const path = inIndex(index, "rules", draft.id);
  const save = async () => {
    setState({ error: null, clash: null, merged: null, isBusy: true });
    try {
      if (draft.isNew) await demandFreeName(index, draft.id);
      const { version } = await call("PUT", path, { body: draft.rule, version: draft.version });
      cell.set(null);
      say(`Rule “${draft.id}” saved: version ${version}`);
      onDone();
    } catch (error) {
      setState({
        error: error.isClash ? null : error,
        clash: error.isClash ? error : null,
        merged: null,
        isBusy: false,
      });
    }
  };
  const takeIn = async () => {
    try {
      const { data, version } = await call("GET", inIndex(index, "rules"));
      const found = data.rules.find(({ id }) => id === draft.id);
      const { id: _, ...theirs } = found ?? {};
      const { value, clashes } = found
        ? merge(draft.saved ?? {}, draft.rule, theirs)
        : { value: draft.rule, clashes: [] };
      cell.set({ ...draft, rule: value, saved: found ? theirs : null, isNew: !found, version });
      setState({ error: null, clash: null, merged: { clashes }, isBusy: false });
    } catch (error) {
      setState((old) => ({ ...old, error }));
    }
  };
  return { ...state, save, takeIn };
}

export function DraftPanel({ index, draft, q, report, moves, onDone }) {
  const { rule, id, isNew } = draft;
  const saving = useSaving(index, draft, onDone);
  // On a narrow screen it is a bar below the results until it is opened.
  const [isOpen, setOpen] = useState(false);
  const cell = queryDraft(index);
  const set = (part) => cell.set({ ...draft, rule: { ...rule, ...part } });
  const discard = () => {
    cell.set(null);
    say("Draft discarded");
  };
  const toEditor = () => {
    draftOf(`${index}.rule.${id}`).set({ base: draft.saved, version: draft.version, value: rule });
    cell.set(null);
    go(to(index, "rules", id));
  };
  return (
    <aside class={isOpen ? "panel draft-panel open" : "panel draft-panel"} aria-label="Draft rule">
      <header class="panel-head">
        <h2>Draft rule</h2>
        <Chip kind="warn">not live</Chip>
        <span class="grow" />
        <button
          type="button"
          class="icon-button draft-toggle"
          aria-expanded={isOpen}
          aria-controls="draft-body"
          aria-label="What the draft does"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="chevron" />
        </button>
      </header>
      <div class="draft-body" id="draft-body">
        {!isNew && (
          <Note icon="rules">
            Continues the rule <strong>{id}</strong>.
          </Note>
        )}
        {draft.q !== q && (
          <Note icon="search">
            It was begun for “{draft.q}”. <a href={to(index, "search", "", { q: draft.q })}>Back to that query</a>
          </Note>
        )}
        <Condition rule={rule} q={draft.q} onWhen={(when) => set({ when })} />
        {isNew && (
          <Field label="Name" hint="Letters, digits, - and _">
            {(field) => (
              <TextInput
                id={field}
                value={id}
                maxLength={64}
                onValue={(text) => cell.set({ ...draft, id: text.replace(/[^\w-]/g, "-") })}
              />
            )}
          </Field>
        )}
        <Actions index={index} rule={rule} onThen={(then) => set({ then })} />
        <ProductFinder
          index={index}
          label="Pin another product to the top"
          placeholder="Pin another product …"
          onFound={(product) => changeDraft(index, q, (actions) => pinned(actions, product.id, 1))}
        />
      </div>
      {moves && (
        <p role="status" class="preview-sum">
          {movesText(moves)}
        </p>
      )}
      <Findings report={report} about={id} />
      <Problem error={saving.error} />
      {saving.clash && (
        <div role="alert" class="clash">
          <Note kind="warn" icon="warn">
            <strong>Somebody else changed it.</strong> {saving.clash.message}. Your draft is kept.
            <div class="note-actions">
              <Button kind="primary" onClick={saving.takeIn}>
                Reload and reapply my draft
              </Button>
            </div>
          </Note>
        </div>
      )}
      {saving.merged && (
        <Note
          kind={saving.merged.clashes.length ? "warn" : "good"}
          icon={saving.merged.clashes.length ? "warn" : "check"}
        >
          {saving.merged.clashes.length ? (
            <>
              Both of you changed <code>{saving.merged.clashes.join(", ")}</code>: yours is shown.
            </>
          ) : (
            "Your draft now stands on the latest version."
          )}
        </Note>
      )}
      <div class="save-actions">
        <Button kind="quiet" onClick={toEditor}>
          More options
        </Button>
        <span class="grow" />
        <Button onClick={discard} disabled={saving.isBusy}>
          Discard
        </Button>
        <Button kind="primary" onClick={saving.save} disabled={saving.isBusy || rule.then.length === 0 || !id}>
          Save
        </Button>
      </div>
      {rule.then.length > 0 && <ChangedQueries index={index} draft={{ rules: { [id]: rule } }} />}
    </aside>
  );
}

function Condition({ rule, q, onWhen }) {
  const [kind, text] = matchOf(rule);
  const set = (nextKind, nextText) => {
    const { query: _, ...others } = rule.when;
    onWhen(nextKind === "always" ? others : { ...others, query: { [nextKind]: nextText } });
  };
  return (
    <fieldset class="condition">
      <legend>When the query</legend>
      <Select
        aria-label="How the query is compared"
        value={kind}
        onValue={(next) => set(next, text || q)}
        options={[...MATCHES, ["always", "is anything"]]}
      />
      {kind !== "always" && (
        <TextInput aria-label="Text of the query" value={text} onValue={(next) => set(kind, next)} />
      )}
    </fieldset>
  );
}

function Actions({ index, rule, onThen }) {
  const products = useProducts(index, rule.then.map(productOf).filter(Boolean));
  const order = rule.then
    .map((action, place) => ({ action, place }))
    .sort((one, other) => (one.action.position ?? 2_000) - (other.action.position ?? 2_000));
  const replace = (place, action) => onThen(rule.then.map((old, at) => (at === place ? action : old)));
  return (
    <ul class="draft-list" aria-label="What the draft does">
      {order.map(({ action, place }) => {
        const title =
          products.get(productOf(action))?.title ??
          productOf(action) ??
          (action.filter ? filterText(action.filter) : actionText(action));
        return (
          <li key={place}>
            <Amount action={action} title={title} onAction={(next) => replace(place, next)} />
            <span class="compact-title">{title}</span>
            <IconButton
              icon="close"
              label={`Take “${title}” out of the draft`}
              onClick={() => onThen(rule.then.filter((_, at) => at !== place))}
            />
          </li>
        );
      })}
      {order.length === 0 && <li class="muted">Nothing yet: drag a result, or use its menu.</li>}
    </ul>
  );
}

/** The number of an action: a position or a strength. */
function Amount({ action, title, onAction }) {
  if (action.do === "pin") {
    return (
      <span class="amount">
        pin{" "}
        <NumberInput
          aria-label={`Position of ${title}`}
          min={1}
          max={1_000}
          step={1}
          value={action.position}
          onValue={(position) => Number.isInteger(position) && position >= 1 && onAction({ ...action, position })}
        />
      </span>
    );
  }
  if (action.do === "boost" || action.do === "bury") {
    return (
      <span class="amount">
        {action.do}{" "}
        <NumberInput
          aria-label={`Percent for ${title}`}
          min={0}
          max={100}
          value={action.percent}
          onValue={(percent) => percent !== null && percent >= 0 && percent <= 100 && onAction({ ...action, percent })}
        />
        %
      </span>
    );
  }
  return <span class="amount">{action.do}</span>;
}
