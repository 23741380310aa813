import type { DispatchRow, TriggerRow } from "./row.ts";

const onPush = "docs workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore";
const onPaths = "docs workflow-syntax#onpushpull_requestpull_request_targetpathspaths-ignore";
const required = "docs workflow-syntax#onworkflow_dispatchinputsinput_idrequired";
const type = "docs workflow-syntax#onworkflow_dispatchinputsinput_idtype";
const inputs = "docs events-that-trigger-workflows#providing-inputs";

const push = (ref: string, changed?: string[]): TriggerRow[3] => ({
  name: "push",
  ref,
  ...(changed === undefined ? {} : { changed }),
});
const main = "refs/heads/main";

export const triggers: TriggerRow[] = [
  ["a plain event", "docs workflow-syntax#on", "push", push("refs/heads/x"), true],
  ["an event of a list", "docs workflow-syntax#on", "[push, release]", { name: "release" }, true],
  ["another event", "docs workflow-syntax#on", "push", { name: "release" }, false],
  ["push without filters takes tags", onPush, "{push: }", push("refs/tags/1"), true],
  ["branches only, a tag", onPush, "{push: {branches: [main]}}", push("refs/tags/1"), false],
  ["tags only, a branch", onPush, "{push: {tags: ['*']}}", push(main), false],
  ["tags only, a tag", onPush, "{push: {tags: ['[0-9]+.[0-9]+']}}", push("refs/tags/1.2"), true],
  [
    "branches and tags, a tag",
    onPush,
    "{push: {branches: [main], tags: ['v*']}}",
    push("refs/tags/v1"),
    true,
  ],
  [
    "branches and tags, another branch",
    onPush,
    "{push: {branches: [main], tags: ['v*']}}",
    push("refs/heads/v1"),
    false,
  ],
  ["tags with !", onPush, "{push: {tags: ['v*', '!v*-rc*']}}", push("refs/tags/v1-rc1"), false],
  [
    "branches-ignore",
    onPush,
    "{push: {branches-ignore: ['tmp/**']}}",
    push("refs/heads/tmp/a/b"),
    false,
  ],
  [
    "branches-ignore, another branch",
    onPush,
    "{push: {branches-ignore: ['tmp/**']}}",
    push(main),
    true,
  ],
  [
    "branches-ignore only, a tag",
    onPush,
    "{push: {branches-ignore: ['tmp/**']}}",
    push("refs/tags/1"),
    false,
  ],
  ["tags-ignore", onPush, "{push: {tags-ignore: ['*-rc*']}}", push("refs/tags/1-rc1"), false],
  [
    "paths, a file that matches",
    onPaths,
    "{push: {paths: ['src/**']}}",
    push(main, ["src/a.ts", "b"]),
    true,
  ],
  [
    "paths, no file that matches",
    onPaths,
    "{push: {paths: ['src/**']}}",
    push(main, ["docs/a.md"]),
    false,
  ],
  [
    "paths do not count for tags",
    onPaths,
    "{push: {paths: ['src/**']}}",
    push("refs/tags/1", ["docs/a.md"]),
    true,
  ],
  [
    "paths and branches both have to match",
    onPaths,
    "{push: {branches: [main], paths: ['src/**']}}",
    push("refs/heads/x", ["src/a.ts"]),
    false,
  ],
  [
    "paths with !",
    onPaths,
    "{push: {paths: ['src/**', '!src/docs/**']}}",
    push(main, ["src/docs/a"]),
    false,
  ],
  [
    "paths-ignore, all files",
    onPaths,
    "{push: {paths-ignore: ['**.md']}}",
    push(main, ["docs/a.md"]),
    false,
  ],
  [
    "paths-ignore, some files",
    onPaths,
    "{push: {paths-ignore: ['**.md']}}",
    push(main, ["docs/a.md", "x"]),
    true,
  ],
  [
    "files from the payload",
    onPaths,
    "{push: {paths: [src]}}",
    {
      name: "push",
      ref: main,
      payload: { commits: [{ added: ["a"], modified: [], removed: [] }] },
    },
    false,
  ],
  [
    "a deleted ref",
    "docs events-that-trigger-workflows#push",
    "push",
    { name: "push", ref: "refs/heads/x", payload: { deleted: true } },
    false,
  ],
  [
    "[skip ci]",
    "docs skip-workflow-runs",
    "push",
    { name: "push", ref: main, payload: { head_commit: { message: "fix [skip ci]" } } },
    false,
  ],
  [
    "types, another",
    "docs workflow-syntax#onevent_nametypes",
    "{issue_comment: {types: [created]}}",
    { name: "issue_comment", payload: { action: "edited" } },
    false,
  ],
  [
    "types, this one",
    "docs workflow-syntax#onevent_nametypes",
    "{issue_comment: {types: [created]}}",
    { name: "issue_comment", payload: { action: "created" } },
    true,
  ],
  [
    "without types all are meant",
    "docs events-that-trigger-workflows#release",
    "{release: }",
    { name: "release", payload: { action: "published" } },
    true,
  ],
  [
    "a release's action",
    "docs events-that-trigger-workflows#release",
    "{release: {types: [published]}}",
    { name: "release", action: "created" },
    false,
  ],
  [
    "pull_request has its own three",
    "docs events-that-trigger-workflows#pull_request",
    "{pull_request: }",
    { name: "pull_request", payload: { action: "labeled" } },
    false,
  ],
  [
    "pull_request, synchronize is one of them",
    "docs events-that-trigger-workflows#pull_request",
    "{pull_request: }",
    { name: "pull_request", payload: { action: "synchronize" } },
    true,
  ],
  [
    "pull_request: branches are those it goes to",
    "docs workflow-syntax#onpull_requestpull_request_targetbranchesbranches-ignore",
    "{pull_request: {branches: [main]}}",
    {
      name: "pull_request",
      payload: { action: "opened", pull_request: { base: { ref: "next" } } },
    },
    false,
  ],
  [
    "a schedule",
    "docs events-that-trigger-workflows#schedule",
    "{schedule: [{cron: '0 6 * * 2'}]}",
    { name: "schedule", payload: { schedule: "0 6 * * 2" } },
    true,
  ],
  [
    "another schedule",
    "docs events-that-trigger-workflows#schedule",
    "{schedule: [{cron: '0 6 * * 2'}]}",
    { name: "schedule", payload: { schedule: "0 7 * * *" } },
    false,
  ],
  [
    "repository_dispatch, another type",
    "docs events-that-trigger-workflows#repository_dispatch",
    "{repository_dispatch: {types: [go]}}",
    { name: "repository_dispatch", payload: { action: "stop" } },
    false,
  ],
  [
    "workflow_run of another workflow",
    "docs events-that-trigger-workflows#workflow_run",
    "{workflow_run: {workflows: [Build]}}",
    { name: "workflow_run", payload: { action: "completed", workflow_run: { name: "Test" } } },
    false,
  ],
  [
    "a dispatch",
    "docs events-that-trigger-workflows#workflow_dispatch",
    "{workflow_dispatch: }",
    { name: "workflow_dispatch" },
    true,
  ],
];

