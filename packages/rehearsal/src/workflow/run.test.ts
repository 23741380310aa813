import { describe, expect, test } from "vitest";
import { collect, printed, requestFor, run, runSteps } from "./fixture.ts";
import { runWorkflow } from "./run.ts";

const ubuntu = "runs-on: ubuntu-latest";

describe("needs and if", () => {
  const step = (script: string): string => `    ${ubuntu}\n    steps: [{run: "${script}"}]\n`;
  // a fails or succeeds, b needs a with a condition, c needs b without one.
  test.each<[a: string, condition: string, b: string, c: string]>([
    ["true", "", "success", "success"],
    ["false", "", "skipped", "skipped"],
    ["false", "always()", "success", "skipped"],
    ["false", "failure()", "success", "skipped"],
    ["true", "failure()", "skipped", "skipped"],
    ["false", "needs.a.result == 'failure'", "skipped", "skipped"],
    ["false", "always() && needs.a.result == 'failure'", "success", "skipped"],
    ["true", "needs.a.outputs.x == ''", "success", "success"],
    ["true", "false", "skipped", "skipped"],
    ["true", "${{ github.ref == 'refs/heads/main' }}", "success", "success"],
    ["true", "github.event_name == 'release'", "skipped", "skipped"],
  ])("a runs %s, b if '%s': b %s, c %s", async (a, condition, b, c) => {
    const when = condition === "" ? "" : `    if: ${condition}\n`;
    const result = await run(
      `on: push\njobs:\n  a:\n    outputs: {x: ''}\n${step(a)}  b:\n    needs: a\n${when}${step("true")}  c:\n    needs: [b]\n${step("true")}`,
    );
    expect([result.jobs["b"]?.result, result.jobs["c"]?.result]).toEqual([b, c]);
    expect(result.conclusion).toBe(a === "false" ? "failure" : "success");
  });

  test("a skipped ancestor skips even behind a job that ran", async () => {
    const result = await run(
      `on: push\njobs:\n  a:\n    if: false\n${step("true")}  b:\n    needs: a\n    if: always()\n${step("true")}  c:\n    needs: b\n${step("true")}`,
    );
    expect(Object.entries(result.jobs).map(([id, job]) => `${id} ${job.result}`)).toEqual([
      "a skipped",
      "b success",
      "c skipped",
    ]);
    expect(result.conclusion).toBe("success");
  });

  test("all skipped is skipped", async () => {
    expect((await run(`on: push\njobs:\n  a:\n    if: false\n${step("true")}`)).conclusion).toBe(
      "skipped",
    );
  });

  test("continue-on-error of a job is success for others", async () => {
    const result = await run(
      `on: push\njobs:\n  a:\n    continue-on-error: true\n${step("false")}  b:\n    needs: a\n${step("true")}`,
    );
    expect([result.jobs["a"]?.result, result.jobs["b"]?.result, result.conclusion]).toEqual([
      "failure",
      "success",
      "success",
    ]);
  });

  test("a condition that cannot be evaluated fails the job", async () => {
    const result = await run(`on: push\njobs:\n  a:\n    if: fromJSON('{')\n${step("true")}`);
    expect(result.jobs["a"]?.result).toBe("failure");
    expect(result.jobs["a"]?.annotations[0]?.message).toContain("JSON");
  });

  test("only one job and what it needs", async () => {
    const request = await requestFor(
      `on: push\njobs:\n  a:\n${step("true")}  b:\n    needs: a\n${step("true")}  c:\n${step("true")}`,
      { only: { job: "b" } },
    );
    expect(Object.keys((await runWorkflow(request)).jobs)).toEqual(["a", "b"]);
  });
});

