import { expect, test } from "vitest";
import { withLanguages } from "./languages.ts";
import { readChecks } from "./pipeline-file.ts";

const read = () => readChecks("c.yml", "- get: /version\n  json: { $.version: 1.0.0 }\n");

test("a file with a JSONPath is read once what knows it is loaded", async () => {
  expect(read).toThrow("withLanguages");
  expect((await withLanguages(read)).checks).toHaveLength(1);
  expect(read().checks).toHaveLength(1);
});

test("what goes wrong besides is told as it is", async () => {
  await expect(withLanguages(() => readChecks("c.yml", "- get: 1\n"))).rejects.toMatchObject({
    code: "RA1103",
  });
});
