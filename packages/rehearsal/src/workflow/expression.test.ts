import { expect, test } from "vitest";
import { evaluate, fill, fillMapping, holds, resolve, split, type Scope } from "./expression.ts";

const scope = (status: "success" | "failure" | "cancelled" = "success"): Scope => ({
  contexts: {
    github: {
      ref: "refs/tags/1.2.3",
      ref_name: "1.2.3",
      actor: "Ana",
      event: {
        inputs: { dry: "true" },
        commits: [
          { id: "a", files: ["x", "y"] },
          { id: "b", files: [] },
        ],
        issue: { labels: [{ name: "release" }, { name: "Bug" }], pull_request: null, number: 7 },
      },
    },
    env: { EMPTY: "", NAME: "shop", "with-dash": "d" },
    inputs: { dry: true, count: 3, text: "true" },
    matrix: { os: "linux", versions: [18, 20] },
    needs: { build: { result: "success", outputs: { digest: "sha256:ab" } } },
    vars: {},
  },
  functions: {
    success: () => status === "success",
    failure: () => status === "failure",
    cancelled: () => status === "cancelled",
    always: () => true,
  },
});

const values: [expression: string, value: unknown][] = [
  ["true", true],
  ["null", null],
  ["711", 711],
  ["-9.2", -9.2],
  ["0xff", 255],
  ["2.99e-2", 0.0299],
  ["'It''s'", "It's"],
  ["'a''b''c'", "a'b'c"],
  ["format('echo ''{0}''', 'a')", "echo 'a'"],
  ["!true", false],
  ["1 < 2", true],
  ["2 >= 2", true],
  ["'a' == 'A'", true],
  ["'a' != 'b'", true],
  ["1 == '1'", true],
  ["true == 1", true],
  ["null == 0", true],
  ["'' == 0", true],
  ["'abc' == 0", false],
  ["'b' > 'A'", true],
  ["null == ''", true],
  ["github.event == github.event", true],
  ["true && 'yes' || 'no'", "yes"],
  ["false && 'yes' || 'no'", "no"],
  ["env.EMPTY || 'default'", "default"],
  ["'' || 0 || 'last'", "last"],
  ["(1 == 1) && !(2 == 3)", true],
  ["github.ref", "refs/tags/1.2.3"],
  ["github['ref']", "refs/tags/1.2.3"],
  ["GITHUB.REF", "refs/tags/1.2.3"],
  ["env.with-dash", "d"],
  ["github.nothing.deeper.still", null],
  ["github.event.commits[1].id", "b"],
  ["github.event.commits[9].id", null],
  ["github.event.commits.*.id", ["a", "b"]],
  ["github.event.issue.labels.*.name", ["release", "Bug"]],
  ["contains(github.event.issue.labels.*.name, 'bug')", true],
  ['contains(fromJSON(\'["Ana", "Ben"]\'), github.actor)', true],
  ["contains('Hello', 'LL')", true],
  ["startsWith(github.ref, 'refs/tags/')", true],
  ["endsWith(github.ref, '.3')", true],
  ["format('{0} {1} {{}}', 'a', 1)", "a 1 {}"],
  ["join(matrix.versions)", "18,20"],
  ["join(github.event.commits.*.id, '; ')", "a; b"],
  ["join('one', ',')", "one"],
  ["toJSON(fromJSON('[1,\"a\"]'))", '[\n  1,\n  "a"\n]'],
  ["toJSON(null)", "null"],
  ['fromJSON(\'{"a":{"b":true}}\').a.b', true],
  ["fromJSON(needs.build.outputs.list || '[]')", []],
  ["inputs.dry", true],
  ["inputs.dry == 'true'", false],
  ["inputs.text == 'true'", true],
  ["inputs.text == true", false],
  ["github.event.inputs.dry == 'true'", true],
  ["inputs.count == 3", true],
  ["inputs.count == '3'", true],
  ["needs.build.result == 'success'", true],
  ["needs.absent.outputs.x", null],
  ["vars.MISSING", null],
  ["github.event.issue.pull_request == null", true],
  ["!github.event.issue.pull_request", true],
  ["case(false, 'a', true, 'b', 'c')", "b"],
  ["NaN == NaN", false],
  ["Infinity > 1", true],
];

test.each(values)("%s", (expression, value) => {
  expect(evaluate(expression, scope())).toEqual(value);
});

test.each([
  ["foo.bar", /Unrecognized named-value/],
  ["nope()", /Unrecognized function/],
  ["contains('a')", /parameters/i],
  ["'open", /Unexpected symbol/],
  ["fromJSON('{')", /JSON/],
  ["format('{1}', 'a')", /more arguments/],
])("%s is an error", (expression, message) => {
  expect(() => evaluate(expression, scope())).toThrow(message);
});

test.each<[condition: unknown, after: "success" | "failure" | "cancelled", value: boolean]>([
  [undefined, "success", true],
  [undefined, "failure", false],
  ["always()", "failure", true],
  ["always()", "cancelled", true],
  ["failure()", "failure", true],
  ["failure()", "success", false],
  ["cancelled()", "cancelled", true],
  ["!cancelled()", "failure", true],
  ["${{ failure() || success() }}", "failure", true],
  ["github.actor == 'ana'", "success", true],
  ["github.actor == 'ana'", "failure", false],
  ["${{ github.actor == 'ana' }}", "failure", false],
  ["success() || failure()", "cancelled", false],
  [true, "success", true],
  [true, "failure", false],
  [false, "success", false],
  // A text beside the expression makes a string of it, and a string is true: the old trap is kept.
  ["${{ false }} ", "success", true],
  ["'success()' == 'x'", "failure", false],
  ["env.EMPTY", "success", false],
  ["'false'", "success", true],
])("if: %s after %s is %s", (condition, after, value) => {
  expect(holds(condition, scope(after))).toBe(value);
});

test.each<[text: unknown, value: unknown]>([
  ["plain", "plain"],
  ["${{ inputs.dry }}", true],
  ["a ${{ inputs.dry }} b", "a true b"],
  ["${{ inputs.count }}${{ inputs.count }}", "33"],
  ["x ${{ '}}' }} y", "x }} y"],
  ["${{ 'it''s }} fine' }}", "it's }} fine"],
  ["${{ matrix.versions }}", [18, 20]],
  ["[${{ vars.MISSING }}]", "[]"],
  [
    ["a", "${{ matrix.versions }}"],
    ["a", 18, 20],
  ],
  [{ "k-${{ inputs.count }}": "${{ inputs.dry }}" }, { "k-3": true }],
  [1.5, 1.5],
  ["line one\n  ${{ env.NAME }}\nend\n", "line one\n  shop\nend\n"],
])("%j is resolved", (text, value) => {
  expect(resolve(text, scope())).toEqual(value);
});

test("a string place refuses a mapping, and a mapping place a string", () => {
  expect(() => fill("${{ github.event }}", scope())).toThrow("A mapping was not expected");
  expect(() => fillMapping("text", scope())).toThrow("A mapping was expected");
  expect(fillMapping("${{ fromJSON('{\"A\":1}') }}", scope())).toEqual({ A: "1" });
  expect(fillMapping({ A: null, B: 1.1, C: true }, scope())).toEqual({
    A: "",
    B: "1.1",
    C: "true",
  });
});

test("an expression that is not closed is an error", () => {
  expect(() => split("a ${{ 'x }} b")).toThrow("not closed");
});