describe("steps", () => {
  test.each<[first: string, condition: string, second: string]>([
    ["true", "", "success"],
    ["false", "", "skipped"],
    ["false", "if: always()", "success"],
    ["false", "if: failure()", "success"],
    ["true", "if: failure()", "skipped"],
    ["false", "if: steps.one.outcome == 'failure'", "skipped"],
    ["false", "if: failure() && steps.one.conclusion == 'failure'", "success"],
    ["false", "if: ${{ !cancelled() }}", "success"],
    ["true", "if: env.LOCAL == 'yes'", "success"],
  ])("after %s, %s: %s", async (first, condition, second) => {
    const result = await runSteps(
      `- {id: one, run: '${first}'}\n- run: 'true'\n  env: {LOCAL: 'yes'}\n  ${condition}`,
    );
    expect(result.jobs["a"]?.steps[1]?.outcome).toBe(second);
  });

  test("continue-on-error keeps the outcome", async () => {
    const result = await runSteps(`
- {id: one, run: exit 3, continue-on-error: true}
- run: echo \${{ steps.one.outcome }} \${{ steps.one.conclusion }} \${{ job.status }}`);
    expect(result.conclusion).toBe("success");
    expect(result.jobs["a"]?.steps[0]).toMatchObject({
      outcome: "failure",
      conclusion: "success",
      exitCode: 3,
    });
    expect(printed(result)).toContain("failure success success");
  });

  test("without shell: no pipefail, with shell: bash pipefail, sh is sh", async () => {
    const result = await runSteps(`
- run: "false | true"
- {run: "false | true", shell: bash, continue-on-error: true, id: strict}
- run: echo \${{ steps.strict.outcome }}
- {run: 'echo "$0" | grep -c bash || true', shell: sh}
- {run: 'echo $-', shell: 'bash -u {0}'}`);
    expect(result.jobs["a"]?.steps.map((step) => step.outcome)).toEqual([
      "success",
      "failure",
      "success",
      "success",
      "success",
    ]);
    expect(printed(result)).toContain("failure");
    expect(result.jobs["a"]?.steps[3]?.log).toContain("sh -e {0}");
  });

  test("an unknown shell fails the step with the known ones", async () => {
    const result = await runSteps("- {run: 'Get-Item x', shell: pwsh}");
    expect(result.jobs["a"]?.annotations[0]?.message).toContain(
      "Shell 'pwsh' is not in the rehearsal",
    );
  });

  test("env levels, defaults and working directories", async () => {
    const result = await run(`on: push
env: {A: workflow, B: workflow, C: workflow}
defaults: {run: {shell: bash}}
jobs:
  a:
    ${ubuntu}
    env: {B: job, C: job}
    defaults: {run: {working-directory: sub}}
    steps:
      - {run: mkdir -p sub/deep, working-directory: .}
      - {run: 'echo "$A $B $C \${{ env.C }}"; basename "$PWD"', env: {C: step}}
      - {run: basename "$PWD", working-directory: sub/deep}
`);
    expect(printed(result)).toEqual(["workflow job step step", "sub", "deep"]);
  });

  test("the environment is clean and carries what is documented", async () => {
    process.env["LEAK"] = "yes";
    const result = await runSteps('- {id: one, run: env | sort}\n- run: cat "$GITHUB_EVENT_PATH"', {
      env: { https_proxy: "http://127.0.0.1:1" },
    });
    delete process.env["LEAK"];
    const lines = printed(result);
    const names = lines
      .filter((line) => /^[A-Za-z_]+=/.test(line))
      .map((line) => line.split("=", 1)[0]);
    expect(names).toEqual([
      ..."CI GITHUB_ACTION GITHUB_ACTIONS GITHUB_ACTION_REF GITHUB_ACTION_REPOSITORY GITHUB_ACTOR GITHUB_ACTOR_ID GITHUB_API_URL GITHUB_BASE_REF".split(
        " ",
      ),
      ..."GITHUB_ENV GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_GRAPHQL_URL GITHUB_HEAD_REF GITHUB_JOB GITHUB_OUTPUT GITHUB_PATH GITHUB_REF".split(
        " ",
      ),
      ..."GITHUB_REF_NAME GITHUB_REF_PROTECTED GITHUB_REF_TYPE GITHUB_REPOSITORY GITHUB_REPOSITORY_ID GITHUB_REPOSITORY_OWNER GITHUB_REPOSITORY_OWNER_ID".split(
        " ",
      ),
      ..."GITHUB_RETENTION_DAYS GITHUB_RUN_ATTEMPT GITHUB_RUN_ID GITHUB_RUN_NUMBER GITHUB_SERVER_URL GITHUB_SHA GITHUB_STATE GITHUB_STEP_SUMMARY".split(
        " ",
      ),
      ..."GITHUB_TRIGGERING_ACTOR GITHUB_WORKFLOW GITHUB_WORKFLOW_REF GITHUB_WORKFLOW_SHA GITHUB_WORKSPACE HOME PATH PWD RUNNER_ARCH RUNNER_ENVIRONMENT".split(
        " ",
      ),
      ..."RUNNER_NAME RUNNER_OS RUNNER_TEMP RUNNER_TOOL_CACHE SHLVL _ https_proxy".split(" "),
    ]);
    expect(lines).toContain("GITHUB_ACTION=one");
    expect(lines).toContain(
      "GITHUB_WORKFLOW_REF=example/shop/.github/workflows/test.yml@refs/heads/main",
    );
    expect(lines).toContain("GITHUB_TRIGGERING_ACTOR=ben");
    expect(lines).toContain('  "ref": "refs/heads/main"');
  });

  test("typed inputs of a dispatch", async () => {
    const result = await run(
      `on:\n  workflow_dispatch:\n    inputs: {dry: {type: boolean}, count: {type: number, default: 4}}\njobs:\n  a:\n    if: inputs.dry\n    ${ubuntu}\n    steps: [{run: "echo \${{ inputs.count == 4 }} \${{ github.event.inputs.dry == 'true' }}"}]\n`,
      { event: { name: "workflow_dispatch", payload: { inputs: { dry: "true", count: "4" } } } },
    );
    expect(printed(result)).toEqual(["true true"]);
  });
});

