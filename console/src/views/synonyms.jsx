// Words that stand for one another.

import { useEffect, useState } from "preact/hooks";
import { call, inIndex } from "../core/api.js";
import { useEditable } from "../core/drafts.js";
import { go, to } from "../core/route.js";
import { Button, IconButton, Tokens } from "../parts/controls.jsx";
import { Empty, Loading, Note, Problem, SaveBar } from "../parts/notices.jsx";

function endpoints(index) {
  const path = inIndex(index, "settings");
  const answer = ({ data, version }) => ({ data: data.synonyms, version });
  return {
    read: async () => answer(await call("GET", path)),
    write: async (synonyms, version) => answer(await call("PUT", path, { body: { synonyms }, version })),
  };
}

const isGroup = Array.isArray;
const wordsOf = (entry) => (isGroup(entry) ? entry : [entry.from, ...entry.to]);
const isWhole = (entry) => (isGroup(entry) ? entry.length >= 2 : Boolean(entry.from?.trim()) && entry.to.length > 0);

export function SynonymsView({ index, params }) {
  const { read, write } = endpoints(index);
  const editable = useEditable(`${index}.synonyms`, read, write);
  const [text, setText] = useState("");
  const asked = params.get("add");
  const synonyms = editable.value;
  useEffect(() => {
    if (!asked || !synonyms) return;
    editable.set([[asked], ...synonyms]);
    go(to(index, "synonyms"), { replace: true });
  }, [asked, synonyms === undefined]);
  if (!synonyms)
    return (
      <div class="page">{editable.error ? <Problem error={editable.error} retry={editable.load} /> : <Loading />}</div>
    );
  const set = (place, entry) => editable.set(synonyms.map((old, at) => (at === place ? entry : old)));
  const shown = synonyms
    .map((entry, place) => ({ entry, place }))
    .filter(({ entry }) => wordsOf(entry).some((word) => (word ?? "").toLowerCase().includes(text.toLowerCase())));
  const incomplete = synonyms.filter((entry) => !isWhole(entry)).length;
  return (
    <div class="page narrow">
      <header class="page-head">
        <div>
          <h1>Synonyms</h1>
          <p class="muted">Both ways: whoever searches for one finds the others. One way: only from left to right.</p>
        </div>
        <div class="head-tools">
          <Button icon="plus" onClick={() => editable.set([{ from: "", to: [] }, ...synonyms])}>
            One way
          </Button>
          <Button kind="primary" icon="plus" onClick={() => editable.set([[], ...synonyms])}>
            Both ways
          </Button>
        </div>
      </header>
      <input
        type="search"
        aria-label="Find a synonym"
        placeholder="Find a word …"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <ul class="rows panel" aria-label="Synonyms">
        {shown.map(({ entry, place }) => (
          <li key={place} class={isWhole(entry) ? "" : "incomplete"}>
            <Entry entry={entry} onEntry={(next) => set(place, next)} />
            <IconButton
              icon="close"
              label={`Remove ${wordsOf(entry).filter(Boolean).join(", ") || "the empty synonym"}`}
              onClick={() => editable.set(synonyms.filter((_, at) => at !== place))}
            />
          </li>
        ))}
        {shown.length === 0 && (
          <li>
            <Empty title={synonyms.length ? "No synonym has this word" : "No synonyms yet"} />
          </li>
        )}
      </ul>
      {incomplete > 0 && (
        <Note kind="warn" icon="warn">
          A synonym needs two texts: add what shoppers mean by it.
        </Note>
      )}
      <SaveBar editable={editable} what="Synonyms" isInvalid={incomplete > 0} />
    </div>
  );
}

function Entry({ entry, onEntry }) {
  if (isGroup(entry)) {
    return (
      <>
        <span class="sign" aria-label="both ways">
          ⇄
        </span>
        <Tokens
          label="Texts that stand for one another"
          placeholder="Type a text, then Enter"
          values={entry}
          onValues={onEntry}
        />
      </>
    );
  }
  return (
    <>
      <span class="sign" aria-label="one way">
        →
      </span>
      <input
        type="text"
        class="from"
        aria-label="Who searches for"
        placeholder="Who searches for"
        value={entry.from}
        onInput={(event) => onEntry({ ...entry, from: event.currentTarget.value })}
      />
      <Tokens
        label="Also finds"
        placeholder="also finds"
        values={entry.to}
        onValues={(texts) => onEntry({ ...entry, to: texts })}
      />
    </>
  );
}
