import { junit } from "@release-actions/checks";
import { Fault, type Finding } from "@release-actions/codes";
import { readFiles } from "@release-actions/github";
import { markdownText } from "@release-actions/markdown";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { milliseconds } from "./configuration/duration.ts";
import { withLanguages } from "./configuration/languages.ts";
import { readChecks } from "./configuration/pipeline-file.ts";
import type { CheckFile } from "./configuration/schema.ts";
import { connect, openTransport, type Logins } from "./connect.ts";
import type { ActionResult, Job } from "./job.ts";
import { outlineOf } from "./outline.ts";
import { findingTable, lines } from "./report/summaries.ts";
import { oneLine, reasonsOf } from "./report/sentences.ts";
import { givenVersion } from "./request.ts";
import { prepare, type Prepared } from "./prepared.ts";
import { openCluster } from "./target.ts";
import { defaultDeadline, smokeTest as runSmokeTest, whatRuns } from "./rollout.ts";
import { expectedOf } from "./released-images.ts";

export type SmokeTestInputs = Logins & {
  url?: string;
  digest?: string;
  checks?: string;
  identity?: string;
  deadline?: string;
  settle?: number;
  environment?: string;
  version?: string;
  kubeconfig?: string;
  config?: string;
};

export type SmokeTestOutputs = { passed: string; p95: string; report: string; reasons: string };

type Asked = Pick<Prepared, "checks" | "identity" | "placeholders"> & {
  url: string | undefined;
  deadline: number;
  settle: number;
  pods: Finding[];
};

/** Does the new build answer, correctly, before the deadline? @throws Fault RA1001 without checks, RA1102, RA1103 */
export async function smokeTest(
  inputs: SmokeTestInputs,
  job: Job,
): Promise<ActionResult<SmokeTestOutputs>> {
  const asked = await askedOf(inputs, job);
  const report = await runSmokeTest(
    {
      job,
      transport: openTransport(job),
      steps: { sleep: (pause) => new Promise((resolve) => setTimeout(resolve, pause)) },
    },
    {
      ...(asked.url ? { url: asked.url } : {}),
      smoke: { deadline: asked.deadline, settle: asked.settle },
    },
    asked,
  );
  if (report === undefined)
    throw new Fault("RA1001", {
      saw: "there are no checks",
      next: "Give `checks` (a list in YAML, or a path), or add `smoke:` to the environment in the file.",
    });
  const path = join(job.env.temp, "smoke-test.xml");
  writeFileSync(path, junit(report));
  const findings = [...asked.pods, ...report.findings];
  const open = findings.filter((finding) => !finding.holds && !finding.warning);
  return {
    ok: open.length === 0,
    outputs: {
      passed: String(open.length === 0),
      ...(report.p95 === undefined ? {} : { p95: String(Math.round(report.p95)) }),
      report: path,
      reasons: reasonsOf(findings),
    },
    summary: lines(
      `### ${open.length === 0 ? "The new build answers" : "The smoke test failed"}${asked.url ? ` at ${markdownText(asked.url)}` : ""}`,
      "",
      ...findingTable(findings),
    ),
    ...(open.length === 0
      ? {}
      : { failure: { title: "The smoke test failed", message: oneLine(open) } }),
  };
}