describe("jobs", () => {
  test("a matrix runs its legs and stops at the first failure", async () => {
    const text = (failFast: boolean): string =>
      `on: push\njobs:\n  a:\n    ${ubuntu}\n    strategy: {fail-fast: ${failFast}, matrix: {n: [1, 2, 3]}}\n    outputs: {last: '\${{ steps.s.outputs.n }}'}\n    steps:\n      - {id: s, run: 'echo "n=\${{ matrix.n }}" >> "$GITHUB_OUTPUT"; echo \${{ strategy.job-index }}/\${{ strategy.job-total }}; test \${{ matrix.n }} != 2'}\n`;
    const fast = await run(text(true));
    expect(Object.entries(fast.jobs).map(([id, job]) => `${id} ${job.result}`)).toEqual([
      "a (1) success",
      "a (2) failure",
      "a (3) cancelled",
    ]);
    expect(fast.conclusion).toBe("failure");
    expect(printed(fast, "a (2)")[0]).toBe("1/3");
    const slow = await run(text(false));
    expect(slow.jobs["a (3)"]?.result).toBe("success");
  });

  test("a matrix made by another job, and its aggregated result", async () => {
    const result = await run(`on: push
jobs:
  list:
    ${ubuntu}
    outputs: {names: '\${{ steps.l.outputs.names }}'}
    steps: [{id: l, run: 'echo ''names=["x","y"]'' >> "$GITHUB_OUTPUT"'}]
  each:
    needs: list
    ${ubuntu}
    name: Do \${{ matrix.n }}
    strategy: {matrix: {n: '\${{ fromJSON(needs.list.outputs.names) }}'}}
    steps: [{run: 'echo \${{ matrix.n }}'}]
  after:
    needs: each
    ${ubuntu}
    steps: [{run: 'echo \${{ needs.each.result }}'}]
`);
    expect(Object.values(result.jobs).map((job) => job.name)).toEqual([
      "list",
      "Do x",
      "Do y",
      "after",
    ]);
    expect(printed(result, "after")).toEqual(["success"]);
  });

  test("outputs with a secret are dropped with a warning, empty ones without", async () => {
    const result = await run(
      `on: push\njobs:\n  a:\n    ${ubuntu}\n    outputs: {good: 'g', bad: 'is \${{ steps.s.outputs.x }}', empty: ''}\n    steps: [{id: s, run: 'echo "x=\${{ secrets.KEY }}" >> "$GITHUB_OUTPUT"'}]\n  b:\n    needs: a\n    ${ubuntu}\n    steps: [{run: "echo [\${{ needs.a.outputs.bad }}]"}]\n`,
      { secrets: { KEY: "hunter22" } },
    );
    expect(result.jobs["a"]?.outputs).toEqual({ good: "g" });
    expect(result.jobs["a"]?.annotations).toMatchObject([
      { level: "warning", message: "Skip output 'bad' since it may contain secret." },
    ]);
    expect(printed(result, "b")).toEqual(["[]"]);
    expect(JSON.stringify(result)).not.toContain("hunter22 ");
  });

  test("permissions reach the token, job over workflow", async () => {
    const asked: Record<string, unknown> = {};
    await run(
      `on: push\npermissions: {}\njobs:\n  a:\n    ${ubuntu}\n    permissions: {contents: write}\n    steps: [{run: 'true'}]\n  b:\n    ${ubuntu}\n    steps: [{run: 'true'}]\n`,
      {
        issueToken: async (job) => {
          asked[job.id] = job.permissions;
          return "t0ken-value";
        },
      },
    );
    expect(asked).toEqual({ a: { contents: "write", metadata: "read" }, b: { metadata: "read" } });
  });

  test("an environment gives its secrets and variables, and only to its job", async () => {
    const result = await run(
      `on: push\njobs:\n  a:\n    ${ubuntu}\n    environment: {name: "\${{ github.ref_name }}-env", url: "https://\${{ steps.s.outputs.h }}.example.org", deployment: false}\n    steps: [{id: s, run: 'echo "h=shop" >> "$GITHUB_OUTPUT"; echo "\${{ secrets.KEY }}" | rev; echo \${{ vars.PLACE }}'}]\n  b:\n    ${ubuntu}\n    steps: [{run: 'echo "[\${{ secrets.KEY }}] \${{ vars.PLACE }}"'}]\n`,
      {
        vars: { PLACE: "repository" },
        environment: async (name) => ({ secrets: { KEY: `abcde-${name}` }, vars: { PLACE: name } }),
      },
    );
    expect(printed(result, "a")).toEqual(["vne-niam-edcba", "main-env"]);
    expect(result.jobs["a"]?.environment).toEqual({
      name: "main-env",
      url: "https://shop.example.org",
      deployment: false,
    });
    expect(printed(result, "b")).toEqual(["[] repository"]);
  });

  test("a branch rule that refuses fails the job before its first step and before its token", async () => {
    const refuses =
      'Branch "main" is not allowed to deploy to production due to environment protection rules.';
    let tokens = 0;
    const result = await run(
      `on: push\njobs:\n  a:\n    ${ubuntu}\n    environment: production\n    steps: [{run: 'true'}]\n`,
      {
        environment: async () => ({ secrets: {}, vars: {}, refuses }),
        issueToken: async () => `t${tokens++}`,
      },
    );
    expect(result.jobs["a"]).toMatchObject({
      result: "failure",
      steps: [],
      annotations: [{ level: "error", message: refuses }],
    });
    expect(tokens).toBe(0);
  });

  test("concurrency groups are asked for, for the workflow and the job", async () => {
    const groups: string[] = [];
    const result = await run(
      `on: push\nconcurrency: {group: 'w-\${{ github.ref_name }}', cancel-in-progress: true}\njobs:\n  a:\n    ${ubuntu}\n    concurrency: {group: production, queue: max}\n    steps: [{run: 'true'}]\n`,
      {
        concurrency: async (group, work) => {
          groups.push(group);
          await work();
        },
      },
    );
    expect(groups).toEqual(["w-main", "production"]);
    expect(result.log).toContain("RA9003 concurrency w-main");
  });

  test("what is done in another way is said", async () => {
    const result = await run(
      `name: W\nrun-name: Release \${{ github.ref_name }}\non: push\njobs:\n  a:\n    ${ubuntu}\n    permissions: {id-token: write}\n    strategy: {max-parallel: 1, matrix: {n: [1, 2]}}\n    steps: [{run: 'true'}]\n`,
    );
    expect(result.title).toBe("Release main");
    expect(result.log.split("\n").slice(0, 2)).toEqual([
      "RA9003 jobs.a.strategy.max-parallel: the legs of a matrix run one after the other.",
      "RA9003 jobs.a.permissions.id-token: there is no service for identity tokens in a rehearsal.",
    ]);
  });

  test("other machines are refused in the job", async () => {
    const result = await run(
      "on: push\njobs:\n  a:\n    runs-on: windows-latest\n    steps: [{run: 'true'}]\n",
    );
    expect(result.jobs["a"]?.annotations[0]?.message).toContain(
      "runs-on: windows-latest cannot be rehearsed",
    );
  });

  test("a file that GitHub refuses runs nothing", async () => {
    const result = await run(
      `on: push\njobs:\n  a:\n    ${ubuntu}\n    steps: [{run: 'true', nope: 1}]\n`,
    );
    expect(result).toMatchObject({
      conclusion: "failure",
      jobs: {},
      refused: [{ code: "RA9001", line: 5 }],
    });
    expect(result.log).toContain("RA9001 .github/workflows/test.yml:5:");
  });

  test("events are observed in order and masked", async () => {
    const { events, observe } = collect();
    await runSteps(
      "- {name: Say it, run: 'echo \"::warning title=T::it is $K\"', env: {K: '${{ secrets.K }}'}}",
      { observe, secrets: { K: "s3cret-value" } },
    );
    expect(events.map((event) => event.kind).filter((kind) => kind !== "log")).toEqual([
      "job-started",
      "step-started",
      "annotation",
      "step-ended",
      "job-ended",
    ]);
    expect(events.find((event) => event.kind === "annotation")).toMatchObject({
      annotation: { message: "it is ***", title: "T", step: "Say it" },
    });
    expect(JSON.stringify(events)).not.toContain("s3cret-value");
  });
});

