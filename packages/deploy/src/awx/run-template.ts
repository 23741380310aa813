import { Fault } from "@release-actions/codes";
import type { RunnerOfSteps } from "@release-actions/plan";
import { refusedWith, type Awx } from "./awx.ts";
import { awaitJob, type AwxFailure, type Waiting } from "./await-job.ts";
import { isTakenBack, jobLink, launchOnce, launchStep, type LaunchKey } from "./launch.ts";
import type { AwxTemplate } from "./template.ts";

/** How a launched template ended. */
export type TemplateRun = {
  job: number | undefined;
  link: string;
  /** An earlier attempt had launched it. */
  found: boolean;
  /** False: AWX refused the launch, so nothing was changed. */
  launched: boolean;
  failure: AwxFailure | undefined;
};

/**
 * Launches a job template once and waits for its job; a run that was cut off finds its job again.
 * @throws Fault when it is not known how it ended: RA3611, RA8001, RA8002; RA3602, RA3603, RA3605, RA3606
 */
export async function runTemplate(
  awx: Awx,
  template: AwxTemplate,
  launch: { key: LaunchKey; variables: Record<string, string>; again: boolean },
  waiting: Waiting & { steps: RunnerOfSteps; resumed: boolean },
): Promise<TemplateRun> {
  const { key } = launch;
  if (
    waiting.resumed &&
    !launch.again &&
    key.way === "forward" &&
    (await isTakenBack(awx, template, key.entry))
  )
    return {
      job: undefined,
      link: awx.url,
      found: true,
      launched: true,
      failure: {
        code: "RA3612",
        plain: "An earlier attempt of this run had already begun to take the release back.",
        object: awx.url,
        log: [],
        next: "Look at the earlier attempt for the cause, mend it, then start a new run.",
      },
    };
  let launched: Awaited<ReturnType<typeof launchOnce>>;
  try {
    launched = await launchOnce(launchStep(awx, template, launch), waiting.steps);
  } catch (error) {
    const status = error instanceof Fault ? refusedWith(error) : undefined;
    if (!(error instanceof Fault) || status === undefined || status >= 500) throw error;
    const { code, saw: plain, next } = error;
    const failure = { code, plain: `${plain}.`, object: awx.url, log: [], next };
    return { job: undefined, link: awx.url, found: false, launched: false, failure };
  }
  const { id, found } = launched;
  const link = jobLink(awx, id);
  waiting.progress(`${found ? "An earlier attempt launched" : "Launched"} AWX job ${id}: ${link}`);
  return { job: id, link, found, launched: true, failure: await awaitJob(awx, id, waiting) };
}
