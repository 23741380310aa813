import { expect, test } from "vitest";
import { readWorkflow } from "../workflow/document.ts";
import { requestFor } from "../workflow/fixture.ts";
import type { EnvironmentGrant, Permissions } from "../workflow/index.ts";
import { settingsFor, type Settings } from "./act-settings.ts";

const text = `on: push
permissions: {contents: read}
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  stage: {environment: staging, permissions: {contents: write, issues: read}, runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  ship: {environment: {name: production}, permissions: {issues: write}, runs-on: ubuntu-latest, steps: [{run: 'true'}]}
`;

async function settings(
  grants: Record<string, EnvironmentGrant>,
): Promise<Settings & { permissions: Permissions }> {
  let permissions: Permissions = {};
  const request = await requestFor(text, {
    secrets: { OWN: "of the repository" },
    environment: async (name) => grants[name] ?? { secrets: {}, vars: {} },
    issueToken: async (job) => {
      permissions = job.permissions;
      return `token of ${job.id}`;
    },
  });
  return { ...(await settingsFor(request, readWorkflow(request.file.path, text))), permissions };
}

test("all jobs have what any of them has", async () => {
  expect(
    await settings({
      staging: { secrets: { KEY: "same", A: "a" }, vars: { PLACE: "here" } },
      production: { secrets: { KEY: "same" }, vars: {} },
    }),
  ).toEqual({
    secrets: {
      OWN: "of the repository",
      KEY: "same",
      A: "a",
      GITHUB_TOKEN: "token of build, stage, ship",
    },
    vars: { PLACE: "here" },
    permissions: { contents: "write", issues: "write", metadata: "read" },
  });
});

test("two values of one name cannot be given", async () => {
  const grants = {
    staging: { secrets: { KEY: "one" }, vars: {} },
    production: { secrets: { KEY: "another" }, vars: {} },
  };
  await expect(settings(grants)).rejects.toMatchObject({
    code: "RA9002",
    saw: ".github/workflows/test.yml: act has one value of the secret KEY, and its jobs have two.",
  });
});

test("an environment that does not let the ref in would not stop act", async () => {
  const grants = { staging: { secrets: {}, vars: {}, refuses: "Branch is not allowed." } };
  await expect(settings(grants)).rejects.toMatchObject({ code: "RA9002" });
});
