import { expect, test } from "vitest";
import { fill, fillMapping, split, type Scope } from "./expression.ts";

const scope: Scope = { contexts: { github: { event: { a: 1 } } } };

test("a string place refuses a mapping, and a mapping place a string", () => {
  expect(() => fill("${{ github.event }}", scope)).toThrow("A mapping was not expected");
  expect(() => fillMapping("text", scope)).toThrow("A mapping was expected");
  expect(fillMapping("${{ fromJSON('{\"A\":1}') }}", scope)).toEqual({ A: "1" });
  expect(fillMapping({ A: null, B: 1.1, C: true }, scope)).toEqual({
    A: "",
    B: "1.1",
    C: "true",
  });
});

test("an expression that is not closed is an error", () => {
  expect(() => split("a ${{ 'x }} b")).toThrow("not closed");
});
