import { expect, test } from "vitest";
import { loadParser } from "./load-parser.ts";

test("GitHub's workflow parser loads and finds an error", async () => {
  const parser = await loadParser();
  const parsed = parser.parseWorkflow(
    { name: "x.yml", content: "on: push\njobs:\n  a:\n    steps: []\n" },
    new parser.NoOperationTraceWriter(),
  );
  expect(parsed.context.errors.getErrors().length).toBeGreaterThan(0);
});
