import type { Running } from "@release-actions/deploy";
import { markdownBlock, markdownCode, markdownText } from "@release-actions/markdown";
import { readDeployPlan, type DeployEnvInputs, type DeployPlan } from "./deploy-plan.ts";
import type { ActionResult, Job } from "./job.ts";
import { lines } from "./report/summaries.ts";
import { reasonsOf, shortDigest } from "./report/sentences.ts";
import { deployRelease, openTarget, whatRuns } from "./rollout.ts";

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
  const cluster = await openTarget(
    connection,
    {
      ...(inputs.kubeconfig ? { kubeconfig: inputs.kubeconfig } : {}),
      ...(inputs.awxToken ? { awxToken: inputs.awxToken } : {}),
      allowExec: inputs.allowExec,
    },
    environment,
  );
  const before = await whatRuns(cluster, plan);
  const place = environment.name;
  const base = { url: environment.url ?? "", previous: digestsOf(before), reasons: "[]" };
  if (inputs.dryRun) {
    return {
      ok: true,
      outputs: { ...base, result: "unchanged", running: digestsOf(before) },
      summary: lines(`### Dry run for ${markdownText(place)}`, "", ...wouldDo(plan)),
    };
  }
  // Without the ledger nobody says that this run's work is over: what failed is done anew.
  const options = {
    entry: `run-${job.env.runId}`,
    resumed: job.env.runAttempt > 1,
    way: "forward" as const,
    jobs: true,
    again: true,
  };
  const deployed = await deployRelease(connection, environment, plan, cluster, options);
  const teller = plan.script?.path ?? plan.awx?.template.name;
  const { rollout, trouble } = deployed;
  const unverified =
    teller !== undefined && cluster === undefined
      ? [
          "",
          `**Nothing was verified:** no kubeconfig is given, so only ${markdownCode(teller)} says how it went.`,
        ]
      : [];
  if (trouble === undefined) {
    const running = await whatRuns(cluster, plan);
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
        "",
        ...table(running),
      ),
    };
  }
  // A script that never ran changed nothing, and so did a job that AWX did not launch.
  const untouched =
    deployed.untouched !== undefined || (plan.rendered === undefined && rollout?.written === 0);
  const keep = environment.deploy?.["on-failure"] === "keep" || untouched;
  const back = keep ? undefined : await plan.recorded?.();
  const wayBack =
    back &&
    (await deployRelease(connection, environment, back, cluster, {
      ...options,
      resumed: false,
      way: "back",
      jobs: false,
    }));
  const rolledBack = wayBack !== undefined && wayBack.trouble === undefined;
  const running = await whatRuns(cluster, back ?? plan);
  const now = rolledBack
    ? "runs its recorded release again"
    : untouched
      ? "was not changed"
      : plan.recorded === undefined
        ? "has no recorded release to go back to, and was left as it is"
        : "was left as it is";
  const { code, plain, next, log = [] } = trouble;
  return {
    ok: false,
    outputs: {
      ...base,
      result: rolledBack ? "rolled-back" : "failed",
      running: digestsOf(running),
      reasons: reasonsOf([{ rule: "rollout", holds: false, saw: plain, code, next }]),
    },
    summary: lines(
      `### The deployment failed. ${markdownText(place)} ${now}.`,
      "",
      `**Why:** ${markdownText(plain)}`,
      ...(trouble.object ? ["", `**Where:** ${markdownText(trouble.object)}`] : []),
      "",
      `**Next:** ${markdownText(next)}`,
      ...(log.length > 0 ? ["", "The last lines:", "", markdownBlock(log.join("\n"))] : []),
      ...unverified,
      "",
      ...table(running),
    ),
    failure: {
      title: `${place} was not deployed`,
      message: `${code} ${place} ${now}: ${plain} Next: ${next}`,
    },
  };
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
      (object) => `- ${markdownText(`${object.kind} ${object.metadata.name}`)}`,
    ),
  ];
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
