import { expect, test } from "vitest";
import { compareRuns } from "./comparison.ts";
import type { RecordedRun, Write } from "./record.ts";

const tag: Write = {
  to: "registry",
  within: "app",
  late: false,
  what: "PUT /v2/app/manifests/staging",
  status: 201,
  body: "",
};
const mail: Write = {
  to: "smtp",
  within: "",
  late: false,
  what: "MAIL olga@example.org",
  status: 250,
  body: "1.0 is out",
};
const entry: Write = {
  to: "github",
  within: "acme/app",
  late: false,
  what: "POST /graphql createCommitOnBranch",
  status: 200,
  body: "{}",
};
const issue: Write = {
  to: "github",
  within: "acme/app",
  late: false,
  what: "PATCH /repos/acme/app/issues/4",
  status: 200,
  body: "{}",
};

const run: RecordedRun = {
  title: "Staging #1",
  jobs: {
    promote: { result: "success", outputs: { version: "1.0" } },
    tell: { result: "skipped", outputs: {} },
  },
  writes: [tag, entry, issue, mail],
};

test("the same is the same, and an empty output is none", () => {
  const other = structuredClone(run);
  Object.assign(other.jobs["tell"]?.outputs ?? {}, { said: "" });
  expect(compareRuns([run], [other]).flatMap(({ differences }) => differences)).toEqual([]);
});

test.each<
  [what: string, changes: Partial<RecordedRun>, where: string, ours: string, theirs: string]
>([
  ["a missing write", { writes: [tag, entry, issue] }, `smtp: ${mail.what} 250`, "once", "never"],
  [
    "a write that is made twice",
    { writes: [tag, tag, entry, issue, mail] },
    `registry: ${tag.what} 201`,
    "once",
    "2 times",
  ],
  [
    "another write in the place of one",
    { writes: [{ ...tag, what: "PUT /v2/app/manifests/production" }, entry, issue, mail] },
    "registry: PUT /v2/app/manifests/staging 201",
    "once",
    "never",
  ],
  [
    "a write that was refused",
    { writes: [{ ...tag, status: 403 }, entry, issue, mail] },
    "registry: PUT /v2/app/manifests/staging 403",
    "never",
    "once",
  ],
  [
    "another order in one system",
    { writes: [tag, issue, entry, mail] },
    "github acme/app: write 1",
    `github: ${entry.what} 200`,
    `github: ${issue.what} 200`,
  ],
  [
    "another body",
    { writes: [tag, entry, issue, { ...mail, body: "1.0 is out\nand 1.1 too" }] },
    `smtp: ${mail.what} 250: body`,
    "(end)",
    "and 1.1 too",
  ],
  [
    "another result",
    { jobs: { ...run.jobs, promote: { result: "failure", outputs: { version: "1.0" } } } },
    "promote: result",
    "success",
    "failure",
  ],
  [
    "a job that ran and should not",
    { jobs: { ...run.jobs, tell: { result: "success", outputs: {} } } },
    "tell: result",
    "skipped",
    "success",
  ],
  [
    "another output",
    { jobs: { ...run.jobs, promote: { result: "success", outputs: { version: "1.1" } } } },
    "promote: output version",
    "1.0",
    "1.1",
  ],
  [
    "an output that is not there",
    { jobs: { ...run.jobs, promote: { result: "success", outputs: {} } } },
    "promote: output version",
    "1.0",
    "",
  ],
  ["another run", { title: "Production #1" }, "run", "Staging #1", "Production #1"],
])("it sees %s", (_what, changes, where, ours, theirs) => {
  const [compared] = compareRuns([run], [{ ...run, ...changes }]);
  expect(compared?.differences).toContainEqual({ where, ours, theirs });
});

test("it sees a run that only one of them has", () => {
  const second = { ...run, title: "Staging #2" };
  expect(compareRuns([run, second], [run])[1]?.differences).toContainEqual({
    where: "run",
    ours: "Staging #2",
    theirs: "no such run",
  });
  expect(compareRuns([run], [run, second])[1]?.differences).toContainEqual({
    where: "run",
    ours: "no such run",
    theirs: "Staging #2",
  });
});

test("a write may come when the run has ended, but not twice", () => {
  const late = { ...mail, late: true };
  const differences = (writes: Write[]): unknown[] =>
    compareRuns([run], [{ ...run, writes }])[0]?.differences ?? [];
  expect(differences([tag, entry, issue, late])).toEqual([]);
  expect(differences([tag, entry, issue, mail, late])).toHaveLength(1);
});

test("an action may write to two repositories at once: only within one the order counts", () => {
  const other = { ...issue, within: "acme/other", what: "POST /repos/acme/other/git/refs" };
  const ours = { ...run, writes: [entry, issue, other] };
  const theirs = { ...run, writes: [other, entry, issue] };
  expect(compareRuns([ours], [theirs])[0]?.differences).toEqual([]);
});

test("writes to two systems may be mixed in another way: their servers do not know of each other", () => {
  const [compared] = compareRuns([run], [{ ...run, writes: [mail, entry, tag, issue] }]);
  expect(compared?.differences).toEqual([]);
});
