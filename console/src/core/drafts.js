// Drafts: what is written and not yet saved. They outlast a reload and a look at another view.

import { useEffect, useState } from "preact/hooks";
import { call } from "./api.js";
import { cell, useCell } from "./cell.js";
import { merge, same } from "./json.js";

const cells = new Map();
const PREFIX = "vitrine.draft.";
const place = (name) => PREFIX + name;

function kept() {
  try {
    return Object.keys(sessionStorage)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => name.slice(PREFIX.length));
  } catch {
    return [];
  }
}

/** The names of all drafts. */
export const drafts = cell(kept());

function stored(name) {
  try {
    return JSON.parse(sessionStorage.getItem(place(name)));
  } catch {
    return null;
  }
}

/** The cell of a draft; `null` while there is none. */
export function draftOf(name) {
  if (!cells.has(name)) {
    const one = cell(stored(name));
    one.follow((value) => {
      const others = drafts.get().filter((other) => other !== name);
      drafts.set(value ? [...others, name] : others);
      try {
        if (value) sessionStorage.setItem(place(name), JSON.stringify(value));
        else sessionStorage.removeItem(place(name));
      } catch {
        // Without storage the draft lives as long as the page.
      }
    });
    cells.set(name, one);
  }
  return cells.get(name);
}

/** Throws every draft away. */
export function dropDrafts() {
  for (const name of drafts.get()) draftOf(name).set(null);
}

/**
 * Something of the settings that is read, edited and written back. `read` answers what is there as
 * `{data, version}`; `write(value, version)` writes it and answers likewise. A change by somebody else
 * in between is a `clash`: the draft stays, and `takeIn` lays it over what the other one wrote.
 */
export function useEditable(name, read, write) {
  const one = draftOf(name);
  const draft = useCell(one);
  const [server, setServer] = useState(null);
  const [state, setState] = useState({ error: null, clash: null, merged: null, isSaving: false });

  const load = async () => {
    try {
      const answer = await read();
      setServer({ name, ...answer });
      setState((old) => ({ ...old, error: null }));
      return answer;
    } catch (error) {
      setState((old) => ({ ...old, error }));
      throw error;
    }
  };
  useEffect(() => {
    setServer(null);
    setState({ error: null, clash: null, merged: null, isSaving: false });
    load().catch(() => {});
  }, [name]);

  const present = server?.name === name ? server : null;
  const base = draft ?? (present && { base: present.data, version: present.version });
  return {
    value: draft ? draft.value : present?.data,
    saved: base?.base,
    version: base?.version,
    isDirty: draft !== null,
    isReady: draft !== null || present !== null,
    ...state,
    set(value) {
      const { base: from, version } = one.get() ?? base;
      one.set(same(from, value) ? null : { base: from, version, value });
    },
    discard() {
      one.set(null);
      setState({ error: null, clash: null, merged: null, isSaving: false });
      load().catch(() => {});
    },
    async save() {
      const { value, version } = one.get() ?? { value: base.base, version: base.version };
      setState({ error: null, clash: null, merged: null, isSaving: true });
      try {
        const answer = await write(value, version);
        one.set(null);
        setServer({ name, ...answer });
        setState({ error: null, clash: null, merged: null, isSaving: false });
        return answer;
      } catch (error) {
        setState({
          error: error.isClash ? null : error,
          clash: error.isClash ? error : null,
          merged: null,
          isSaving: false,
        });
        return null;
      }
    },
    async takeIn() {
      const mine = one.get();
      const theirs = await load().catch(() => null);
      if (!mine || !theirs) return;
      const { value, clashes } = merge(mine.base, mine.value, theirs.data);
      one.set(same(theirs.data, value) ? null : { base: theirs.data, version: theirs.version, value });
      setState({ error: null, clash: null, merged: { clashes }, isSaving: false });
    },
    load,
  };
}

/** Reads something, again whenever one of `inputs` changes; `read` gets a signal to stop. */
export function useLoaded(read, inputs, pause_ms = 0) {
  const [state, setState] = useState({ data: null, error: null, isLoading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((old) => ({ ...old, isLoading: true }));
    const timer = setTimeout(async () => {
      try {
        const data = await read(stop.signal);
        if (!stop.signal.aborted) setState({ data, error: null, isLoading: false });
      } catch (error) {
        if (!stop.signal.aborted) setState((old) => ({ data: old.data, error, isLoading: false }));
      }
    }, pause_ms);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [...inputs, turn]);
  return { ...state, reload: () => setTurn(turn + 1) };
}

/** Reads a path. */
export const usePath = (path) =>
  useLoaded(async (signal) => (path ? (await call("GET", path, { signal })).data : null), [path]);
