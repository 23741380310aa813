import { describe, expect, test } from "vitest";
import { legName, legsOf } from "./matrix.ts";
import { excess, permissionsOf } from "./permissions.ts";
import { dispatchInputs, typedInputs } from "./inputs.ts";
import { matchesFilter } from "./glob.ts";
import { reasonNotToStart, startsOn } from "./trigger.ts";
import { problemsOf } from "./validation.ts";

test.each<[patterns: string[], name: string, value: boolean]>([
  [["feature/*"], "feature/a", true],
  [["feature/*"], "feature/a/b", false],
  [["feature/**"], "feature/a/b", true],
  [["releases/**-alpha"], "releases/beta/3-alpha", true],
  [["main", "releases/**"], "releases/10", true],
  [["*"], "main", true],
  [["*"], "a/b", false],
  [["**"], "a/b", true],
  [["*feature"], "my-feature", true],
  [["v2*"], "v2.9", true],
  [["v[12].[0-9]+.[0-9]+"], "v1.10.1", true],
  [["v[12].[0-9]+.[0-9]+"], "v3.1.1", false],
  [["[0-9]+.[0-9]+.[0-9]+"], "1.2.3", true],
  [["[0-9]+.[0-9]+.[0-9]+"], "1.2.3-rc1", false],
  [["*.jsx?"], "page.js", true],
  [["*.jsx?"], "page.jsx", true],
  [["**.js"], "js/index.js", true],
  [["docs/**/*.md"], "docs/hello.md", true],
  [["docs/**/*.md"], "docs/a/b.md", true],
  [["**/README.md"], "README.md", true],
  [["**/*src/**"], "a/src/app.js", true],
  [["**/*-post.md"], "my-post.md", true],
  [["releases/**", "!releases/**-alpha"], "releases/1-alpha", false],
  [["!releases/**-alpha", "releases/**"], "releases/1-alpha", true],
  [["*.md", "!README.md", "README*"], "README.md", true],
])("filter %j and %s", (patterns, name, value) => {
  expect(matchesFilter(patterns, name)).toBe(value);
});

const on = (text: string): string => `on:\n${text.replaceAll(/^/gm, "  ")}\njobs: {}\n`;

test.each<[name: string, text: string, event: Parameters<typeof startsOn>[1], starts: boolean]>([
  ["a plain name", "on: push\njobs: {}", { name: "push", ref: "refs/heads/x" }, true],
  ["a list", "on: [push, release]\njobs: {}", { name: "release" }, true],
  ["another event", "on: push\njobs: {}", { name: "release" }, false],
  ["push without filters takes tags", on("push:"), { name: "push", ref: "refs/tags/1" }, true],
  [
    "branches only, a tag",
    on("push: {branches: [main]}"),
    { name: "push", ref: "refs/tags/1" },
    false,
  ],
  [
    "tags only, a branch",
    on("push: {tags: ['*']}"),
    { name: "push", ref: "refs/heads/main" },
    false,
  ],
  [
    "tags only, a tag",
    on("push: {tags: ['[0-9]+.[0-9]+.[0-9]+']}"),
    { name: "push", ref: "refs/tags/1.2.3" },
    true,
  ],
  [
    "both, a tag",
    on("push: {branches: [main], tags: ['v*']}"),
    { name: "push", ref: "refs/tags/v1" },
    true,
  ],
  [
    "branches-ignore",
    on("push: {branches-ignore: ['tmp/**']}"),
    { name: "push", ref: "refs/heads/tmp/a/b" },
    false,
  ],
  [
    "branches-ignore of another",
    on("push: {branches-ignore: ['tmp/**']}"),
    { name: "push", ref: "refs/heads/main" },
    true,
  ],
  [
    "tags-ignore",
    on("push: {tags-ignore: ['*-rc*']}"),
    { name: "push", ref: "refs/tags/1-rc1" },
    false,
  ],
  [
    "paths that match",
    on("push: {paths: ['src/**']}"),
    { name: "push", ref: "refs/heads/main", changed: ["src/a.ts", "b"] },
    true,
  ],
  [
    "paths that do not",
    on("push: {paths: ['src/**']}"),
    { name: "push", ref: "refs/heads/main", changed: ["docs/a.md"] },
    false,
  ],
  [
    "paths of a tag do not count",
    on("push: {paths: ['src/**']}"),
    { name: "push", ref: "refs/tags/1", changed: ["docs/a.md"] },
    true,
  ],
  [
    "paths-ignore of all",
    on("push: {paths-ignore: ['**.md']}"),
    { name: "push", ref: "refs/heads/main", changed: ["docs/a.md"] },
    false,
  ],
  [
    "paths-ignore of some",
    on("push: {paths-ignore: ['**.md']}"),
    { name: "push", ref: "refs/heads/main", changed: ["docs/a.md", "x"] },
    true,
  ],
  [
    "paths from the payload",
    on("push: {paths: [src]}"),
    {
      name: "push",
      ref: "refs/heads/main",
      payload: { commits: [{ added: ["a"], modified: [], removed: [] }] },
    },
    false,
  ],
  [
    "a deleted ref",
    on("push:"),
    { name: "push", ref: "refs/heads/x", payload: { deleted: true } },
    false,
  ],
  [
    "skip ci",
    on("push:"),
    { name: "push", ref: "refs/heads/x", payload: { head_commit: { message: "fix [skip ci]" } } },
    false,
  ],
  [
    "types",
    on("issue_comment: {types: [created]}"),
    { name: "issue_comment", payload: { action: "edited" } },
    false,
  ],
  [
    "types that match",
    on("issue_comment: {types: [created]}"),
    { name: "issue_comment", payload: { action: "created" } },
    true,
  ],
  [
    "action beside the payload",
    on("release: {types: [published]}"),
    { name: "release", action: "created" },
    false,
  ],
  [
    "release without types",
    on("release:"),
    { name: "release", payload: { action: "published" } },
    true,
  ],
  [
    "pull_request's own types",
    on("pull_request:"),
    { name: "pull_request", payload: { action: "labeled" } },
    false,
  ],
  [
    "pull_request's base",
    on("pull_request: {branches: [main]}"),
    {
      name: "pull_request",
      payload: { action: "opened", pull_request: { base: { ref: "next" } } },
    },
    false,
  ],
  [
    "a schedule",
    on("schedule: [{cron: '0 6 * * 2'}]"),
    { name: "schedule", payload: { schedule: "0 6 * * 2" } },
    true,
  ],
  [
    "another schedule",
    on("schedule: [{cron: '0 6 * * 2'}]"),
    { name: "schedule", payload: { schedule: "0 7 * * *" } },
    false,
  ],
  [
    "repository_dispatch",
    on("repository_dispatch: {types: [go]}"),
    { name: "repository_dispatch", payload: { action: "stop" } },
    false,
  ],
  [
    "workflow_run",
    on("workflow_run: {workflows: [Build]}"),
    { name: "workflow_run", payload: { action: "completed", workflow_run: { name: "Test" } } },
    false,
  ],
  ["dispatch", on("workflow_dispatch:"), { name: "workflow_dispatch" }, true],
])("on: %s", (_name, text, event, starts) => {
  expect(startsOn(text, event)).toBe(starts);
  expect(reasonNotToStart(text, event) === undefined).toBe(starts);
});

