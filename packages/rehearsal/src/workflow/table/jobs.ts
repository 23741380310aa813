import type { RunRow } from "./row.ts";

const needs = "docs workflow-syntax#jobsjob_idneeds";
const failure = "docs expressions#failure";
const outputs = "docs workflow-syntax#jobsjob_idoutputs";

const good = "{runs-on: x, steps: [{run: 'true'}]}";
const bad = "{runs-on: x, steps: [{run: 'false'}]}";
const after = (of: string, condition = ""): string =>
  `{needs: ${of}, ${condition === "" ? "" : `if: "${condition}", `}runs-on: x, steps: [{run: 'true'}]}`;

/** a fails or succeeds, b needs a with a condition, c needs b without one. */
const chain = (
  a: string,
  condition: string,
  b: "success" | "skipped" | "failure",
  c: "success" | "skipped",
): Pick<Extract<RunRow, { jobs: string }>, "jobs" | "is"> => ({
  jobs: `a: ${a}\nb: ${after("a", condition)}\nc: ${after("b")}`,
  is: { jobs: { b, c }, conclusion: a === good ? "success" : "failure" },
});

const conditions: RunRow[] = [
  { name: "needs: after success", from: needs, ...chain(good, "", "success", "success") },
  {
    name: "needs: after a failure all behind it are skipped",
    from: needs,
    ...chain(bad, "", "skipped", "skipped"),
  },
  {
    name: "always() runs after a failure, what needs it does not",
    from: needs,
    ...chain(bad, "always()", "success", "skipped"),
  },
  {
    name: "failure() runs after a failure",
    from: failure,
    ...chain(bad, "failure()", "success", "skipped"),
  },
  {
    name: "failure() does not run after success",
    from: failure,
    ...chain(good, "failure()", "skipped", "skipped"),
  },
  {
    name: "!cancelled() runs after a failure",
    from: "docs expressions#always",
    ...chain(bad, "!cancelled()", "success", "skipped"),
  },
  {
    name: "a result is asked for only after success",
    from: "docs expressions#status-check-functions",
    ...chain(bad, "needs.a.result == 'failure'", "skipped", "skipped"),
  },
  {
    name: "a result with always()",
    from: "docs contexts#needs-context",
    ...chain(bad, "always() && needs.a.result == 'failure'", "success", "skipped"),
  },
  {
    name: "an output that is not there is empty",
    from: "docs contexts#needs-context",
    ...chain(good, "needs.a.outputs.x == ''", "success", "success"),
  },
  {
    name: "if: false",
    from: "docs workflow-syntax#jobsjob_idif",
    ...chain(good, "false", "skipped", "skipped"),
  },
  {
    name: "if within ${{ }}",
    from: "docs workflow-syntax#jobsjob_idif",
    ...chain(good, "${{ github.ref == 'refs/heads/main' }}", "success", "success"),
  },
  {
    name: "if: another event",
    from: "docs contexts#example-usage-of-the-github-context",
    ...chain(good, "github.event_name == 'release'", "skipped", "skipped"),
  },
  {
    name: "failure() sees every ancestor",
    from: failure,
    jobs: `a: ${bad}\nb: ${after("a", "always()")}\nc: ${after("b", "failure()")}`,
    is: { jobs: { a: "failure", b: "success", c: "success" } },
  },
  {
    name: "a skipped ancestor skips behind a job that ran",
    from: "runner issue 491",
    jobs: `a: {if: false, runs-on: x, steps: [{run: 'true'}]}\nb: ${after("a", "always()")}\nc: ${after("b")}`,
    is: { jobs: { a: "skipped", b: "success", c: "skipped" }, conclusion: "success" },
  },
  {
    name: "after a skipped job neither success() nor failure() holds",
    from: needs,
    jobs: `a: {if: false, runs-on: x, steps: [{run: 'true'}]}\nb: ${after("a", "success() || failure()")}`,
    is: { jobs: { b: "skipped" } },
  },
  {
    name: "one of two needed jobs fails",
    from: needs,
    jobs: `a: ${bad}\nb: ${good}\nc: ${after("[a, b]")}\nd: ${after("[a, b]", "always() && needs.a.result == 'failure' && needs.b.result == 'success'")}`,
    is: { jobs: { c: "skipped", d: "success" } },
  },
  {
    name: "needs holds the direct ones only",
    from: "docs contexts#needs-context",
    jobs: `one: ${good}\ntwo: ${after("one")}\na: {needs: two, runs-on: x, steps: [{run: 'echo "\${{ needs.two.result }} [\${{ needs.one.result }}]"'}]}`,
    is: { prints: ["success []"] },
  },
  {
    name: "every job skipped",
    from: "docs workflow-syntax#jobsjob_idif",
    jobs: "a: {if: false, runs-on: x, steps: [{run: 'true'}]}",
    is: { jobs: { a: "skipped" }, conclusion: "skipped" },
  },
  {
    name: "an if that cannot be evaluated fails its job",
    from: "runner WorkflowTemplateConverter.cs",
    jobs: `a: {if: "fromJSON('{') == 1", runs-on: x, steps: [{run: 'true'}]}`,
    is: { jobs: { a: "failure" }, says: [/JSON/] },
  },
  {
    name: "continue-on-error of a job: the run passes, and others see success",
    from: "runner issue 1161",
    jobs: `a: {continue-on-error: true, runs-on: x, steps: [{run: 'false'}]}\nb: ${after("a", "needs.a.result == 'success'")}`,
    is: { jobs: { a: "failure", b: "success" }, conclusion: "success" },
  },
  {
    name: "a job over its minutes is cancelled",
    from: "docs workflow-syntax#jobsjob_idtimeout-minutes",
    jobs: "a: {runs-on: x, timeout-minutes: 2, steps: [{run: exec sleep 20}, {run: echo cleanup, if: always()}]}",
    given: { minute: 60 },
    is: {
      jobs: { a: "cancelled" },
      outcomes: ["cancelled", "success"],
      says: [/exceeded the maximum execution time of 2m0s/],
    },
  },
];

