import { expect, test } from "vitest";
import { parse } from "yaml";
import { fileWithObserver, neededIn, newerThanAct, observer } from "./act-file.ts";

const text = `name: Staging
on: push
jobs:
  promote: # holds secrets
    runs-on: ubuntu-latest
    environment: {name: staging, deployment: false}
    concurrency: {group: staging, queue: max}
    steps: [{run: 'echo "\${{ github.ref }}"'}]
  tell:
    needs: promote
    runs-on: ubuntu-latest
    environment: publication
    concurrency: publication
    steps: [{run: 'true'}]
`;

type File = { jobs: Record<string, unknown> };

test("keys that act does not know go, and nothing else", () => {
  const written = fileWithObserver(text, "/results", newerThanAct);
  const { [observer]: _added, ...jobs } = (parse(written) as File).jobs;
  const { promote, tell } = (parse(text) as { jobs: { promote: object; tell: object } }).jobs;
  expect(jobs).toEqual({
    promote: { ...promote, environment: { name: "staging" }, concurrency: { group: "staging" } },
    tell,
  });
  expect(written).toContain("# holds secrets");
});

test("without keys to take out only the observer is added, which needs every job and always runs", () => {
  const jobs = (parse(fileWithObserver(text, "/results", [])) as File).jobs;
  expect(jobs).toMatchObject((parse(text) as File).jobs);
  expect(jobs[observer]).toMatchObject({ needs: ["promote", "tell"], if: "always()" });
});

test("a file that has an observer already gets another one", () => {
  const twice = fileWithObserver(fileWithObserver(text, "/one", []), "/two", []);
  expect(Object.keys((parse(twice) as File).jobs)).toEqual([
    "promote",
    "tell",
    observer,
    `${observer}-2`,
  ]);
});

test("a job without outputs has none, however a runner writes that", () => {
  expect(neededIn('{"a":{"result":"success","outputs":null},"b":{"result":"skipped"}}')).toEqual({
    a: { result: "success", outputs: {} },
    b: { result: "skipped", outputs: {} },
  });
});
