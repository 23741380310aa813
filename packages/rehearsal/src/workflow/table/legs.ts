import type { RunRow } from "./row.ts";

const failFast = "docs workflow-syntax#jobsjob_idstrategyfail-fast";
const include = "docs workflow-syntax#jobsjob_idstrategymatrixinclude";

const each = (strategy: string, script: string, rest = ""): string =>
  `m:\n  runs-on: x\n  strategy: ${strategy}\n${rest}  steps: [{run: '${script}'}]\n`;

/** Jobs of a matrix. */
export const legs: RunRow[] = [
  {
    name: "fail-fast: the first failure cancels what is left",
    from: failFast,
    jobs: each("{matrix: {n: [1, 2, 3]}}", "test ${{ matrix.n }} != 2"),
    is: {
      jobs: { "m (1)": "success", "m (2)": "failure", "m (3)": "cancelled" },
      conclusion: "failure",
    },
  },
  {
    name: "fail-fast: false",
    from: failFast,
    jobs: each("{fail-fast: false, matrix: {n: [1, 2, 3]}}", "test ${{ matrix.n }} != 2"),
    is: { jobs: { "m (2)": "failure", "m (3)": "success" }, conclusion: "failure" },
  },
  {
    name: "fail-fast does not mind a job that may fail",
    from: failFast,
    jobs: each(
      "{matrix: {may: [true, false]}}",
      "test ${{ matrix.may }} = false",
      "  continue-on-error: ${{ matrix.may }}\n",
    ),
    is: { jobs: { "m (true)": "failure", "m (false)": "success" }, conclusion: "success" },
  },
  {
    name: "needs.result of a matrix is its worst",
    from: "docs contexts#needs-context",
    jobs: `${each("{fail-fast: false, matrix: {n: [1, 2]}}", "test ${{ matrix.n }} != 1")}a: {needs: m, if: always(), runs-on: x, steps: [{run: 'echo "\${{ needs.m.result }}"'}]}`,
    is: { prints: ["failure"] },
  },
  {
    name: "job-index and job-total",
    from: "docs contexts#strategy-context",
    jobs: each(
      "{max-parallel: 3, matrix: {n: [a, b]}}",
      'echo "${{ strategy.job-index }}/${{ strategy.job-total }} ${{ strategy.fail-fast }} ${{ strategy.max-parallel }}"',
    ),
    is: { prints: { "m (a)": ["0/2 true 3"], "m (b)": ["1/2 true 3"] } },
  },
  {
    name: "a matrix that another job made, and names that use it",
    from: "docs expressions#example-returning-a-json-object",
    jobs: `list:
  runs-on: x
  outputs: {m: '\${{ steps.l.outputs.m }}'}
  steps: [{id: l, run: 'echo ''m={"include":[{"project":"foo","config":"Debug"},{"project":"bar"}]}'' >> "$GITHUB_OUTPUT"'}]
a:
  needs: list
  runs-on: x
  name: Do \${{ matrix.project }}
  strategy: {matrix: '\${{ fromJSON(needs.list.outputs.m) }}'}
  steps: [{run: 'echo "\${{ matrix.project }} [\${{ matrix.config }}]"'}]`,
    is: {
      names: ["list", "Do foo", "Do bar"],
      prints: { "a (foo, Debug)": ["foo [Debug]"], "a (bar)": ["bar []"] },
    },
  },
  {
    name: "include adds to what it fits, and may change only what include added",
    from: include,
    jobs: each(
      "{matrix: {fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat}, {fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}}",
      'echo "${{ matrix.fruit }} ${{ matrix.animal }} ${{ matrix.color }} ${{ matrix.shape }}" >&2',
      "  name: ${{ matrix.fruit }} ${{ matrix.animal }} ${{ matrix.color }} ${{ matrix.shape }}\n",
    ),
    is: {
      names: [
        "apple cat pink circle",
        "apple dog green circle",
        "pear cat pink ",
        "pear dog green ",
        "banana   ",
        "banana cat  ",
      ],
    },
  },
  {
    name: "values that are objects, and keys whatever their case",
    from: "docs workflow-syntax#using-a-multi-dimensional-matrix",
    jobs: each(
      "{matrix: {node: [{version: 14}, {version: 20, env: fast}]}}",
      'echo "${{ matrix.NODE.version }} [${{ matrix.node.env }}]"',
    ),
    is: { prints: { "m (14)": ["14 []"], "m (20, fast)": ["20 [fast]"] } },
  },
  {
    name: "a matrix whose variable is an empty list fails the job",
    from: "vectors workflow-parser/errors-matrix-empty-vector.yml",
    jobs: each("{matrix: {n: \"${{ fromJSON('[]') }}\"}}", "true"),
    is: { jobs: { m: "failure" }, says: [/does not contain any values/] },
  },
  {
    name: "jobs of one name all count",
    from: "runner MatrixBuilder.cs",
    jobs: each("{matrix: {n: [1, '1']}}", "true"),
    is: { names: ["m (1)", "m (1)"], jobs: { "m (1)": "success", "m (1) 2": "success" } },
  },
];
