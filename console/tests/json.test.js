// How drafts are compared and brought together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compact, differences, merge, readable, same, tidied } from "../src/core/json.js";

test("the order of names does not matter, that of lists does", () => {
  assert.ok(same({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }));
  assert.ok(!same([1, 2], [2, 1]));
  assert.ok(!same({ a: undefined }, { b: undefined }));
  assert.ok(!same({}, []) && !same(null, {}) && same(null, null));
});

test("what differs is named by its path", () => {
  assert.deepEqual(differences({ rules: { "a/b": { p: 1 } }, x: 1 }, { rules: { "a/b": { p: 2 } }, x: 1, y: [1] }), [
    { path: "/rules/a~1b/p", before: 1, after: 2 },
    { path: "/y", before: undefined, after: [1] },
  ]);
  assert.deepEqual(differences({ a: [1] }, { a: [1] }), []);
});

test("two changes of different things are both kept", () => {
  const base = { priority: 0, when: { query: { is: "a" } }, then: [1, 2] };
  const mine = { priority: 5, when: { query: { is: "a" } }, then: [1, 2, 3] };
  const theirs = { priority: 0, when: { query: { is: "b" } }, then: [2, 4] };
  assert.deepEqual(merge(base, mine, theirs), {
    value: { priority: 5, when: { query: { is: "b" } }, then: [2, 4, 3] },
    clashes: [],
  });
});

test("of two changes of the same thing mine is kept, and named", () => {
  assert.deepEqual(merge({ a: 1 }, { a: 2 }, { a: 3 }), { value: { a: 2 }, clashes: ["/a"] });
  const { value, clashes } = merge({ l: [{ p: 1 }] }, { l: [{ p: 2 }] }, { l: [{ p: 3 }] });
  assert.deepEqual([value.l, clashes], [[{ p: 3 }, { p: 2 }], ["/l"]]);
});

test("what one took away stays away", () => {
  assert.deepEqual(merge({ a: 1, b: 2 }, { a: 1 }, { a: 1, b: 2, c: 3 }), { value: { a: 1, c: 3 }, clashes: [] });
  assert.deepEqual(merge([1, 2, 3], [1, 3], [1, 2, 3, 4]).value, [1, 3, 4]);
});

test("a merge with what did not change is the other side, whatever it is", () => {
  const values = [null, 1, "a", [1, 2], { a: [1] }, { b: { c: null } }];
  for (const base of values) {
    for (const other of values) {
      assert.deepEqual(merge(base, other, base), { value: other, clashes: [] });
      assert.deepEqual(merge(base, base, other), { value: other, clashes: [] });
      assert.deepEqual(merge(base, other, other), { value: other, clashes: [] });
    }
  }
});

test("numbers in single precision are shown as they were typed", () => {
  assert.deepEqual(
    tidied({ a: Math.fround(0.3), b: [Math.fround(12.7), 5, 1764320000000, 0.1], c: "0.30000001192092896" }),
    { a: 0.3, b: [12.7, 5, 1764320000000, 0.1], c: "0.30000001192092896" },
  );
});

test("readable JSON is still the same JSON", () => {
  const value = {
    a: 'x: {"y", 1}',
    list: Array.from({ length: 40 }, (_, at) => at),
    deep: { when: { query: { is: "a, b: c" } } },
    none: [],
    nothing: null,
  };
  assert.deepEqual(JSON.parse(readable(value)), value);
  assert.ok(readable(value).split("\n").length > 3);
  assert.equal(readable({ a: 1 }), '{"a": 1}');
});

test("empty values are left out", () => {
  assert.deepEqual(compact({ a: "", b: null, c: [], d: 0, e: false, f: undefined }), { d: 0, e: false });
});
