import { Fault } from "@release-actions/codes";
import { listAt, mappingAt, numberAt, textAt } from "../kubernetes/object.ts";
import type { Awx } from "./awx.ts";

/** A job template that takes a release. */
export type AwxTemplate = { id: number; name: string };

/**
 * Finds the job template by its name or id and looks whether it would run with exactly these variables. AWX leaves out what
 * a template does not ask for and launches it all the same, so this is asked before.
 * @throws Fault RA3602, RA3603, RA3604, RA3605, RA3606
 */
export async function findTemplate(
  awx: Awx,
  given: string,
  variables: readonly string[],
): Promise<AwxTemplate> {
  const found = /^\d+$/.test(given)
    ? await awx.find(`/job_templates/${given}/`)
    : await findByName(awx, given);
  const id = numberAt(found, "id");
  if (found === undefined || id === undefined)
    throw new Fault("RA3604", { saw: await whyNotFound(awx, given) });
  const name = textAt(found, "name") || given;
  if (mappingAt(found, "summary_fields", "user_capabilities")["start"] === false)
    throw new Fault("RA3603", {
      saw: `the token's user sees the job template ${name} and may not launch it`,
    });
  const launch = await awx.get(`/job_templates/${id}/launch/`);
  const wrong = wrongIn(found, launch, variables);
  if (wrong !== undefined)
    throw new Fault("RA3605", { saw: `the job template ${name} ${wrong.saw}`, next: wrong.next });
  return { id, name };
}

async function findByName(awx: Awx, name: string): Promise<Record<string, unknown> | undefined> {
  const found = await awx.list("/job_templates/", { name }, 10);
  if (found.length < 2) return found[0];
  const where = found.map(
    (one) =>
      `${String(numberAt(one, "id"))} in ${textAt(one, "summary_fields", "organization", "name")}`,
  );
  throw new Fault("RA3604", {
    saw: `${found.length} job templates are called ${name}: ${where.join(", ")}`,
    next: "Name the id under `deploy.awx-template`.",
  });
}

async function whyNotFound(awx: Awx, given: string): Promise<string> {
  const none = `AWX shows the token's user no job template ${given}`;
  if (/^\d+$/.test(given)) return none;
  const workflows = await awx.list("/workflow_job_templates/", { name: given }, 1);
  return workflows.length === 0
    ? none
    : `${given} is a workflow job template, and only job templates are launched`;
}

/** What keeps a launch from being the release's, and what its owner does about it. */
function wrongIn(
  template: Record<string, unknown>,
  launch: Record<string, unknown>,
  variables: readonly string[],
): { saw: string; next: string } | undefined {
  const edit = (what: string) => `Open the template in AWX and ${what}.`;
  if (launch["ask_variables_on_launch"] !== true)
    return {
      saw: "does not ask for variables on launch, so AWX would ignore the release's images",
      next: edit("tick «Prompt on launch» beside Variables"),
    };
  if (template["job_type"] === "check")
    return { saw: "runs in check mode, which changes nothing", next: edit("set Job Type to Run") };
  if ((numberAt(template, "job_slice_count") ?? 1) > 1)
    return {
      saw: "is cut into slices, which makes a workflow of it",
      next: edit("set Job Slicing to 1"),
    };
  if (launch["inventory_needed_to_start"] === true)
    return { saw: "has no inventory", next: edit("choose its inventory") };
  const passwords = textsAt(launch, "passwords_needed_to_start");
  if (passwords.length > 0)
    return {
      saw: `asks for passwords on launch: ${passwords.join(", ")}`,
      next: edit("store them in its credentials"),
    };
  const missing = textsAt(launch, "variables_needed_to_start").filter(
    (name) => !variables.includes(name),
  );
  return missing.length === 0
    ? undefined
    : {
        saw: `needs variables that are not given: ${missing.join(", ")}`,
        next: "Name them under `deploy.vars`.",
      };
}

function textsAt(value: Record<string, unknown>, name: string): string[] {
  const list = value[name];
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

/** The jobs that a template had last, newest first. */
export async function lastJobs(
  awx: Awx,
  template: AwxTemplate,
): Promise<Record<string, unknown>[]> {
  const query = { order_by: "-id" };
  return listAt(
    { jobs: await awx.list(`/job_templates/${template.id}/jobs/`, query, 200) },
    "jobs",
  );
}
