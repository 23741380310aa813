import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@release-actions/codes";
import { expect, test } from "vitest";
import { readEnvironment } from "./environment.ts";

test("reads the runner's variables", () => {
  const folder = mkdtempSync(join(tmpdir(), "environment-"));
  writeFileSync(join(folder, "event.json"), '{"inputs":{"version":"1.2.3"}}');
  const env = readEnvironment({
    GITHUB_REPOSITORY: "cessda/cdc.searcher",
    GITHUB_REF: "refs/tags/1.2.3",
    GITHUB_REF_NAME: "1.2.3",
    GITHUB_REF_TYPE: "tag",
    GITHUB_RUN_ID: "77",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_ACTOR: "olga",
    GITHUB_TRIGGERING_ACTOR: "pia",
    GITHUB_EVENT_PATH: join(folder, "event.json"),
    RUNNER_DEBUG: "1",
  });
  expect(env.repository).toEqual({ owner: "cessda", name: "cdc.searcher" });
  expect([env.refType, env.refName, env.runId, env.runAttempt]).toEqual(["tag", "1.2.3", 77, 2]);
  expect([env.actor, env.triggeringActor]).toEqual(["olga", "pia"]);
  expect(env.event).toEqual({ inputs: { version: "1.2.3" } });
  expect(env.debug).toBe(true);
  expect([env.apiUrl, env.graphqlUrl, env.serverUrl]).toEqual([
    "https://api.github.com",
    "https://api.github.com/graphql",
    "https://github.com",
  ]);
  rmSync(folder, { recursive: true });
});

test.each([
  ["GITHUB_REPOSITORY", (env: ReturnType<typeof readEnvironment>) => env.repository, "no-slash"],
  ["GITHUB_RUN_ID", (env: ReturnType<typeof readEnvironment>) => env.runId, "seven"],
  ["GITHUB_REF_TYPE", (env: ReturnType<typeof readEnvironment>) => env.refType, "pull"],
] as const)("%s: missing or of a wrong form is RA1003 with its name", (name, read, wrong) => {
  for (const variables of [{}, { [name]: wrong }]) {
    const attempt = () => read(readEnvironment(variables));
    expect(attempt).toThrow(Fault);
    expect(attempt).toThrow(new RegExp(`RA1003.*${name}`));
  }
});

test("no event file is an empty event, a broken one is a fault", () => {
  expect(readEnvironment({}).event).toEqual({});
  expect(() => readEnvironment({ GITHUB_EVENT_PATH: "/nowhere/event.json" }).event).toThrow(
    /RA1003/,
  );
});
