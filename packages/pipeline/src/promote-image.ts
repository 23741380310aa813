import { codes, Fault, type Code, type Finding } from "@release-actions/codes";
import type { Step } from "@release-actions/plan";
import { promotionSteps, type Promoted } from "@release-actions/registry";
import type { Logins } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import { planPromotion, type PromotionPlan } from "./promotion-plan.ts";
import { createCopyProgress } from "./report/copy-progress.ts";
import { promotionSummary, refusedPromotionSummary } from "./report/promotion-summary.ts";
import { promotedImages, type PromotedImage } from "./promoted-images.ts";
import { oneLine, reasonsOf } from "./report/sentences.ts";
import { runToEnd } from "./run-to-end.ts";

export type PromoteImageInputs = Logins & {
  images?: string[];
  imageTags?: string[];
  expectDigest?: string;
  existing: "move" | "refuse" | "overwrite";
  referrers: boolean;
  environment?: string;
  version?: string;
  config?: string;
};

export type PromoteImageOutputs = {
  digest: string;
  previousDigest: string;
  changed: string;
  images: string;
  reasons: string;
};

/** Decisions against a promotion that are met while it is looked at, and the rule that each of them is of. */
const refusals: Partial<Record<Code, string>> = {
  RA1203: "evidence",
  RA5510: "evidence",
  RA1205: "tag",
  RA1302: "tag",
  RA1206: "images",
  RA1210: "images",
  RA2003: "images",
  RA2008: "expect-digest",
  RA2009: "existing",
  RA2010: "images",
  RA2011: "existing",
  RA2012: "existing",
};

/** Gives tested images their next tag, by digest; a finished run again writes nothing. @throws Fault RA1001, RA1002, RA20xx */
export async function promoteImage(
  inputs: PromoteImageInputs,
  job: Job,
): Promise<ActionResult<PromoteImageOutputs>> {
  const progress = createCopyProgress(
    (line) => job.say(line),
    () => performance.now(),
  );
  try {
    const plan = await planPromotion(inputs, job, progress);
    if (inputs.expectDigest !== undefined && plan.promotions.length > 1) {
      throw new Fault("RA1002", {
        saw: `\`expect-digest\` is for one image, and there are ${plan.promotions.length}`,
      });
    }
    return await carryOut(plan, inputs, job);
  } catch (error) {
    const rule = error instanceof Fault ? refusals[error.code] : undefined;
    if (rule === undefined) throw error;
    const { code, saw, next } = error as Fault;
    return refused([{ rule, holds: false, code, saw, next }], job);
  }
}

async function carryOut(
  plan: PromotionPlan,
  inputs: PromoteImageInputs,
  job: Job,
): Promise<ActionResult<PromoteImageOutputs>> {
  const { promotions, registry, transport } = plan;
  const entry = `run-${job.env.runId}`;
  const by = {
    now: () => performance.now(),
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
    resuming: job.env.runAttempt > 1,
  };
  const steps = promotionSteps(registry, {
    images: promotions,
    existing: inputs.existing,
    ...(inputs.expectDigest ? { expectDigest: inputs.expectDigest } : {}),
    previous: plan.fromFile,
    referrers: inputs.referrers,
    entry,
    ...by,
  });
  const first = await lookFirst(steps, (step) => step.key.startsWith(`${entry}/content/`));
  const findings = [
    ...plan.findings,
    ...(first.findings.length > 0 ? first.findings : held(plan, inputs)),
  ];
  if (first.findings.length > 0) return refused(findings, job);
  for (const { rule, saw } of findings) job.say(`✓ ${rule}: ${saw}`);

  const values: Promoted[] = [];
  let changed = false;
  const result = (): { outputs: PromoteImageOutputs; images: PromotedImage[] } => {
    const images = promotedImages(promotions, values);
    return { outputs: outputsOf(images, changed, findings), images };
  };
  try {
    for (const step of first.steps) {
      const { value, record } = await runToEnd(step, by);
      values.push(value);
      changed ||= record.result === "done";
      const nothingNew = record.result === "already-done" && value.effect !== "alone";
      job.say(`✓ ${step.title}${nothingNew ? " (already done)" : ""}`);
    }
  } catch (error) {
    // What was displaced until then is the way back, so it is told also where the rest did not come about.
    if (!(error instanceof Fault) || !changed) throw error;
    const { code, saw, next } = error;
    findings.push({ rule: refusals[code] ?? "images", holds: false, code, saw, next });
    const { outputs, images } = result();
    return {
      ok: false,
      outputs,
      summary: promotionSummary({ images, changed, sent: transport.sent, findings }),
      failure: {
        title: `${code} ${codes[code].title}`,
        message: `${saw.replace(/\.$/, "")}. Next: ${next}`,
      },
    };
  }
  const { outputs, images } = result();
  return {
    ok: true,
    outputs,
    summary: promotionSummary({ images, changed, sent: transport.sent, findings }),
  };
}

/**
 * Looks at the content of all images before anything is written: what is refused of one is refused of all. The looks count as the
 * steps' first ones, so that nothing is asked twice.
 */
async function lookFirst(
  steps: Step<Promoted>[],
  isContent: (step: Step<Promoted>) => boolean,
): Promise<{ steps: Step<Promoted>[]; findings: Finding[] }> {
  const findings: Finding[] = [];
  const looked = await Promise.all(
    steps.map(async (step) => {
      if (!isContent(step)) return step;
      const look = await step.look();
      if (look.state === "refused") {
        const { code, saw, next } = look.refusal;
        findings.push({ rule: refusals[code] ?? "images", holds: false, code, saw, next });
      }
      let fresh = true;
      return {
        ...step,
        look: async () => {
          const known = fresh;
          fresh = false;
          return known ? look : step.look();
        },
      };
    }),
  );
  return { steps: looked, findings };
}

/** What was asked and holds. */
function held({ promotions }: PromotionPlan, inputs: PromoteImageInputs): Finding[] {
  const count = promotions.length;
  const digest = promotions[0]?.source.digest ?? "";
  return [
    {
      rule: "images",
      holds: true,
      saw: `${count === 1 ? `${promotions[0]?.name} is there as ${digest}` : `all ${count} images are there`}`,
    },
    ...(inputs.expectDigest
      ? [{ rule: "expect-digest", holds: true, saw: "it is the expected digest" }]
      : []),
    ...(inputs.existing === "refuse"
      ? [{ rule: "existing", holds: true, saw: "no tag has another digest" }]
      : []),
  ];
}

function outputsOf(
  images: PromotedImage[],
  changed: boolean,
  findings: Finding[],
): PromoteImageOutputs {
  const displaced = images.flatMap((image) => Object.values(image.displaced));
  return {
    digest: images[0]?.digest ?? "",
    previousDigest: displaced[0] ?? "",
    changed: String(changed),
    images: JSON.stringify(
      Object.fromEntries(
        images.map(({ name, image, digest, tags, displaced }) => [
          name,
          { image, digest, tags, displaced },
        ]),
      ),
    ),
    reasons: reasonsOf(findings),
  };
}

function refused(findings: Finding[], job: Job): ActionResult<PromoteImageOutputs> {
  for (const { rule, holds, saw } of findings) job.say(`${holds ? "✓" : "✗"} ${rule}: ${saw}`);
  const open = findings.filter(({ holds }) => !holds);
  const [first] = open;
  const title = first?.code === undefined ? "Refused" : `${first.code} ${codes[first.code].title}`;
  return {
    ok: false,
    outputs: { changed: "false", reasons: reasonsOf(findings) },
    summary: refusedPromotionSummary(findings),
    failure: { title, message: oneLine(open) },
  };
}
