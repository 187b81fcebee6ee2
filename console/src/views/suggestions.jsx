// Suggestions that are pinned and blocked.

import { useEffect, useState } from "preact/hooks";
import { call, inIndex } from "../core/api.js";
import { useEditable, useLoaded } from "../core/drafts.js";
import { compact } from "../core/json.js";
import { go, to } from "../core/route.js";
import { Button, Field, IconButton, TextInput, Tokens } from "../parts/controls.jsx";
import { Loading, Note, Problem, SaveBar } from "../parts/notices.jsx";
import { Marked } from "../parts/product.jsx";

function endpoints(index) {
  const path = inIndex(index, "suggestions");
  return { read: () => call("GET", path), write: (body, version) => call("PUT", path, { body, version }) };
}

const LISTS = [
  ["blocked", "Blocked texts", "Not suggested, nor is what has the same words in another order or number."],
  ["blocked_words", "Blocked words", "No suggestion has one of these words."],
  [
    "allowed_words",
    "Allowed words",
    "Words of the built-in list of offensive words that may be suggested all the same.",
  ],
];

export function SuggestionsView({ index, params }) {
  const { read, write } = endpoints(index);
  const editable = useEditable(`${index}.suggestions`, read, write);
  const lists = editable.value;
  const asked = params.get("pin");
  useEffect(() => {
    if (!asked || !lists) return;
    if (!lists.pinned.some(({ text }) => text === asked))
      editable.set({ ...lists, pinned: [...lists.pinned, { text: asked }] });
    go(to(index, "suggestions"), { replace: true });
  }, [asked, lists === undefined]);
  if (!lists)
    return (
      <div class="page">{editable.error ? <Problem error={editable.error} retry={editable.load} /> : <Loading />}</div>
    );
  const isWhole = lists.pinned.every(({ text }) => text.trim());
  return (
    <div class="page split">
      <header class="page-head">
        <div>
          <h1>Suggestions</h1>
          <p class="muted">What is completed while shoppers type. Pinned ones stand first.</p>
        </div>
      </header>
      <div class="split-main">
        <Pinned pinned={lists.pinned} onPinned={(pinned) => editable.set({ ...lists, pinned })} />
        {LISTS.map(([name, title, hint]) => (
          <section class="panel" key={name}>
            <Field label={title} hint={hint} wide>
              {(id) => (
                <Tokens
                  id={id}
                  label={title}
                  values={lists[name]}
                  placeholder="Type, then Enter"
                  onValues={(values) => editable.set({ ...lists, [name]: values })}
                />
              )}
            </Field>
          </section>
        ))}
        <SaveBar editable={editable} what="Suggestions" isInvalid={!isWhole} />
      </div>
      <div class="split-side">
        <TryOut index={index} version={editable.version} isDirty={editable.isDirty} />
      </div>
    </div>
  );
}

function Pinned({ pinned, onPinned }) {
  const set = (place, part) =>
    onPinned(
      pinned
        .map((old, at) => (at === place ? compact({ ...old, ...part, text: part.text ?? old.text ?? "" }) : old))
        .map((one) => ({ text: "", ...one })),
    );
  const up = (place) => {
    const next = [...pinned];
    [next[place - 1], next[place]] = [next[place], next[place - 1]];
    onPinned(next);
  };
  return (
    <section class="panel" aria-label="Pinned suggestions">
      <header class="panel-head">
        <h2>Pinned</h2>
        <span class="muted">without “when typed”, also in the empty search box</span>
      </header>
      <ul class="rows">
        {pinned.map(({ text, when }, place) => (
          <li key={place}>
            <TextInput
              aria-label={`Pinned text ${place + 1}`}
              placeholder="summer sandals"
              value={text}
              onValue={(next) => set(place, { text: next })}
              spellcheck
            />
            <TextInput
              aria-label={`When this is typed (${place + 1})`}
              placeholder="when typed, such as sa"
              value={when ?? ""}
              onValue={(next) => set(place, { when: next })}
            />
            <IconButton icon="up" label={`Move “${text}” up`} disabled={place === 0} onClick={() => up(place)} />
            <IconButton
              icon="close"
              label={`Remove “${text}”`}
              onClick={() => onPinned(pinned.filter((_, at) => at !== place))}
            />
          </li>
        ))}
      </ul>
      <Button kind="quiet small" icon="plus" onClick={() => onPinned([...pinned, { text: "" }])}>
        Pin a suggestion
      </Button>
    </section>
  );
}

/** The suggestions that shoppers get now. */
function TryOut({ index, version, isDirty }) {
  const [q, setQ] = useState("");
  const { data, error } = useLoaded(
    async (signal) =>
      (await call("GET", `${inIndex(index, "suggest")}?q=${encodeURIComponent(q)}&limit=10&explain=true`, { signal }))
        .data,
    [index, q, version],
    120,
  );
  return (
    <section class="panel" aria-label="Try it out">
      <header class="panel-head">
        <h2>Live now</h2>
      </header>
      <input
        type="search"
        aria-label="What a shopper types"
        placeholder="What a shopper types"
        value={q}
        maxLength={128}
        onInput={(event) => setQ(event.currentTarget.value)}
      />
      {isDirty && <Note icon="suggestions">The draft acts once it is saved.</Note>}
      <Problem error={error} />
      <ol class="try-list">
        {(data?.suggestions ?? []).map(({ text, kind, highlight, explain }, place) => (
          <li key={place}>
            <span>
              <Marked text={highlight ?? ""} />
              {!highlight && text}
            </span>
            <span class="muted">{explain?.source === "pinned" ? "pinned" : kind}</span>
          </li>
        ))}
        {data?.suggestions.length === 0 && <li class="muted">Nothing is suggested.</li>}
      </ol>
    </section>
  );
}