describe("inputs of a dispatch", () => {
  const text = on(`workflow_dispatch:
  inputs:
    version: {required: true, type: string}
    action: {type: choice, options: [release, rollback], default: release}
    dry-run: {type: boolean}
    count: {type: number, default: 2}
    where: {type: environment}`);

  test.each<[given: Record<string, string>, expected: unknown]>([
    [
      { version: "1.2.3" },
      {
        inputs: { version: "1.2.3", action: "release", "dry-run": "false", count: "2", where: "" },
      },
    ],
    [
      { version: "1", "dry-run": "true", action: "rollback", count: "7" },
      { inputs: { version: "1", action: "rollback", "dry-run": "true", count: "7", where: "" } },
    ],
    [{}, { refused: "Required input 'version' not provided" }],
    [{ version: "" }, { refused: "Required input 'version' not provided" }],
    [{ version: "1", nope: "x" }, { refused: 'Unexpected inputs provided: ["nope"]' }],
    [
      { version: "1", action: "delete" },
      { refused: "Provided value 'delete' for input 'action' not in the list of allowed values" },
    ],
    [
      { version: "1", "dry-run": "yes" },
      { refused: "Provided value 'yes' for input 'dry-run' not in the list of allowed values" },
    ],
    [
      { version: "1", count: "x" },
      { refused: "Provided value 'x' for input 'count' is not a number" },
    ],
  ])("%j", (given, expected) => {
    expect(dispatchInputs(text, given)).toEqual(expected);
  });

  test("a workflow without the trigger", () => {
    expect(dispatchInputs("on: push\njobs: {}", {})).toEqual({
      refused: "Workflow does not have 'workflow_dispatch' trigger",
    });
  });

  test("the inputs context is typed", () => {
    const trigger = {
      inputs: {
        a: { type: "boolean" },
        b: { type: "number" },
        c: null,
        d: { type: "boolean", default: true },
      },
    };
    expect(typedInputs(trigger, { a: "true", b: "3" })).toEqual({ a: true, b: 3, c: "", d: true });
  });
});