/** The workflow of the rows below. */
export const dispatched = `on:
  workflow_dispatch:
    inputs:
      version: {required: true, type: string}
      action: {type: choice, options: [release, rollback], default: release}
      dry-run: {type: boolean}
      count: {type: number, default: 2}
      where: {type: environment}
jobs: {}
`;
const filled = { version: "1", action: "release", "dry-run": "false", count: "2", where: "" };

export const dispatches: DispatchRow[] = [
  ["defaults are filled in", inputs, { version: "1" }, filled],
  [
    "what is given stands, as text",
    inputs,
    { version: "1", "dry-run": "true", action: "rollback", count: "7" },
    { ...filled, "dry-run": "true", action: "rollback", count: "7" },
  ],
  ["a required input is missing", required, {}, "Required input 'version' not provided"],
  ["a required input is empty", required, { version: "" }, "Required input 'version' not provided"],
  [
    "an input that is not declared",
    inputs,
    { version: "1", nope: "x" },
    'Unexpected inputs provided: ["nope"]',
  ],
  [
    "a choice that is not offered",
    type,
    { version: "1", action: "delete" },
    "Provided value 'delete' for input 'action' not in the list of allowed values",
  ],
  [
    "no boolean",
    type,
    { version: "1", "dry-run": "yes" },
    "Provided value 'yes' for input 'dry-run' not in the list of allowed values",
  ],
  [
    "no number",
    type,
    { version: "1", count: "x" },
    "Provided value 'x' for input 'count' is not a number",
  ],
];
