import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunWorkflow, WorkflowRequest } from "../workflow/index.ts";
import { fileWithObserver, neededIn } from "./act-file.ts";
import type { RecordedRun } from "./record.ts";

/** A small workflow whose jobs say by their results and outputs how a runner understood it. */
export type Probe = { name: string; text: string };

/** Where a probe is run: a new folder, the Node of its actions, and the folder of those actions. */
export type ProbePlace = { directory: string; nodeBinary: string; actions: string };

/** A workflow of one job with the given keys. */
export const fileOf = (keys: string): string =>
  `on: workflow_dispatch\njobs:\n  one:\n    ${keys}\n    runs-on: ubuntu-latest\n    steps: [{run: 'true'}]\n`;

/** Runs a probe, and gives what a job that needs all others is told of them; undefined when the runner refuses the file. */
export async function runProbe(
  probe: Probe,
  runner: RunWorkflow,
  place: ProbePlace,
): Promise<RecordedRun | undefined> {
  const resultsAt = join(place.directory, "results.json");
  const request = await requestOf(probe, place);
  const text = fileWithObserver(probe.text, resultsAt, []);
  const result = await runner({ ...request, file: { ...request.file, text } });
  if (result.refused !== undefined) return undefined;
  // A runner that does not run the observer leaves nothing, and differs in every job.
  const told = await readFile(resultsAt, "utf8").catch(() => "{}");
  return { title: probe.name, jobs: neededIn(told), writes: [] };
}

async function requestOf(probe: Probe, place: ProbePlace): Promise<WorkflowRequest> {
  const { directory, nodeBinary } = place;
  const meeting = join(directory, "meeting");
  const stages = join(directory, "stages");
  for (const folder of [meeting, stages]) await mkdir(folder, { recursive: true });
  let last = Promise.resolve();
  return {
    file: { path: `.github/workflows/${probe.name}.yml`, text: probe.text },
    event: {
      name: "workflow_dispatch",
      payload: {
        inputs: { word: "hello", flag: "true", "other-flag": "false", count: "3", choice: "right" },
        ref: "refs/heads/main",
        repository: {
          id: 12,
          name: "shop",
          full_name: "example/shop",
          default_branch: "main",
          owner: { id: 34, login: "example" },
        },
        sender: { id: 56, login: "ana" },
      },
    },
    repository: { owner: "example", name: "shop" },
    ref: "refs/heads/main",
    sha: "0123456789012345678901234567890123456789",
    refType: "branch",
    actor: "ana",
    triggeringActor: "ben",
    runId: 77,
    runNumber: 5,
    attempt: 2,
    env: { MEETING: meeting },
    actions: { "org/probes": place.actions },
    readFile: async () => undefined,
    issueToken: async ({ id }) => `token-of-${id}`,
    environment: async () => ({ secrets: { GUARDED: "guarded value" }, vars: { PLACE: "inside" } }),
    secrets: { WORD: "sesame" },
    vars: { COLOUR: "red", STAGES: stages },
    concurrency: (_group, run) => (last = last.then(run)),
    directory: join(directory, "run"),
    nodeBinary,
    now: () => new Date("2026-01-05T10:00:00Z"),
  };
}
