import { afterAll, expect, test } from "vitest";
import { runWorkflow, type RunWorkflow } from "../workflow/index.ts";
import { writeExamplePipeline } from "../world/example-pipeline.ts";
import { loadPipeline } from "../world/pipeline.ts";
import { play } from "../world/scenario.ts";
import { compareRuns } from "./comparison.ts";
import { createRecorder, type RecordedRun } from "./record.ts";

const example = writeExamplePipeline();
afterAll(example.remove);

/** What a run leaves that asks for a new issue and is refused. */
async function record(runner: RunWorkflow): Promise<RecordedRun[]> {
  const pipeline = loadPipeline(example.pipeline);
  const scenario = pipeline.file.scenarios.find(({ name }) => name === "a permission is lacking");
  if (!scenario) throw new Error("the example has no such scenario");
  const recorder = createRecorder();
  await play(pipeline, scenario, {
    machine: { actions: example.actions, nodeBinary: process.execPath, runner },
    opened: recorder.opened,
    tell: recorder.tell,
  });
  return recorder.runs();
}

/** The rehearsal's runner with a slip: it takes the file for another. */
const mistaken =
  (slip: (text: string) => string): RunWorkflow =>
  (request) =>
    runWorkflow({ ...request, file: { ...request.file, text: slip(request.file.text) } });

const refused = "github: POST /repos/team/product/issues 403";

const right = record(runWorkflow);

test("a run leaves its jobs, and every request that changed something or was to", async () => {
  expect(await right).toEqual([
    {
      title: expect.stringMatching(/^Issue #1/),
      jobs: { write: { result: "failure", outputs: { status: "403", length: "0", attempt: "1" } } },
      writes: [
        {
          to: "github",
          within: "team/product",
          late: false,
          what: "POST /repos/team/product/issues",
          status: 403,
          body: '{\n "title": "x"\n}',
        },
      ],
    },
  ]);
});

test("in two worlds the same is the same", async () => {
  const [compared] = compareRuns(await right, await record(runWorkflow));
  expect(compared?.differences).toEqual([]);
});

test.each<
  [slip: string, text: (text: string) => string, where: string, ours: string, theirs: string]
>([
  [
    "a step that is run twice",
    (text) =>
      text.replace(
        /(\n +- id: )probe([\s\S]*?\})(?=\n)/,
        "$1first$2\n        if: always()$1probe$2\n        if: always()",
      ),
    refused,
    "once",
    "2 times",
  ],
  [
    "a step that is left out",
    (text) => text.replace("id: probe", "if: false"),
    refused,
    "once",
    "never",
  ],
  [
    "a failure that is not seen",
    (text) => text.replace("id: probe", "id: probe\n        continue-on-error: true"),
    "write: result",
    "failure",
    "success",
  ],
  [
    "an output that is lost",
    (text) => text.replace("steps.probe.outputs.status", "steps.other.outputs.status"),
    "write: output status",
    "403",
    "",
  ],
])("the comparison sees %s", async (_slip, text, where, ours, theirs) => {
  const [compared] = compareRuns(await right, await record(mistaken(text)));
  expect(compared?.differences).toContainEqual({ where, ours, theirs });
});
