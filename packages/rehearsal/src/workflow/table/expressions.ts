import type { ExpressionRow } from "./row.ts";

const literal = "docs expressions#literals";
const operators = "docs expressions#operators";
const available = "docs contexts#available-contexts";

const literals: ExpressionRow[] = [
  ["a boolean", literal, "true", true],
  ["null", literal, "null", null],
  ["a whole number", literal, "711", 711],
  ["a negative number", literal, "-9.2", -9.2],
  ["a number in hexadecimal", literal, "0xff", 255],
  ["a number with an exponent", literal, "-2.99e-2", -0.0299],
  ["a number in octal", "vectors expressions/number.json", "0o777", 511],
  ["a number that begins with its point", "vectors expressions/number.json", ".5", 0.5],
  ["infinity", "vectors expressions/number.json", "Infinity > 1", true],
  ["no sign before hexadecimal", "vectors expressions/number.json", "-0xFF", /Unexpected symbol/],
  ["no other letters in hexadecimal", "vectors expressions/number.json", "0xFZ", /Unexpected/],
  ["a quote in a text is doubled", literal, "'It''s'", "It's"],
  ["every doubled quote counts", "runner LexicalAnalyzer.cs", "'a''b''c'", "a'b'c"],
  ["double quotes are no quotes", literal, '"a"', /Unexpected symbol/],
  ["a text that is not closed", "vectors expressions/syntax-errors.json", "'open", /Unexpected/],
  ["true is lower case", "runner LexicalAnalyzer.cs", "True", /Unrecognized named-value/],
  ["an unknown context", "vectors expressions/syntax-errors.json", "foo.bar", /Unrecognized named/],
  ["an unknown function", "vectors expressions/syntax-errors.json", "nope()", /Unrecognized func/],
  ["a single =", "vectors expressions/syntax-errors.json", "1 = 1", /Unexpected symbol/],
];

const comparisons: ExpressionRow[] = [
  ["texts are equal whatever their case", operators, "'a' == 'A'", true],
  ["texts that differ", operators, "'a' != 'b'", true],
  ["texts are ordered whatever their case", operators, "'b' > 'A'", true],
  ["less than", operators, "1 < 2", true],
  ["greater or equal", operators, "2 >= 2", true],
  ["less or equal, of texts", "vectors expressions/op_lte.json", "'B' <= 'b'", true],
  ["true is more than false", "runner EvaluationResult.cs", "true > false", true],
  ["a text of digits equals the number", operators, "1 == '1'", true],
  [
    "a text in hexadecimal equals it too",
    "vectors expressions/coerce_number.json",
    "'0xff' == 255",
    true,
  ],
  [
    "blanks around a number are cut",
    "vectors expressions/coerce_number.json",
    "' 12 ' == 12",
    true,
  ],
  ["no text equals no other number", operators, "'abc' == 0", false],
  ["the empty text is 0", operators, "'' == 0", true],
  ["true is 1", operators, "true == 1", true],
  ["true is not 'true'", operators, "true == 'true'", false],
  ["false is the empty text", operators, "false == ''", true],
  ["null is 0", operators, "null == 0", true],
  ["null is the empty text", operators, "null == ''", true],
  ["null is false", operators, "null == false", true],
  ["null is less than 1", "vectors expressions/op_lt.json", "null < 1", true],
  ["not-a-number equals nothing", "runner EvaluationResult.cs", "NaN == NaN", false],
  ["not-a-number is not less", operators, "'abc' < 1", false],
  ["and not more", operators, "'abc' >= 1", false],
  ["the same object is equal", operators, "github.event == github.event", true],
  ["equal lists are not the same", operators, "fromJSON('[1]') == fromJSON('[1]')", false],
  ["a list equals no text", operators, "fromJSON('[]') == ''", false],
];

