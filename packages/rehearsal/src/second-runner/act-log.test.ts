import { expect, test } from "vitest";
import { readLog } from "./act-log.ts";

const mask = (text: string): string => text.replaceAll("sesame", "***");

test("lines go to the jobs that said them, masked also where act itself does not mask", () => {
  const lines = [
    {
      msg: "  ❗  ::error title=No::open ***",
      command: "error",
      arg: "open sesame",
      kvPairs: { title: "No" },
      jobID: "a",
      step: "Run it",
    },
    { msg: "Summary", command: "summary", content: "| sesame |", jobID: "a" },
    { msg: "hello", raw_output: true, jobID: "b" },
  ];
  const said = readLog(
    [...lines.map((line) => JSON.stringify(line)), "Error: no"].join("\n"),
    mask,
  );
  expect(said["a"]).toMatchObject({
    annotations: [{ level: "error", message: "open ***", title: "No", step: "Run it" }],
    summary: "| *** |\n",
  });
  expect(said["b"]?.log).toBe("hello\n");
  expect(said[""]?.log).toBe("Error: no\n");
});