test.each<[name: string, matrix: unknown, legs: string[]]>([
  ["product", { a: [1, 2], b: ["x", "y"] }, ["j (1, x)", "j (1, y)", "j (2, x)", "j (2, y)"]],
  [
    "exclude",
    { a: [1, 2], b: ["x", "y"], exclude: [{ a: 1, b: "y" }] },
    ["j (1, x)", "j (2, x)", "j (2, y)"],
  ],
  [
    "exclude of a whole row",
    { a: [1, 2], b: ["x", "y"], exclude: [{ a: 1 }] },
    ["j (2, x)", "j (2, y)"],
  ],
  ["include adds to what fits", { a: [1, 2], include: [{ a: 2, c: "z" }] }, ["j (1)", "j (2, z)"]],
  ["include without a fit is a job", { a: [1], include: [{ a: 3 }] }, ["j (1)", "j (3)"]],
  ["include for all", { a: [1, 2], include: [{ c: "z" }] }, ["j (1, z)", "j (2, z)"]],
  ["include alone", { include: [{ a: 1 }, { a: 2 }] }, ["j (1)", "j (2)"]],
  [
    "include may change what include added",
    { a: [1], include: [{ c: 1 }, { c: 2 }] },
    ["j (1, 2)"],
  ],
  ["objects", { t: [{ os: "linux", v: 1 }] }, ["j (linux, 1)"]],
])("matrix: %s", (_name, matrix, legs) => {
  expect(legsOf(matrix).map((leg) => legName("j", leg))).toEqual(legs);
});

test("an empty vector is an error", () => {
  expect(() => legsOf({ a: [] })).toThrow("does not contain any values");
});

test.each<[workflow: unknown, job: unknown, expected: Record<string, string>]>([
  [undefined, undefined, { contents: "read", packages: "read", metadata: "read" }],
  [{}, undefined, { metadata: "read" }],
  [{ contents: "write" }, undefined, { contents: "write", metadata: "read" }],
  [{ contents: "write" }, { issues: "read" }, { issues: "read", metadata: "read" }],
  [{ contents: "write" }, {}, { metadata: "read" }],
  [null, undefined, { metadata: "read" }],
  [{ contents: "none", issues: "write" }, undefined, { issues: "write", metadata: "read" }],
])("permissions: %j, job %j", (workflow, job, expected) => {
  expect(permissionsOf(workflow, job)).toEqual(expected);
});

test("read-all and write-all", () => {
  expect(permissionsOf("read-all", undefined)).toMatchObject({
    contents: "read",
    "id-token": "none",
    metadata: "read",
  });
  expect(permissionsOf({}, "write-all")).toMatchObject({
    contents: "write",
    "id-token": "write",
    models: "read",
    metadata: "read",
  });
});

test("a called workflow may not ask for more than its caller", () => {
  expect(excess({ contents: "write" }, { contents: "read" })).toBe(
    "The workflow is requesting 'contents: write', but is only allowed 'contents: read'.",
  );
  expect(excess({ contents: "read" }, { contents: "write" })).toBeUndefined();
});

describe("what GitHub refuses", () => {
  const job = "    runs-on: ubuntu-latest\n    steps: [{run: 'true'}]\n";
  test.each<[name: string, text: string, code: string, line: number, message: RegExp]>([
    ["no YAML", "on: push\njobs:\n  a: [\n", "RA9001", 4, /./],
    [
      "an unknown key",
      `on: push\njobs:\n  a:\n    nope: 1\n${job}`,
      "RA9001",
      4,
      /Unexpected value 'nope'/,
    ],
    [
      "an unknown event",
      `on: pushed\njobs:\n  a:\n${job}`,
      "RA9001",
      1,
      /Unexpected value 'pushed'/,
    ],
    [
      "needs of nobody",
      `on: push\njobs:\n  a:\n    needs: b\n${job}  c:\n${job}`,
      "RA9001",
      4,
      /depends on unknown job 'b'/,
    ],
    [
      "a circle",
      `on: push\njobs:\n  a:\n    needs: b\n${job}  b:\n    needs: a\n${job}`,
      "RA9001",
      1,
      /./,
    ],
    [
      "a context that is not there",
      `on: push\njobs:\n  a:\n    if: secrets.X\n${job}`,
      "RA9001",
      4,
      /secrets/,
    ],
    [
      "an unknown function",
      `on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: \${{ nope() }}\n`,
      "RA9001",
      6,
      /nope/,
    ],
    [
      "services",
      `on: push\njobs:\n  a:\n    services: {db: {image: postgres}}\n${job}`,
      "RA9002",
      4,
      /jobs\.a\.services cannot be rehearsed/,
    ],
    [
      "a container",
      `on: push\njobs:\n  a:\n    container: node\n${job}`,
      "RA9002",
      4,
      /jobs\.a\.container/,
    ],
  ])("%s", async (_name, text, code, line, message) => {
    const problems = await problemsOf("x.yml", text);
    expect(problems[0]).toMatchObject({ code, path: "x.yml" });
    expect(problems.map((problem) => problem.message).join("\n")).toMatch(message);
    if (line > 1) expect(problems[0]?.line).toBe(line);
  });

  test("the newer keys are accepted", async () => {
    const text = `on: push\njobs:\n  a:\n    environment: {name: production, deployment: false}\n    concurrency: {group: production, queue: max}\n${job}`;
    expect(await problemsOf("x.yml", text)).toEqual([]);
  });
});
