// JSON values compared and brought together.

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Whether two JSON values are the same, whatever the order of names. */
export function same(one, other) {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, place) => same(value, other[place]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]))
  );
}

/**
 * The value with the numbers that the server keeps in single precision as they were typed: 0.3 in place of
 * 0.30000001192092896.
 */
export function tidied(value) {
  if (typeof value === "number" && !Number.isInteger(value) && Math.fround(value) === value) {
    const short = Number(value.toPrecision(7));
    return Math.fround(short) === value ? short : value;
  }
  if (Array.isArray(value)) return value.map(tidied);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tidied(part)]));
}

const LINE_MAX = 64;

/** JSON for reading: what is short stands on one line. */
export function readable(value, indent = "") {
  const line = JSON.stringify(value);
  if (line === undefined || line.length + indent.length <= LINE_MAX || typeof value !== "object" || value === null) {
    return (line ?? "").replace(/("(?:[^"\\]|\\.)*")|([,:])/g, (_, text, sign) => text ?? `${sign} `);
  }
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((part) => readable(part, inner))
    : Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${readable(part, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

/** A deep copy. */
export const copy = (value) => (value === undefined ? undefined : structuredClone(value));

/** A copy without names whose value is absent or empty. */
export function compact(object) {
  const kept = Object.entries(object).filter(
    ([, value]) =>
      value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}

const escaped = (name) => String(name).replaceAll("~", "~0").replaceAll("/", "~1");

/** What differs: `[{path, before, after}]`, paths as in RFC 6901; lists are compared whole. */
export function differences(before, after, path = "") {
  if (same(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path: path || "/", before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => differences(before[name], after[name], `${path}/${escaped(name)}`));
}

/**
 * What was made of `base` by one (`mine`) and by another (`theirs`), both: `{value, clashes}`. Where
 * both changed the same thing mine stays, and its path is among the clashes.
 */
export function merge(base, mine, theirs, path = "") {
  if (same(mine, theirs) || same(base, theirs)) return { value: copy(mine), clashes: [] };
  if (same(base, mine)) return { value: copy(theirs), clashes: [] };
  if (isObject(mine) && isObject(theirs)) return mergeObjects(isObject(base) ? base : {}, mine, theirs, path);
  if (Array.isArray(mine) && Array.isArray(theirs)) {
    return mergeLists(Array.isArray(base) ? base : [], mine, theirs, path);
  }
  return { value: copy(mine), clashes: [path || "/"] };
}

function mergeObjects(base, mine, theirs, path) {
  const value = {};
  const clashes = [];
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const part = merge(base[name], mine[name], theirs[name], `${path}/${escaped(name)}`);
    if (part.value !== undefined) value[name] = part.value;
    clashes.push(...part.clashes);
  }
  return { value, clashes };
}

const has = (list, value) => list.some((one) => same(one, value));

function mergeLists(base, mine, theirs, path) {
  const removed = base.filter((value) => !has(mine, value));
  const added = mine.filter((value) => !has(base, value) && !has(theirs, value));
  const value = [...theirs.filter((one) => !has(removed, one)), ...added];
  // What one changed and the other took away or changed, too, cannot be told apart by a list.
  const clashes = removed.every((one) => has(theirs, one)) ? [] : [path || "/"];
  return { value: copy(value), clashes };
}
