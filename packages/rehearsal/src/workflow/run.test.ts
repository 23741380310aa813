import { describe, expect, test } from "vitest";
import { collect, printed, requestFor, run, runSteps } from "./fixture.ts";
import { runWorkflow } from "./run.ts";

const ubuntu = "runs-on: ubuntu-latest";

describe("needs and if", () => {
  const step = (script: string): string => `    ${ubuntu}\n    steps: [{run: "${script}"}]\n`;
  test("only one job and what it needs", async () => {
    const request = await requestFor(
      `on: push\njobs:\n  a:\n${step("true")}  b:\n    needs: a\n${step("true")}  c:\n${step("true")}`,
      { only: { job: "b" } },
    );
    expect(Object.keys((await runWorkflow(request)).jobs)).toEqual(["a", "b"]);
  });
});

describe("steps", () => {
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
});

describe("jobs", () => {
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
