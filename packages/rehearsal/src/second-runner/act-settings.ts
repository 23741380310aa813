import { Fault } from "@release-actions/codes";
import type { Job, Workflow } from "../workflow/document.ts";
import type { EnvironmentGrant, Permissions, WorkflowRequest } from "../workflow/index.ts";
import { permissionsOf } from "../workflow/permissions.ts";

/** What a run is given to work with. */
export type Settings = { secrets: Record<string, string>; vars: Record<string, string> };

/** act has one set of secrets and variables for all jobs of a run, and one token: that may do what any of the jobs may. */
export async function settingsFor(request: WorkflowRequest, workflow: Workflow): Promise<Settings> {
  const { secrets, vars } = united(request, await grantsOf(request, workflow));
  const jobs = Object.values(workflow.jobs);
  const token = await request.issueToken({
    id: Object.keys(workflow.jobs).join(", "),
    permissions: union(jobs.map((job) => permissionsOf(workflow.permissions, job.permissions))),
  });
  return { secrets: { ...secrets, GITHUB_TOKEN: token }, vars };
}

/** act knows no environments: what each job's would give is asked for beforehand. */
async function grantsOf(
  request: WorkflowRequest,
  workflow: Workflow,
): Promise<Record<string, EnvironmentGrant>> {
  const names = Object.values(workflow.jobs).map(environmentOf);
  const grants: Record<string, EnvironmentGrant> = {};
  for (const name of new Set(names)) {
    if (name === undefined) continue;
    const grant = await request.environment(name);
    if (grant.refuses !== undefined)
      throw cannot(request, `act would not keep the job out of ${name}: ${grant.refuses}`);
    grants[name] = grant;
  }
  return grants;
}

/** The name of a job's environment, as it is written. */
export function environmentOf(job: Job): string | undefined {
  const written = job.environment;
  if (written === undefined || written === null) return undefined;
  return String(typeof written === "object" ? (written as { name?: unknown }).name : written);
}

function united(request: WorkflowRequest, grants: Record<string, EnvironmentGrant>): Settings {
  const secrets = { ...request.secrets };
  const vars = { ...request.vars };
  const add = (to: Record<string, string>, from: Record<string, string>, what: string): void => {
    for (const [name, value] of Object.entries(from)) {
      if (to[name] !== undefined && to[name] !== value)
        throw cannot(request, `act has one value of the ${what} ${name}, and its jobs have two`);
      to[name] = value;
    }
  };
  for (const grant of Object.values(grants)) {
    add(secrets, grant.secrets, "secret");
    add(vars, grant.vars, "variable");
  }
  return { secrets, vars };
}

function union(all: readonly Permissions[]): Permissions {
  const united: Permissions = {};
  for (const [scope, level] of all.flatMap((one) => Object.entries(one)))
    united[scope] = united[scope] === "write" ? "write" : level;
  return united;
}

/** The fault of a file that act would run in another way than it is meant. */
export function cannot(request: WorkflowRequest, why: string): Fault {
  return new Fault("RA9002", {
    saw: `${request.file.path}: ${why}.`,
    next: "Leave the scenario out of the second runner's.",
  });
}
