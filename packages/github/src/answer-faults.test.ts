import { expect, test } from "vitest";
import { faultOfAnswer, faultOfQuery } from "./answer-faults.ts";

test("a refused REST request names the permission and the line to add", () => {
  const fault = faultOfAnswer(
    403,
    { "x-accepted-github-permissions": "deployments=write" },
    { message: "Resource not accessible by integration" },
    "POST /repos/o/r/deployments",
  );
  expect(fault).toMatchObject({
    code: "RA5003",
    next: "Add `deployments: write` under `permissions:` of this job in the workflow file.",
  });
});

test("of alternatives the first is named, of parts all", () => {
  const fault = faultOfAnswer(
    403,
    { "x-accepted-github-permissions": "issues=write,metadata=read; pull_requests=write" },
    { message: "Resource not accessible by integration" },
    "x",
  );
  expect(fault.next).toBe(
    "Add `issues: write` and `metadata: read` under `permissions:` of this job in the workflow file.",
  );
});

test.each([
  [["repository", "tag", "target", "statusCheckRollup"], "`checks: read` and `statuses: read`"],
  [["repository", "issues"], "`issues: read`"],
  [
    ["repository", "base", "compare", "commits", "nodes", 0, "associatedPullRequests"],
    "`pull-requests: read`",
  ],
  [
    [
      "repository",
      "base",
      "compare",
      "commits",
      "nodes",
      0,
      "associatedPullRequests",
      "nodes",
      0,
      "closingIssuesReferences",
    ],
    "`issues: read`",
  ],
  [["repository", "defaultBranchRef"], "`contents: read`"],
  [["createCommitOnBranch"], "`contents: write`"],
  [["addSubIssue"], "`issues: write`"],
])("a refused field %j needs %s", (path, permission) => {
  const fault = faultOfQuery(
    [{ type: "FORBIDDEN", message: "Resource not accessible by integration", path }],
    undefined,
  );
  expect(fault).toMatchObject({ code: "RA5003" });
  expect(fault.next).toContain(permission);
});

test.each([
  [401, {}, "RA5001"],
  [403, { "x-ratelimit-remaining": "0" }, "RA5005"],
  [429, { "retry-after": "60" }, "RA5005"],
  [403, {}, "RA5002"],
  [422, {}, "RA5002"],
])("status %i with %j is %s", (status, headers, code) => {
  expect(faultOfAnswer(status, headers, { message: "no" }, "x").code).toBe(code);
});

test("a stale head of a branch is told apart", () => {
  expect(
    faultOfQuery([{ type: "STALE_DATA", message: "Expected branch to point to" }], undefined).code,
  ).toBe("RA5011");
});

test("a field that the server does not have names the server", () => {
  const error = {
    message: "Field 'addSubIssue' doesn't exist on type 'Mutation'",
    extensions: { code: "undefinedField" },
  };
  expect(faultOfQuery([error], undefined, "enterprise-server@3.15.0")).toMatchObject({
    code: "RA5014",
    saw: "enterprise-server@3.15.0 answered: Field 'addSubIssue' doesn't exist on type 'Mutation'",
  });
  expect(faultOfQuery([{ message: "no" }], undefined).code).toBe("RA5002");
});
