import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const bundle = resolve(import.meta.dirname, "../../../out/release/bundle");
const texts = readdirSync(bundle).map((name) => readFileSync(join(bundle, name), "utf8"));

test("a library that is left out is in no bundle, and what every job downloads stays small", () => {
  const holding = (text: string): number => texts.filter((one) => one.includes(text)).length;
  // What is used of both libraries is there, so that the names below are looked for in the right place.
  expect(holding("class KubeConfig")).toBe(1);
  expect(holding("function getOctokitOptions")).toBe(1);
  expect([holding("class V1Deployment"), holding("class MockAgent")]).toEqual([0, 0]);
  expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(7_000_000);
});
