import { announce } from "../announce.ts";
import { has } from "../enterprise.ts";
import { presentApproval, presentJob, presentRun, presentWorkflow } from "../present/runs.ts";
import { repositoryPage, repositoryUrl } from "../present/repositories.ts";
import type { WorkflowRun } from "../records.ts";
import { dispatchWorkflow, listWorkflows, runOf, workflowOf } from "../runs.ts";
import { Refused } from "../world.ts";
import { flagIn, recordIn, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { noContent, ok, route, type Answer, type RepositoryCall, type Route } from "./route.ts";

/** Workflows, their runs, and what starts them. */
export const actionRoutes: Route[] = [
  route("GET /actions/runs", "actions=read", (call) => listRuns(call, () => true)),
  route("GET /actions/runs/{run_id}", "actions=read", (call) =>
    ok(presentRun(call.world, call.repository, runIn(call), call.links)),
  ),
  route("GET /actions/runs/{run_id}/attempts/{attempt_number}", "actions=read", (call) => {
    const run = runIn(call);
    if (run.attempt !== Number(call.path["attempt_number"])) throw new Refused(404, "Not Found");
    return ok(presentRun(call.world, call.repository, run, call.links));
  }),
  route("GET /actions/runs/{run_id}/jobs", "actions=read", (call) => {
    const run = runIn(call);
    return page(
      call,
      run.jobs,
      (job) => presentJob(call.repository, run, job, call.links),
      (jobs, total_count) => ({ total_count, jobs }),
    );
  }),
  route("GET /actions/runs/{run_id}/approvals", "actions=read", (call) =>
    ok(
      runIn(call).approvals.map((one) =>
        presentApproval(call.world, call.repository, one, call.links),
      ),
    ),
  ),
  route("GET /actions/workflows", "actions=read", (call) =>
    page(
      call,
      listWorkflows(call.repository),
      (workflow) => presentWorkflow(call.repository, workflow, call.links),
      (workflows, total_count) => ({ total_count, workflows }),
    ),
  ),
  route("GET /actions/workflows/{workflow_id}", "actions=read", ({ repository, path, links }) =>
    ok(presentWorkflow(repository, workflowOf(repository, path["workflow_id"] ?? ""), links)),
  ),
  route("GET /actions/workflows/{workflow_id}/runs", "actions=read", (call) => {
    const workflow = workflowOf(call.repository, call.path["workflow_id"] ?? "");
    return listRuns(call, (run) => run.workflowPath === workflow.path);
  }),
  route("POST /actions/workflows/{workflow_id}/dispatches", "actions=write", (call) => {
    const { world, repository, actor, body, path, links } = call;
    const workflow = workflowOf(repository, path["workflow_id"] ?? "");
    const run = dispatchWorkflow(world, repository, actor, workflow, {
      ref: textIn(body, "ref") ?? "",
      inputs: recordIn(body, "inputs") ?? {},
    });
    // Whoever does not know a property passes over it.
    if (!flagIn(body, "return_run_details") || !has(world, "the run of a dispatch"))
      return noContent;
    return ok({
      workflow_run_id: run.id,
      run_url: `${repositoryUrl(repository, links)}/actions/runs/${run.id}`,
      html_url: `${repositoryPage(repository, links)}/actions/runs/${run.id}`,
    });
  }),
  // Starts the workflows of the default branch, whatever branch the caller has in mind.
  route("POST /dispatches", "contents=write", ({ world, repository, actor, body }) => {
    const action = textIn(body, "event_type") ?? "";
    announce(world, repository, actor, {
      event: "repository_dispatch",
      action,
      payload: {
        branch: repository.defaultBranch,
        client_payload: recordIn(body, "client_payload") ?? {},
      },
    });
    return noContent;
  }),
];

function runIn({ world, repository, path }: RepositoryCall): WorkflowRun {
  return runOf(world, repository, Number(path["run_id"]));
}

function listRuns(call: RepositoryCall, belongs: (run: WorkflowRun) => boolean): Answer {
  const { world, repository, query, links } = call;
  const matches = (run: WorkflowRun, name: string, value: string): boolean => {
    if (name === "event") return run.event === value;
    if (name === "branch") return run.headBranch === value;
    if (name === "head_sha") return run.headSha === value;
    if (name === "actor") return run.actor === value;
    return run.status === value || run.conclusion === value;
  };
  const filters = ["event", "branch", "head_sha", "actor", "status"].filter((name) =>
    query.get(name),
  );
  const runs = [...world.runs.values()]
    .filter((run) => run.repository === repository.fullName && belongs(run))
    .filter((run) => filters.every((name) => matches(run, name, query.get(name) ?? "")))
    .sort((a, b) => b.id - a.id);
  return page(
    call,
    runs,
    (run) => presentRun(world, repository, run, links),
    (workflow_runs, total_count) => ({ total_count, workflow_runs }),
  );
}