const logic: ExpressionRow[] = [
  ["&& gives its last operand", "vectors expressions/op_and.json", "'a' && 'b'", "b"],
  ["&& gives the first that is falsy", "vectors expressions/op_and.json", "0 && 'b'", 0],
  [
    "|| gives the first that is truthy",
    "vectors expressions/op_or.json",
    "'' || 0 || 'last'",
    "last",
  ],
  ["|| gives the last if none is", "vectors expressions/op_or.json", "null || ''", ""],
  [
    "a default for an empty variable",
    "vectors expressions/op_or.json",
    "env.EMPTY || 'default'",
    "default",
  ],
  ["the && || idiom, true", "vectors expressions/op_or.json", "true && 'yes' || 'no'", "yes"],
  ["the && || idiom, false", "vectors expressions/op_or.json", "false && 'yes' || 'no'", "no"],
  [
    "the && || idiom fails with an empty yes",
    "vectors expressions/op_or.json",
    "true && '' || 'no'",
    "no",
  ],
  ["what || does not need is not evaluated", "runner Or.cs", "true || fromJSON('{')", true],
  ["what && does not need is not evaluated", "runner And.cs", "false && fromJSON('{')", false],
  ["! of the empty text", "vectors expressions/op_not.json", "!''", true],
  ["! of a text, even 'false'", "vectors expressions/op_not.json", "!'false'", false],
  ["! of 0", literal, "!0", true],
  [
    "! of an empty list: a list is truthy",
    "vectors expressions/op_not.json",
    "!fromJSON('[]')",
    false,
  ],
  ["! of an empty object: so is it", "vectors expressions/op_not.json", "!fromJSON('{}')", false],
  ["! binds before ==", "vectors expressions/operators_precedence.json", "!true == false", true],
  ["< binds before ==", "vectors expressions/operators_precedence.json", "1 < 2 == true", true],
  [
    "&& binds before ||",
    "vectors expressions/operators_precedence.json",
    "true || false && false",
    true,
  ],
  ["groups bind first", operators, "(true || false) && false", false],
];

const access: ExpressionRow[] = [
  ["a property", available, "github.ref", "refs/tags/1.2.3"],
  ["an index with a text", available, "github['ref']", "refs/tags/1.2.3"],
  ["names whatever their case", "vectors expressions/basic.json", "GITHUB.REF", "refs/tags/1.2.3"],
  ["names with dashes", available, "env.with-dash", "d"],
  ["an index with a number", "vectors expressions/op_idx.json", "github.event.commits[1].id", "b"],
  [
    "an index is evaluated",
    "vectors expressions/op_idx.json",
    "github.event.commits[inputs.one].id",
    "b",
  ],
  ["a fraction of an index is cut", "vectors expressions/op_idx.json", "matrix.versions[1.9]", 20],
  [
    "an index beyond the end",
    "vectors expressions/op_idx.json",
    "github.event.commits[9].id",
    null,
  ],
  ["an index below 0", "vectors expressions/op_idx.json", "matrix.versions[-1]", null],
  ["what is not there has nothing below it", available, "github.no.deeper.still", null],
  ["a text has no properties", "vectors expressions/op_dot.json", "github.ref.length", null],
  ["a variable that is not there", available, "vars.MISSING", null],
  ["a job that is not needed", "docs contexts#needs-context", "needs.absent.outputs.x", null],
  [
    "a filter of a list",
    "docs expressions#object-filters",
    "github.event.commits.*.id",
    ["a", "b"],
  ],
  [
    "a filter of an object",
    "docs expressions#object-filters",
    "github.event.vegetables.*.parts",
    [["roots"], ["stems", "leaves"]],
  ],
  [
    "a filter leaves out what lacks the name",
    "vectors expressions/op_idx_star.json",
    "github.event.issue.labels.*.color",
    ["red"],
  ],
  [
    "a filter of a filter",
    "vectors expressions/op_idx_star.json",
    "github.event.commits.*.files.*",
    ["x", "y"],
  ],
  [
    "an index into a filter",
    "vectors expressions/op_idx_star.json",
    "github.event.commits.*.files[0]",
    ["x"],
  ],
  ["a filter of a text", "vectors expressions/op_idx_star.json", "github.ref.*.x", []],
];

export const expressions: ExpressionRow[] = [...literals, ...comparisons, ...logic, ...access];

/** What these expressions see. */
export const contexts = {
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
      issue: {
        labels: [{ name: "release", color: "red" }, { name: "Bug" }],
        pull_request: null,
        number: 7,
      },
      vegetables: { beets: { parts: ["roots"] }, chard: { parts: ["stems", "leaves"] } },
    },
  },
  env: { EMPTY: "", NAME: "shop", "with-dash": "d" },
  inputs: { dry: true, count: 3, one: 1, text: "true" },
  matrix: { os: "linux", versions: [18, 20] },
  needs: { build: { result: "success", outputs: { digest: "sha256:ab" } } },
  vars: {},
};
