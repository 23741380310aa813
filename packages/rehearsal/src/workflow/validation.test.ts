import { expect, test } from "vitest";
import { problemsOf } from "./validation.ts";

const job = "    runs-on: ubuntu-latest\n    steps: [{run: echo}]\n";

test.each([
  ["3.21", ["4:37 environment.deployment, 3.22 and newer do", "5:38 concurrency.queue"]],
  ["3.22", ["5:38 concurrency.queue"]],
])("an enterprise server %s reads no keys that are newer", async (version, refused) => {
  const text = `on: push\njobs:\n  a:\n    environment: {name: production, deployment: false}\n    concurrency: {group: production, queue: max}\n${job}`;
  expect(await problemsOf("x.yml", text)).toEqual([]);
  const problems = await problemsOf("x.yml", text, version);
  expect(
    problems.map(({ code, line, column, message }) => {
      const [, key] = /does not know (.*)\.$/.exec(message) ?? [];
      return `${code} ${line}:${column} ${key}`;
    }),
  ).toEqual(refused.map((one) => `RA9001 ${one}`));
  const plain = `on: push\nconcurrency: {group: a}\njobs:\n  a:\n    environment: production\n${job}`;
  expect(await problemsOf("x.yml", plain, version)).toEqual([]);
  const whole = `on: push\nconcurrency: {group: a, queue: max}\njobs:\n  a:\n${job}`;
  expect((await problemsOf("x.yml", whole, version))[0]?.line).toBe(2);
});