describe("called workflows", () => {
  const files: Record<string, string> = {
    ".github/workflows/build.yml": `on:
  workflow_call:
    inputs: {name: {type: string, required: true}, fast: {type: boolean, default: true}}
    secrets: {KEY: {required: true}}
    outputs: {made: {value: '\${{ jobs.make.outputs.made }}'}}
jobs:
  make:
    ${ubuntu}
    outputs: {made: '\${{ steps.m.outputs.made }}'}
    steps: [{id: m, run: 'echo "made=\${{ inputs.name }}-\${{ inputs.fast }}" >> "$GITHUB_OUTPUT"; test "$K" = abc123', env: {K: '\${{ secrets.KEY }}'}}]
`,
  };
  const caller = (rest: string, permissions = ""): string =>
    `on: push\n${permissions}jobs:\n  call:\n    uses: ./.github/workflows/build.yml\n${rest}  after:\n    needs: call\n    ${ubuntu}\n    steps: [{run: 'echo \${{ needs.call.outputs.made }}'}]\n`;
  const readFile = async (path: string): Promise<string | undefined> => files[path];

  test("inputs, secrets and outputs", async () => {
    const result = await run(
      caller("    with: {name: shop}\n    secrets: {KEY: '${{ secrets.OWN }}'}\n"),
      { readFile, secrets: { OWN: "abc123" } },
    );
    expect(Object.keys(result.jobs)).toEqual(["call / make", "after"]);
    expect(printed(result, "after")).toEqual(["shop-true"]);
  });

  test("secrets: inherit", async () => {
    const result = await run(
      caller("    with: {name: shop, fast: false}\n    secrets: inherit\n"),
      { readFile, secrets: { KEY: "abc123" } },
    );
    expect(printed(result, "after")).toEqual(["shop-false"]);
  });

  test.each([
    ["a missing input", "    secrets: inherit\n", "Input name is required"],
    [
      "an unknown input",
      "    with: {name: x, other: y}\n    secrets: inherit\n",
      "other is not defined",
    ],
    [
      "another type",
      "    with: {name: x, fast: 'yes'}\n    secrets: inherit\n",
      "Input fast is a string",
    ],
    ["a missing secret", "    with: {name: x}\n", "Secret KEY is required"],
  ])("%s is refused", async (_name, rest, message) => {
    const result = await run(caller(rest), { readFile, secrets: { KEY: "abc123" } });
    expect(result.refused?.[0]?.message).toContain(message);
    expect(result.conclusion).toBe("failure");
  });

  test("more permissions than the caller's are refused", async () => {
    const asks = {
      ...files,
      ".github/workflows/build.yml": `on: workflow_call\njobs:\n  make:\n    ${ubuntu}\n    permissions: {contents: write}\n    steps: [{run: 'true'}]\n`,
    };
    const result = await run(caller("", "permissions: {contents: read}\n"), {
      readFile: async (path) => asks[path as keyof typeof asks],
    });
    expect(result.refused?.[0]?.message).toContain(
      "is requesting 'contents: write', but is only allowed 'contents: read'",
    );
  });

  test("a file that is not there", async () => {
    expect((await run(caller(""))).refused?.[0]?.message).toContain("workflow was not found");
  });
});
