import { Fault } from "@release-actions/codes";
import { runStep, type Look, type RunnerOfSteps, type Step } from "@release-actions/plan";
import { isMapping, numberAt, textAt } from "../kubernetes/object.ts";
import type { Awx } from "./awx.ts";
import { lastJobs, type AwxTemplate } from "./template.ts";

/** The variable that holds the natural key of a launch: what this run asked of this environment. */
export const keyVariable = "release_actions_key";

/** One launch: whose it is, and which way it goes. */
export type LaunchKey = {
  /** The ledger's entry, made unlike every other repository's and environment's. */
  entry: string;
  /** `forward`, `back`, or another stretch of the same entry. */
  way: string;
  /** Version and digests. */
  release: string;
};

export type FoundJob = { id: number; status: string };

const textOf = ({ entry, way, release }: LaunchKey): string => `${entry} ${way} ${release}`;

/**
 * Launches the template once. AWX has no key for a job: ours is among its variables, and the template's last jobs are looked
 * through for it, before a launch and after one of unknown outcome. A job that somebody launched again in AWX has the same
 * key, and the newest counts. `again`: a job that ended without success may be followed by another.
 */
export function launchStep(
  awx: Awx,
  template: AwxTemplate,
  launch: { key: LaunchKey; variables: Record<string, string>; again: boolean },
): Step<FoundJob> {
  const key = textOf(launch.key);
  let endedBefore = 0;
  return {
    key: `job of ${template.name}: ${key}`,
    title: `Launch the AWX job template ${template.name}`,
    // A launch that was sent and not answered is read, and never sent anew by the same run.
    oneWay: true,
    look: async (): Promise<Look<FoundJob>> => {
      const last = await lastJobs(awx, template);
      const newest = last.find((job) => keyOf(job) === key);
      const id = numberAt(newest, "id");
      if (newest === undefined || id === undefined || id <= endedBefore) return { state: "todo" };
      const status = textAt(newest, "status");
      // Where a later job of this entry brought out another release, that is what runs.
      const entry = last.find((job) => keyOf(job)?.startsWith(`${launch.key.entry} `));
      const overtaken = entry !== undefined && !keyOf(entry)?.endsWith(` ${launch.key.release}`);
      if (endedBefore === 0 && (overtaken || (launch.again && isLost(status)))) {
        endedBefore = id;
        return { state: "todo" };
      }
      return { state: "done", value: { id, status } };
    },
    act: async () => {
      const made = await awx.post(`/job_templates/${template.id}/launch/`, {
        extra_vars: { ...launch.variables, [keyVariable]: key },
      });
      const id = numberAt(made, "job");
      if (id === undefined)
        throw new Fault("RA8002", {
          saw: "AWX took the launch and named no job",
          outcome: "unknown",
        });
      const ignored = made["ignored_fields"];
      if (isMapping(ignored) && Object.keys(ignored).length > 0)
        throw new Fault("RA3605", {
          saw: `job ${id} was launched without ${Object.keys(ignored).join(", ")}: somebody changed the job template a moment ago`,
          next: `Cancel ${jobLink(awx, id)}, tick «Prompt on launch» beside Variables, then run the job again.`,
        });
      return { id, status: textAt(made, "status") };
    },
  };
}

/** Launches, or finds what an earlier attempt launched. @throws Fault */
export async function launchOnce(
  step: Step<FoundJob>,
  by: RunnerOfSteps,
): Promise<FoundJob & { found: boolean }> {
  const outcome = await runStep(step, by);
  if ("refusal" in outcome)
    throw new Fault(outcome.refusal.code, {
      saw: outcome.refusal.saw,
      next: outcome.refusal.next,
    });
  return { ...outcome.value, found: outcome.record.result === "already-done" };
}

/** Has this entry launched the way back? Then its way forward is over, whatever its job says. */
export async function isTakenBack(
  awx: Awx,
  template: AwxTemplate,
  entry: string,
): Promise<boolean> {
  const last = await lastJobs(awx, template);
  return last.some((job) => keyOf(job)?.startsWith(`${entry} back `));
}

/** Where people see the job. */
export function jobLink(awx: Pick<Awx, "url">, id: number): string {
  return `${awx.url}/#/jobs/playbook/${id}/output`;
}

export function isLost(status: string): boolean {
  return ["failed", "error", "canceled"].includes(status);
}

/** The key among a job's variables, which AWX gives as a text of JSON. */
function keyOf(job: Record<string, unknown>): string | undefined {
  const text = textAt(job, "extra_vars");
  try {
    const variables = JSON.parse(text) as unknown;
    return isMapping(variables) ? textAt(variables, keyVariable) || undefined : undefined;
  } catch {
    return undefined;
  }
}