async function askedOf(inputs: SmokeTestInputs, job: Job): Promise<Asked> {
  const deadline = inputs.deadline === undefined ? undefined : milliseconds(inputs.deadline);
  if (inputs.deadline !== undefined && deadline === undefined)
    throw new Fault("RA1002", {
      saw: `\`deadline\` is ${JSON.stringify(inputs.deadline.slice(0, 60))}; it takes a duration such as 10m`,
    });
  if (inputs.settle !== undefined && (inputs.settle < 1 || inputs.settle > 100))
    throw new Fault("RA1002", { saw: `\`settle\` is ${inputs.settle}; it takes 1 to 100` });
  const isPath = inputs.checks !== undefined && !/[\n:[{]/.test(inputs.checks);
  const own =
    inputs.checks === undefined
      ? undefined
      : isPath
        ? await checksAt(inputs, job, inputs.checks)
        : await withLanguages(() => readChecks("checks", inputs.checks ?? ""));
  const identity: CheckFile | undefined =
    inputs.identity === undefined ? own?.identity : await readIdentity(inputs.identity);
  const alone =
    own !== undefined && inputs.url !== undefined && (!inputs.environment || !inputs.config);
  if (alone) {
    const version = inputs.version ?? givenVersion(job) ?? job.variables["GITHUB_REF_NAME"] ?? "";
    const commit = job.variables["GITHUB_SHA"] ?? "";
    return {
      checks: own.checks,
      identity,
      placeholders: {
        version,
        commit,
        "short-sha": commit.slice(0, 7),
        ...(inputs.digest ? { digest: inputs.digest } : {}),
      },
      url: inputs.url,
      deadline: deadline ?? defaultDeadline,
      settle: inputs.settle ?? 1,
      pods: [],
    };
  }
  if (!inputs.config) {
    const missing = [
      inputs.url === undefined ? "`url`" : "",
      own === undefined ? "`checks`" : "",
    ].filter((name) => name !== "");
    throw new Fault("RA1001", {
      saw: `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not given, and \`config\` is empty`,
    });
  }
  const { world, pipeline, environment, release } = await outlineOf(
    connect(inputs, job),
    inputs,
    job,
  );
  const prepared = await prepare(world, pipeline.product, environment, release);
  const { rendered, script } = prepared;
  // A job template's work is looked at where it runs; AWX itself is not asked.
  const awx =
    environment.deploy?.["awx-template"] === undefined
      ? undefined
      : expectedOf(release, prepared.placeholders);
  const cluster =
    inputs.kubeconfig && (rendered ?? script ?? awx)
      ? await openCluster(world, { kubeconfig: inputs.kubeconfig, allowExec: false }, environment)
      : undefined;
  const running = await whatRuns(cluster, { rendered, script, awx });
  const wanted = inputs.digest
    ? [inputs.digest]
    : release.components.map((component) => component.digest);
  return {
    checks: own?.checks ?? prepared.checks,
    identity: identity ?? prepared.identity,
    placeholders: prepared.placeholders,
    url: inputs.url ?? environment.url,
    deadline: deadline ?? environment.smoke?.deadline ?? defaultDeadline,
    settle: inputs.settle ?? environment.smoke?.settle ?? 1,
    pods:
      cluster === undefined
        ? []
        : [
            podsFinding(
              running.flatMap((workload) => workload.images.map((image) => image.digest)),
              wanted,
            ),
          ],
  };
}

/** Every ready pod, asked through the API server: an old pod behind a load balancer also answers 200. */
function podsFinding(running: string[], wanted: string[]): Finding {
  const missing = wanted.filter((digest) => !running.includes(digest));
  return missing.length === 0
    ? { rule: "identity", holds: true, saw: "the ready pods run the release's digests" }
    : {
        rule: "identity",
        holds: false,
        code: "RA3115",
        saw: `no ready pod runs ${missing.join(", ")}`,
      };
}

async function checksAt(
  inputs: SmokeTestInputs,
  job: Job,
  path: string,
): Promise<ReturnType<typeof readChecks>> {
  const commit = job.variables["GITHUB_SHA"];
  if (!commit) throw new Fault("RA1003", { saw: "the variable GITHUB_SHA is missing" });
  const [file] = await readFiles(connect(inputs, job).github, commit, [path]);
  return withLanguages(() => readChecks(path, file?.text ?? ""));
}

async function readIdentity(text: string): Promise<CheckFile | undefined> {
  const indented = text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
  const read = () => readChecks("identity", `identity:\n${indented}\nchecks: []\n`);
  return (await withLanguages(read)).identity;
}
