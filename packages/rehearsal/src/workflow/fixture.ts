import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { RunEvent, RunResult, WorkflowRequest } from "./contract.ts";
import { runWorkflow } from "./run.ts";

/** A request for tests: a dispatch on main of a repository that has nothing. */
export async function requestFor(
  text: string,
  changes: Partial<WorkflowRequest> = {},
): Promise<WorkflowRequest> {
  return {
    file: { path: ".github/workflows/test.yml", text },
    event: { name: "push", payload: { ref: "refs/heads/main" } },
    repository: { owner: "example", name: "shop" },
    ref: "refs/heads/main",
    sha: "0123456789012345678901234567890123456789",
    refType: "branch",
    actor: "ana",
    triggeringActor: "ben",
    runId: 77,
    runNumber: 5,
    attempt: 2,
    env: {},
    actions: {},
    readFile: async () => undefined,
    issueToken: async (job) => `token-of-${job.id}`,
    environment: async () => ({ secrets: {}, vars: {} }),
    secrets: {},
    vars: {},
    directory: await temporary("workflow-"),
    nodeBinary: process.execPath,
    now: () => new Date("2026-01-05T10:00:00Z"),
    // Shorter than the runner's, and long enough that a busy machine lets the program hear each signal.
    grace: { interrupt: 1_500, terminate: 1_500 },
    ...changes,
  };
}

export async function run(
  text: string,
  changes: Partial<WorkflowRequest> = {},
): Promise<RunResult> {
  return runWorkflow(await requestFor(text, changes));
}

/** Steps of one job `a`, indented as they are. */
export async function runSteps(
  steps: string,
  changes: Partial<WorkflowRequest> = {},
): Promise<RunResult> {
  const indented = steps.replace(/^\n/, "").replaceAll(/^/gm, "      ");
  return run(
    `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n${indented}\n`,
    changes,
  );
}

/** Writes files of an action repository and gives it the name `org/tools`. */
export async function actionTree(files: Record<string, string>): Promise<Record<string, string>> {
  const root = await temporary("actions-");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { "org/tools": root };
}

/** A folder that goes when the test has ended. */
async function temporary(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Lines that the steps of a job printed, without what the runner says around them. */
export function printed(result: RunResult, job = "a"): string[] {
  const lines = result.jobs[job]?.steps.flatMap((step) => afterHeader(step.log.split("\n"))) ?? [];
  return lines.filter((line) => line !== "");
}

/** Without the groups at the head of a step, and of those within it, that show what runs. */
function afterHeader(lines: string[]): string[] {
  const head = lines.findIndex((line) => line.startsWith("##[group]Run "));
  if (head < 0) return lines;
  const end = lines.indexOf("##[endgroup]", head);
  return [...lines.slice(0, head), ...afterHeader(lines.slice(end + 1))];
}

export function collect(): { events: RunEvent[]; observe(event: RunEvent): void } {
  const events: RunEvent[] = [];
  return { events, observe: (event) => void events.push(event) };
}
