import { Fault } from "@release-actions/codes";
import { previewApply, type Cluster, type KubeObject, type Running } from "@release-actions/deploy";
import { parseReference } from "@release-actions/registry";
import { markdownCode, markdownText } from "@release-actions/markdown";
import { readDeployPlan, type DeployEnvInputs, type DeployPlan } from "./deploy-plan.ts";
import { openRegistry } from "./connect.ts";
import { reportOf } from "./deploy-preview.ts";
import type { ActionResult, Job } from "./job.ts";
import { accessLines, lines, noteLines } from "./report/summaries.ts";
import { reasonsOf, shortDigest } from "./report/sentences.ts";
import { evidenceLines, nextLine, troubleLines } from "./report/trouble-lines.ts";
import { openTarget } from "./target.ts";
import { deployRelease, platformsIn, whatRuns, whatRunsAfter } from "./rollout.ts";
import {
  digestsOfRelease,
  digestsOfRunning,
  standingLine,
  standingOf,
  type Standing,
} from "./standing.ts";
import type { Deployed } from "./trouble.ts";
import { noticingWrites, tellingWhatRuns } from "./unended.ts";

export type { DeployEnvInputs } from "./deploy-plan.ts";

export type DeployEnvOutputs = {
  result: "passed" | "failed" | "rolled-back" | "unchanged";
  running: string;
  previous: string;
  url: string;
  reasons: string;
};

/** Makes an environment run exactly these digests and waits; after a failure the recorded release comes back. @throws Fault */
export async function deployEnv(
  inputs: DeployEnvInputs,
  job: Job,
): Promise<ActionResult<DeployEnvOutputs>> {
  const plan = await readDeployPlan(inputs, job);
  const { connection, environment } = plan;
  const { cluster, wrote } = noticingWrites(
    await openTarget(connection, inputs, environment),
    plan,
  );
  const place = environment.name;
  // A rollout of manifests looks by itself, and one of a chart reads Helm's record.
  const looks = plan.rendered !== undefined && !inputs.dryRun;
  const looked = looks ? undefined : await whatRuns(cluster, plan);
  const outputsAfter = (before: Running[]) => ({
    url: environment.url ?? "",
    previous: digestsOf(before),
    reasons: "[]",
  });
  if (inputs.dryRun) {
    const report =
      // Helm's objects are Helm's: asked under another manager's name the cluster would see conflicts.
      plan.rendered && cluster && !plan.chart
        ? reportOf(await previewApply(cluster, plan.rendered))
        : undefined;
    const refused = report?.refused;
    const result = refused === undefined ? "unchanged" : "failed";
    const reasons = report?.reasons ?? "[]";
    return {
      ok: refused === undefined,
      outputs: {
        ...outputsAfter(looked ?? []),
        result,
        running: digestsOf(looked ?? []),
        reasons,
      },
      summary: lines(
        `### Dry run for ${markdownText(place)}`,
        "",
        ...(report?.lines ?? wouldDo(plan)),
      ),
      ...(refused === undefined
        ? {}
        : { failure: { title: `${place} would not be deployed`, message: refused } }),
    };
  }
  const hosts = plan.release.components.map(({ image }) => parseReference(image).host);
  // Without the ledger nobody says that this run's work is over: what failed is done anew.
  let ran = looked;
  const options = {
    entry: `run-${job.env.runId}`,
    resumed: job.env.runAttempt > 1,
    way: "forward" as const,
    jobs: true,
    again: true,
    looked: (running: Running[]) => void (ran ??= running),
    platforms: platformsIn(openRegistry(inputs, job, connection.transport, hosts)),
  };
  const about = {
    place,
    version: plan.release.version,
    recorded: plan.recordedRelease?.version,
  };
  const deployed = await tellingWhatRuns(
    about,
    {
      wrote,
      ask: async () =>
        plan.recordedRelease === undefined && ran === undefined
          ? { runs: "unknown", why: "what it ran before was not read" }
          : (await lookAgain(plan, cluster, undefined, ran ?? [])).standing,
    },
    () => deployRelease(connection, environment, plan, cluster, options),
  );
  const teller = plan.script?.path ?? plan.awx?.template.name;
  const { rollout, trouble } = deployed;
  const before = looked ?? rollout?.before ?? [];
  const base = outputsAfter(before);
  const unverified =
    teller !== undefined && cluster === undefined
      ? [
          "",
          `**Nothing was verified:** no kubeconfig is given, so only ${markdownCode(teller)} says how it went.`,
        ]
      : [];
  if (trouble === undefined) {
    const running = await whatRunsAfter(rollout, cluster, plan);
    return {
      ok: true,
      outputs: {
        ...base,
        result: rollout?.result === "unchanged" ? "unchanged" : "passed",
        running: digestsOf(running),
      },
      summary: lines(
        `### ${markdownText(place)} ${unverified.length > 0 ? `was deployed by its ${plan.awx ? "AWX job" : "script"}` : rollout?.result === "unchanged" ? "runs what it ran before" : "runs the new digests"}`,
        ...unverified,
        ...accessLines(cluster),
        "",
        ...table(running),
        ...noteLines(rollout?.notes),
      ),
    };
  }
  // Nothing was written: a script that never ran, a job that AWX did not launch, a helm or a cluster that refused the first object.
  const untouched = deployed.untouched !== undefined || rollout?.written === 0;
  // What somebody else brought out meanwhile is not ours to take back.
  const overtaken = rollout?.cause?.reason === "taken-over";
  const keep = environment.deploy?.["on-failure"] === "keep" || untouched || overtaken;
  const back = keep ? undefined : await plan.recorded?.();
  const wayBack =
    back &&
    (await goBack(() =>
      deployRelease(connection, environment, back, cluster, {
        ...options,
        resumed: false,
        way: "back",
        jobs: false,
      }),
    ));
  const rolledBack = wayBack !== undefined && wayBack.trouble === undefined;
  const { running, standing } = await lookAgain(plan, cluster, back, before);
  const line = standingLine({
    standing,
    place,
    what: "deployment",
    version: plan.release.version,
    recorded: plan.recordedRelease?.version,
    rolledBack,
  });
  const notBack = rolledBack
    ? undefined
    : untouched
      ? "Nothing was changed, so there was nothing to roll back."
      : overtaken
        ? "Somebody else changed the environment during the rollout, and what they brought out was left in place."
        : (wayBack?.trouble?.plain ??
          (keep
            ? "`on-failure` is keep, so the failed pods were left in place."
            : "There is no recorded release to go back to, so the failed pods were left in place."));
  const { code, plain, next, command } = trouble;
  return {
    ok: false,
    outputs: {
      ...base,
      result: rolledBack ? "rolled-back" : "failed",
      running: digestsOf(running),
      reasons: reasonsOf([
        { rule: "rollout", holds: false, saw: plain, code, next: nextLine({ next, command }) },
      ]),
    },
    summary: lines(
      `### ${markdownText(line)}`,
      "",
      ...troubleLines(trouble),
      ...(notBack ? [`**Not rolled back:** ${markdownText(notBack)}`, ""] : []),
      ...evidenceLines(trouble),
      ...unverified,
      ...accessLines(cluster),
      "",
      ...table(running),
    ),
    failure: {
      title: `${place} was not deployed`,
      message: `${code} ${line} ${plain}${notBack ? ` ${notBack}` : ""} Next: ${nextLine({ next, command })}`,
    },
  };
}

