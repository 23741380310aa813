import { resolve as absolute } from "node:path";
import { calledProblems } from "./called.ts";
import { inGroup } from "./concurrency.ts";
import { githubContext } from "./context.ts";
import type { JobResult, Result, RunResult, WorkflowProblem, WorkflowRequest } from "./contract.ts";
import { readWorkflow, type Workflow } from "./document.ts";
import { fill } from "./expression.ts";
import { runGraph, type Call } from "./graph.ts";
import { typedInputs } from "./inputs.ts";
import { problemsOf } from "./validation.ts";

/** Runs a workflow file as GitHub would run it. A file that GitHub would refuse, or that cannot be rehearsed, runs nothing. */
export async function runWorkflow(given: WorkflowRequest): Promise<RunResult> {
  const request = { ...given, directory: absolute(given.directory) };
  const problems = await problemsOf(request.file.path, request.file.text, request.server?.version);
  if (problems.length > 0) return refused(request, problems);
  const workflow = readWorkflow(request.file.path, request.file.text);
  const within = await calledProblems(request, workflow);
  if (within.length > 0) return refused(request, within);
  const jobs: Record<string, JobResult> = {};
  const remarks: string[] = [];
  const call: Call = {
    request,
    workflow,
    prefix: "",
    namePrefix: "",
    depth: 0,
    github: githubContext(request, workflow),
    inputs: inputsOf(request, workflow),
    vars: request.vars,
    secrets: request.secrets,
    signal: request.signal ?? new AbortController().signal,
    jobs,
    remark: (text) => {
      remarks.push(text);
      request.observe?.({ kind: "log", at: request.now(), job: "", step: "", line: text });
    },
  };
  const { github, inputs, vars } = call;
  const scope = { contexts: { github, inputs, vars } };
  const outcomes = await inGroup(request, workflow.concurrency, scope, call.remark, () =>
    runGraph(call),
  );
  if ("problems" in outcomes) return { ...refused(request, outcomes.problems), jobs };
  const ordered = inFileOrder(workflow, jobs);
  const logs = Object.entries(ordered).map(([id, job]) => `=== ${id}: ${job.result}\n${job.log}`);
  const runName = workflow["run-name"];
  return {
    title: runName === undefined ? (workflow.name ?? workflow.path) : fill(runName, scope),
    conclusion: conclusionOf(outcomes.results, call.signal.aborted),
    jobs: ordered,
    log: [...remarks, ...logs].join("\n"),
  };
}

function refused(request: WorkflowRequest, problems: WorkflowProblem[]): RunResult {
  const log = problems.map(
    ({ code, path, line, column, message }) => `${code} ${path}:${line}:${column}: ${message}`,
  );
  return {
    title: request.file.path,
    conclusion: "failure",
    jobs: {},
    log: log.join("\n"),
    refused: problems,
  };
}

/** The payload's `inputs` with their declared types; only a dispatch has them. */
function inputsOf(request: WorkflowRequest, workflow: Workflow): Record<string, unknown> {
  if (request.event.name !== "workflow_dispatch") return {};
  const payload = request.event.payload as { inputs?: Record<string, unknown> } | null | undefined;
  return typedInputs(workflow.on["workflow_dispatch"], payload?.inputs ?? {});
}

/** Jobs run beside each other; results are told in the order of the file all the same. */
function inFileOrder(
  workflow: Workflow,
  jobs: Record<string, JobResult>,
): Record<string, JobResult> {
  const ids = Object.keys(workflow.jobs);
  const place = (key: string): number =>
    ids.findIndex((id) => key === id || key.startsWith(`${id} `));
  return Object.fromEntries(Object.entries(jobs).toSorted(([a], [b]) => place(a) - place(b)));
}

function conclusionOf(results: Result[], aborted: boolean): Result {
  if (aborted && results.includes("cancelled")) return "cancelled";
  if (results.includes("failure")) return "failure";
  if (results.includes("cancelled")) return "cancelled";
  return results.length > 0 && results.every((result) => result === "skipped")
    ? "skipped"
    : "success";
}
