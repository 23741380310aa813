import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkflowProblem, WorkflowRequest } from "./contract.ts";
import { readWorkflow, type Workflow } from "./document.ts";
import type { Scope } from "./expression.ts";
import { calledInputs } from "./inputs.ts";
import { problemsOf } from "./validation.ts";

/** Reads the workflow that a job calls, and checks what it is given against what it declares. */
export async function readCalled(
  request: WorkflowRequest,
  uses: string,
  given: Record<string, unknown>,
  secrets: Record<string, string> | "inherit",
  scope: Scope,
): Promise<
  { workflow: Workflow; inputs: Record<string, unknown> } | { problems: WorkflowProblem[] }
> {
  const refuse = (
    message: string,
    code: WorkflowProblem["code"] = "RA9001",
  ): { problems: WorkflowProblem[] } => ({
    problems: [
      { code, path: request.file.path, line: 1, column: 1, message: `uses: ${uses}: ${message}` },
    ],
  });
  const found = await textOf(request, uses);
  if (found === undefined)
    return refuse(
      "the called workflow is not in the rehearsal; it reads ./.github/workflows/ of this repository and the repositories of its actions.",
      "RA9002",
    );
  if (found.text === undefined) return refuse("workflow was not found.");
  const problems = await problemsOf(found.path, found.text, request.server?.version);
  if (problems.length > 0) return { problems };
  const workflow = readWorkflow(found.path, found.text);
  if (!Object.hasOwn(workflow.on, "workflow_call"))
    return refuse("workflow is not reusable as it is missing a `on.workflow_call` trigger");
  const on = workflow.on["workflow_call"];
  const refused = secrets === "inherit" ? undefined : secretsRefused(on, secrets);
  if (refused !== undefined) return refuse(refused);
  const checked = calledInputs(on, given, scope);
  return "refused" in checked ? refuse(checked.refused) : { workflow, inputs: checked.inputs };
}

/** Secrets that are handed over by name have to be the declared ones; those that are inherited are not looked at. */
function secretsRefused(on: unknown, given: Record<string, string>): string | undefined {
  const declared =
    (on as { secrets?: Record<string, { required?: boolean } | null> } | null)?.secrets ?? {};
  const lower = (names: string[]): Set<string> => new Set(names.map((name) => name.toLowerCase()));
  const there = lower(Object.keys(given));
  const missing = Object.entries(declared).find(
    ([name, secret]) => secret?.required === true && !there.has(name.toLowerCase()),
  );
  if (missing !== undefined)
    return `Secret ${missing[0]} is required, but not provided while calling.`;
  const known = lower(Object.keys(declared));
  const unknown = Object.keys(given).find((name) => !known.has(name.toLowerCase()));
  return unknown === undefined
    ? undefined
    : `Invalid secret, ${unknown} is not defined in the referenced workflow.`;
}

/** What is wrong with the files of called workflows, found before any job starts, as on GitHub. */
export async function calledProblems(
  request: WorkflowRequest,
  workflow: Workflow,
  seen = new Set<string>(),
): Promise<WorkflowProblem[]> {
  for (const { uses } of Object.values(workflow.jobs)) {
    if (uses === undefined || seen.has(uses)) continue;
    seen.add(uses);
    const found = await textOf(request, uses);
    // What is missing is refused with its own sentence where the job calls it.
    if (found?.text === undefined) continue;
    const problems = await problemsOf(found.path, found.text, request.server?.version);
    if (problems.length > 0) return problems;
    const within = await calledProblems(request, readWorkflow(found.path, found.text), seen);
    if (within.length > 0) return within;
  }
  return [];
}

async function textOf(
  request: WorkflowRequest,
  uses: string,
): Promise<{ path: string; text: string | undefined } | undefined> {
  if (uses.startsWith("./")) {
    const path = uses.slice(2);
    return { path, text: await request.readFile(path) };
  }
  const remote = /^([^/]+\/[^/]+)\/(\.github\/workflows\/[^@]+)@/.exec(uses);
  const root = remote?.[1] === undefined ? undefined : request.actions[remote[1]];
  const path = remote?.[2];
  if (root === undefined || path === undefined) return undefined;
  const text = await readFile(join(root, path), "utf8").catch(() => undefined);
  return { path, text };
}