/** The way back, whose own end is told and does not hide why there had to be one. */
async function goBack(deploy: () => Promise<Deployed>): Promise<Deployed> {
  try {
    return await deploy();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, saw, next } = error;
    const plain = `How the way back ended is not known: ${saw}`;
    return { rollout: undefined, trouble: { code, plain, next } };
  }
}

/** What the cluster runs after a failure, when it is asked once more. */
async function lookAgain(
  plan: DeployPlan,
  cluster: Cluster | undefined,
  back: Parameters<typeof whatRuns>[1] | undefined,
  before: Running[],
): Promise<{ running: Running[]; standing: Standing }> {
  if (cluster === undefined)
    return {
      running: [],
      standing: { runs: "unknown", why: "no kubeconfig is given, so nobody was asked." },
    };
  try {
    const running = await whatRuns(cluster, back ?? plan);
    const fresh = digestsOfRelease(plan.release, plan.rendered?.digests);
    const recorded = plan.recordedRelease
      ? digestsOfRelease(plan.recordedRelease)
      : digestsOfRunning(before);
    return { running, standing: standingOf(running, fresh, recorded) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { running: [], standing: { runs: "unknown", why: `${error.saw}.` } };
  }
}

function wouldDo(plan: DeployPlan): string[] {
  const by = plan.script ?? plan.awx;
  if (by !== undefined)
    return [
      `Nothing was written. ${plan.awx ? `The AWX job template ${markdownCode(plan.awx.template.name)} would be launched` : `${markdownCode(plan.script?.path ?? "")} would be run`} for ${markdownText(plan.release.version)} with these images:`,
      "",
      ...by.expected.images.map(
        ({ name, image, digest }) =>
          `- ${markdownText(name)}: ${markdownCode(`${image}@${digest}`)}`,
      ),
    ];
  return [
    "Nothing was written. These objects would be applied:",
    "",
    ...(plan.rendered?.objects ?? []).map(
      (object) =>
        `- ${markdownText(`${object.kind} ${object.metadata.name}${replicasOf(plan, object)}`)}`,
    ),
  ];
}

/** Charts often get their numbers of pods from a file of the environment: people want to see what came of it. */
function replicasOf(plan: DeployPlan, object: KubeObject): string {
  const { replicas } = (object["spec"] ?? {}) as { replicas?: unknown };
  return plan.chart === undefined || typeof replicas !== "number"
    ? ""
    : `, ${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
}

function digestsOf(running: Running[]): string {
  return JSON.stringify(
    Object.fromEntries(
      running.map((workload) => [
        `${workload.kind}/${workload.name}`,
        [...new Set(workload.images.map((image) => image.digest))],
      ]),
    ),
  );
}

function table(running: Running[]): string[] {
  return [
    "| Workload | Ready | Digests |",
    "| --- | --- | --- |",
    ...running.map(
      (workload) =>
        `| ${markdownText(`${workload.kind} ${workload.name}`)} | ${workload.ready} of ${workload.wanted} | ${[...new Set(workload.images.map((image) => image.digest))].map((digest) => markdownCode(shortDigest(digest))).join(", ")} |`,
    ),
  ];
}
