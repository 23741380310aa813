import { expect, test } from "vitest";
import { isReleaseName, nestedValues, valueName, wrongValueNames } from "./chart-values.ts";

test("dots lead into mappings; numbers, true and false are what helm takes them for", () => {
  expect(
    nestedValues({
      replicas: "3",
      "web.image.tag": "1.10",
      "web.image.pull": "true",
      "web.port": "-1",
      hash: "1234567",
      padded: "007",
      big: "1e3",
      text: "a,b=c",
      none: "",
    }),
  ).toEqual({
    replicas: 3,
    web: { image: { tag: "1.10", pull: true }, port: -1 },
    hash: "1234567",
    padded: "007",
    big: "1e3",
    text: "a,b=c",
    none: "",
  });
});

test("a name that is a part of another, or JavaScript's own, is wrong", () => {
  expect(wrongValueNames(["a", "a-b", "ab.c"])).toEqual([]);
  expect(wrongValueNames(["a", "a.b"])).toHaveLength(1);
  expect(wrongValueNames(["a.__proto__.b"])).toHaveLength(1);
});

test.each(["a", "A_b-c", "a.b.0.c-d"])("%s names a value", (name) => {
  expect(name).toMatch(valueName);
});
test.each(["", "a.", ".a", "a..b", "0", "a b", "a[0]", "a,b", "-a"])("%s names none", (name) => {
  expect(name).not.toMatch(valueName);
});

test.each(["shop", "shop-1.web", "a".repeat(53)])("%s is the name of a release", (name) => {
  expect(isReleaseName(name)).toBe(true);
});
test.each(["", "Shop", "-shop", "shop-", "a..b", "a_b", "a".repeat(54)])("%s is none", (name) => {
  expect(isReleaseName(name)).toBe(false);
});
