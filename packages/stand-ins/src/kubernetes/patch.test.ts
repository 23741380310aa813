import { expect, test } from "vitest";
import { schemaOf } from "./kinds.ts";
import { jsonPatch, mergePatch, strategicMergePatch } from "./patch.ts";
import { resourceOfKind } from "./resources.ts";

const schema = schemaOf(resourceOfKind("Deployment"));
const pod = (containers: unknown[], more: object = {}) => ({
  spec: { template: { spec: { containers, ...more } } },
});

test("a merge patch replaces lists, merges objects, and null takes away", () => {
  const target = { a: { b: 1, c: 2 }, list: [1, 2], gone: true };
  expect(mergePatch(target, { a: { c: 3, d: { e: null, f: 1 } }, list: [3], gone: null })).toEqual({
    a: { b: 1, c: 3, d: { f: 1 } },
    list: [3],
  });
  expect(target.gone).toBe(true);
});

test.each([
  {
    name: "merges containers by name",
    target: pod([
      { name: "a", image: "a:1", args: ["x"] },
      { name: "b", image: "b:1" },
    ]),
    patch: pod([
      { name: "b", image: "b:2" },
      { name: "c", image: "c:1" },
    ]),
    result: pod([
      { name: "a", image: "a:1", args: ["x"] },
      { name: "b", image: "b:2" },
      { name: "c", image: "c:1" },
    ]),
  },
  {
    name: "deletes an item",
    target: pod([{ name: "a" }, { name: "b" }]),
    patch: pod([{ name: "a", $patch: "delete" }]),
    result: pod([{ name: "b" }]),
  },
  {
    name: "replaces a list that has no key, and one that says so",
    target: pod([{ name: "a", args: ["x", "y"], env: [{ name: "E", value: "1" }] }]),
    patch: pod([
      { name: "a", args: ["z"], env: [{ $patch: "replace" }, { name: "F", value: "2" }] },
    ]),
    result: pod([{ name: "a", args: ["z"], env: [{ name: "F", value: "2" }] }]),
  },
  {
    name: "keeps only the keys that are to stay, and ignores the order of elements",
    target: { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
    patch: {
      spec: { strategy: { $retainKeys: ["type"], type: "Recreate" }, "$setElementOrder/x": [] },
    },
    result: { spec: { strategy: { type: "Recreate" } } },
  },
])("a strategic merge patch $name", ({ target, patch, result }) => {
  expect(strategicMergePatch(target, patch, schema)).toEqual(result);
});

test("a json patch does its operations in order, all or none", () => {
  const target = { a: [1, 2], "x/y": { z: 1 } };
  const operations = [
    { op: "test", path: "/a/0", value: 1 },
    { op: "add", path: "/a/1", value: 9 },
    { op: "add", path: "/a/-", value: 3 },
    { op: "replace", path: "/x~1y/z", value: { q: 1 } },
    { op: "copy", from: "/x~1y/z", path: "/copied" },
    { op: "move", from: "/a/0", path: "/first" },
    { op: "remove", path: "/x~1y" },
  ];
  expect(jsonPatch(target, operations)).toEqual({ a: [9, 2, 3], copied: { q: 1 }, first: 1 });
  expect(target).toEqual({ a: [1, 2], "x/y": { z: 1 } });
  for (const operation of [
    { op: "test", path: "/a/0", value: 2 },
    { op: "remove", path: "/none" },
    { op: "replace", path: "/none", value: 1 },
    { op: "add", path: "/none/deep", value: 1 },
    { op: "add", path: "/a/7", value: 1 },
  ])
    expect(() => jsonPatch(target, [operation])).toThrow(/request/);
});