const results: RunRow[] = [
  {
    name: "outputs: from steps, empty ones are left out",
    from: outputs,
    jobs: `one:
  runs-on: x
  outputs: {made: '\${{ steps.s.outputs.v }}', text: 'is \${{ github.ref_name }}', none: '\${{ steps.s.outputs.w }}'}
  steps: [{id: s, run: 'echo "v=1" >> "$GITHUB_OUTPUT"'}]
a:
  needs: one
  runs-on: x
  steps: [{run: 'echo "\${{ needs.one.outputs.made }} \${{ needs.one.outputs.text }} [\${{ needs.one.outputs.none }}]"'}]`,
    is: { outputs: { one: { made: "1", text: "is main" } }, prints: ["1 is main []"] },
  },
  {
    name: "outputs: one that contains a secret is dropped with a warning",
    from: outputs,
    jobs: `one:
  runs-on: x
  outputs: {good: g, bad: 'is \${{ steps.s.outputs.x }}'}
  steps: [{id: s, run: 'echo "x=\${{ secrets.KEY }}" >> "$GITHUB_OUTPUT"'}]
a: {needs: one, runs-on: x, steps: [{run: 'echo "[\${{ needs.one.outputs.bad }}]"'}]}`,
    given: { secrets: { KEY: "hunter22" } },
    is: {
      outputs: { one: { good: "g" } },
      prints: ["[]"],
      says: [/^warning: Skip output 'bad' since it may contain secret/],
    },
  },
  {
    name: "outputs: of a job that fails",
    from: "runner JobExtension.cs",
    jobs: `one:
  runs-on: x
  outputs: {made: '\${{ steps.s.outputs.v }}'}
  steps: [{id: s, run: 'echo "v=1" >> "$GITHUB_OUTPUT"; exit 1'}]
a: {needs: one, if: failure(), runs-on: x, steps: [{run: 'echo "\${{ needs.one.outputs.made }} \${{ needs.one.result }}"'}]}`,
    is: { prints: ["1 failure"] },
  },
  {
    name: "outputs: of a matrix are put together",
    from: "docs workflow-syntax#using-job-outputs-in-a-matrix-job",
    jobs: `one:
  runs-on: x
  strategy: {matrix: {v: [1, 2, 3]}}
  outputs: {o_1: '\${{ steps.s.outputs.o_1 }}', o_2: '\${{ steps.s.outputs.o_2 }}', o_3: '\${{ steps.s.outputs.o_3 }}'}
  steps: [{id: s, run: 'echo "o_\${{ matrix.v }}=\${{ matrix.v }}" >> "$GITHUB_OUTPUT"'}]
a: {needs: one, runs-on: x, steps: [{run: 'echo "\${{ join(needs.one.outputs.*) }}"'}]}`,
    is: { prints: ["1,2,3"] },
  },
  {
    name: "an environment: its name and address from expressions, its secrets and variables over the repository's",
    from: "docs workflow-syntax#jobsjob_idenvironment",
    jobs: `a:
  runs-on: x
  environment: {name: '\${{ github.ref_name }}-env', url: 'https://\${{ steps.s.outputs.h }}.example.org'}
  steps: [{id: s, run: 'echo "h=shop" >> "$GITHUB_OUTPUT"; echo "\${{ vars.PLACE }} \${{ secrets.KEY == ''abcde'' }}"'}]
b: {runs-on: x, steps: [{run: 'echo "\${{ vars.PLACE }} [\${{ secrets.KEY }}]"'}]}`,
    given: {
      vars: { PLACE: "repository" },
      environment: async (name) => ({ secrets: { KEY: "abcde" }, vars: { PLACE: name } }),
    },
    is: {
      environment: { name: "main-env", url: "https://shop.example.org", deployment: true },
      prints: { a: ["main-env true"], b: ["repository []"] },
    },
  },
  {
    name: "an environment's address with a secret is dropped",
    from: "runner JobExtension.cs",
    jobs: `a:
  runs-on: x
  environment: {name: e, url: 'https://example.org/\${{ steps.s.outputs.x }}'}
  steps: [{id: s, run: 'echo "x=$K" >> "$GITHUB_OUTPUT"', env: {K: '\${{ secrets.K }}'}}]`,
    given: { secrets: { K: "s3cret-value" } },
    is: {
      environment: { name: "e", deployment: true },
      says: [/^warning: Skip setting environment url/],
    },
  },
  {
    name: "an empty environment name is none",
    from: "docs workflow-syntax#jobsjob_idenvironment",
    jobs: "a: {runs-on: x, environment: '${{ vars.NONE }}', steps: [{run: 'true'}]}",
    given: {
      environment: async () => ({ secrets: {}, vars: {}, refuses: "never asked" }),
    },
    is: { conclusion: "success" },
  },
  {
    name: "names: the run's, the workflow's and the job's",
    from: "docs workflow-syntax#run-name",
    workflow: `name: W
run-name: Release \${{ github.ref_name }} by @\${{ github.actor }}
on: push
jobs: {a: {name: 'Build \${{ github.ref_name }}', runs-on: x, steps: [{run: 'echo "\${{ github.workflow }} $GITHUB_WORKFLOW"'}]}}
`,
    is: { title: "Release main by @ana", names: ["Build main"], prints: ["W W"] },
  },
];

const groups: RunRow[] = [
  {
    name: "concurrency: of the workflow, then of its jobs",
    from: "docs workflow-syntax#concurrency",
    workflow: `on: push
concurrency: {group: 'w-\${{ github.ref_name }}', cancel-in-progress: false}
jobs: {a: {concurrency: production, runs-on: x, steps: [{run: 'true'}]}}
`,
    is: { groups: ["w-main", "production"] },
  },
  {
    name: "concurrency: a job's group may use its matrix",
    from: "docs contexts#context-availability",
    jobs: `a:
  runs-on: x
  strategy: {matrix: {to: [one, two]}}
  concurrency: {group: 'to-\${{ matrix.to }}', queue: max}
  steps: [{run: 'true'}]`,
    is: { groups: ["to-one", "to-two"] },
  },
  {
    name: "concurrency: a job that is skipped asks for none",
    from: "docs workflow-syntax#jobsjob_idif",
    jobs: "a: {if: false, concurrency: production, runs-on: x, steps: [{run: 'true'}]}",
    is: { groups: [] },
  },
];

export const jobs: RunRow[] = [...conditions, ...results, ...groups];
