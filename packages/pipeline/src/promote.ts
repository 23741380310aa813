import { Fault, type Finding } from "@release-actions/codes";
import {
  runningRelease,
  type Component,
  type Entry,
  type Release,
  type Verdict,
} from "@release-actions/ledger";
import { acceptRelease } from "./accept-release.ts";
import { environmentOf } from "./configuration/pipeline-file.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { findCandidate, rulesOf, waitWhilePending, type Candidate } from "./candidate.ts";
import { connect, loadPipeline, openWorld, withTeams, type Logins } from "./connect.ts";
import { judgeCommentRequest } from "./gate/comment-request.ts";
import { readImageFacts, type ImageFacts } from "./gate/image-rules.ts";
import { judge } from "./gate/judge.ts";
import { judgeStaleRequest } from "./gate/stale-request.ts";
import { judgeRunBy } from "./gate/rules.ts";
import { currentIn, readHistory } from "./history.ts";
import type { LoadedPipeline } from "./issue/book.ts";
import { refreshIssues } from "./issue/refresh.ts";
import { eventText, type ActionResult, type Job } from "./job.ts";
import { carryOut } from "./carry-out.ts";
import { sayNotices, sendDue } from "./notices.ts";
import { judgePreflight } from "./preflight.ts";
import { asksForTag, nameOf, plannedTags, tagsOfRelease } from "./release-tags.ts";
import { isAcceptedByPassing, outputsOf, type Decision, type PromoteOutputs } from "./decision.ts";
import { dryRunSummary, earlierSummary, refusedSummary } from "./report/summaries.ts";
import { oneLine, reasonsOf } from "./report/sentences.ts";
import { readRequest, type Request, type RequestInputs } from "./request.ts";
import { restoredEnvironment } from "./restore-data.ts";
import { prepare } from "./prepared.ts";
import { openCluster, openTarget } from "./target.ts";

export type PromoteInputs = RequestInputs &
  Logins &
  ClusterAccess & { config?: string; imageTag?: string };

/** The whole way into one environment: decide, and if every rule holds, carry it out. @throws Fault */
export async function promote(
  inputs: PromoteInputs,
  job: Job,
): Promise<ActionResult<PromoteOutputs>> {
  if (!inputs.config)
    throw new Fault("RA1105", {
      saw: "`config` is empty, and promote works from the pipeline's file",
    });
  const connection = connect(inputs, job);
  const loaded = await loadPipeline(connection, inputs.config);
  if ((inputs.action ?? eventText(job, "inputs", "action")) === "accept")
    return acceptRelease(connection, loaded, inputs);
  const request = readRequest(inputs, job);
  const pipeline = await withTeams(connection, loaded, inputs, rolesAsked(loaded, request));
  const world = openWorld(connection, inputs, pipeline, "make");
  const environment = environmentOf(pipeline, request.environment);
  const history = await readHistory(world, pipeline, environment, request.run.id);
  const decision: Decision = { world, pipeline, environment, request, history };

  // A run that was started again continues its own open entry or does nothing: it never puts an old version back.
  if (
    history.own !== undefined &&
    (history.own.result !== "running" || history.current?.latest.id !== history.own.id)
  ) {
    const told = await sendDue(world, pipeline, history.own.release.version, request.run);
    sayNotices(job, told.findings);
    await refreshIssues(world, pipeline, history.own);
    return earlierRun(decision, history.own, told.findings);
  }
  if (history.own !== undefined) return resume(decision, history.own, inputs);

  const { candidate, verdict, approvals } = await decide(decision, inputs.imageTag);
  for (const finding of verdict.findings) sayFinding(job, finding);
  const skipped =
    pipeline.tag?.["on-invalid"] === "skip" &&
    verdict.findings.some((finding) => finding.code === "RA1302");
  if (!verdict.holds || candidate.release === undefined)
    return refused(decision, candidate, verdict.findings, skipped);

  const release = candidate.release;
  const { cluster, prepared } = await makeReady(decision, release, verdict, inputs);
  const preflight = await judgePreflight(world, {
    environment,
    action: request.action,
    placeholders: prepared.placeholders,
    cluster,
    currentOf: currentIn(world, pipeline, environment, history),
    now: world.github.now(),
  });
  if (preflight !== undefined) {
    sayFinding(job, preflight);
    verdict.findings.push(preflight);
    if (!preflight.holds) return refused(decision, candidate, verdict.findings, false);
  }
  if (request.dryRun) {
    return {
      ok: true,
      outputs: {
        ...outputsOf(decision, release, verdict.findings),
        decision: "go",
        result: "none",
        accepted: "false",
      },
      summary: dryRunSummary({
        decision,
        release,
        findings: verdict.findings,
        tags: [...new Set([...prepared.tags.values()].flat())],
        gitTags: plannedTags(candidate.tags ?? []),
        objects: prepared.rendered?.objects.map(
          (object) => `${object.kind} ${object.metadata.name}`,
        ),
        script: prepared.script?.path,
        template: prepared.awx?.template.name,
        jobs: prepared.jobs,
      }),
    };
  }
  return carryOut({
    ...decision,
    release: prepared.release,
    prepared,
    cluster,
    verdict,
    approvals,
    tags: plannedTags(candidate.tags ?? []),
  });
}

/** Every role that may decide about this request. */
export function rolesAsked(pipeline: LoadedPipeline, request: Request): string[] {
  const environment = environmentOf(pipeline, request.environment);
  const { approvals, runBy } = rulesOf(environment, request);
  return [...approvals.map(({ role }) => role), ...runBy];
}

function sayFinding(job: Job, { rule, holds, saw }: Finding): void {
  job.say(`${holds ? "✓" : "✗"} ${rule}: ${saw}`);
}

/** Looks for the release that is meant and judges every rule; waits where the gate lets it. */
export async function decide(
  { world, pipeline, environment, request, history }: Decision,
  imageTag?: string,
  images?: Component[],
) {
  let seen: ImageFacts | undefined;
  return waitWhilePending(world, rulesOf(environment, request).wait, async () => {
    const found = await findCandidate(world, pipeline, environment, request, history, imageTag);
    const candidate = images === undefined ? found : withImages(found, images);
    // The registry is asked once, however often a check is waited for.
    if (candidate.release !== undefined)
      seen ??= await readImageFacts(
        world.registry,
        { environment, request, history },
        candidate.release,
      );
    const judged = judge(
      { pipeline, environment, request, history, candidate, ...(seen ? { images: seen } : {}) },
      world.github.now(),
    );
    const asked = [
      await judgeCommentRequest({ world, pipeline, environment, request, history }),
      await judgeStaleRequest({ world, environment, request, history }),
    ].filter((finding) => finding !== undefined);
    const findings = [...asked, ...judged.verdict.findings];
    const verdict = {
      ...judged.verdict,
      holds: findings.every((finding) => finding.holds || finding.warning),
      findings,
    };
    return { candidate, approvals: judged.approvals, verdict, findings };
  });
}

/** A candidate that was named by its digests: the rule `evidence` compares them with what passed. */
function withImages(candidate: Candidate, images: Component[]): Candidate {
  return candidate.release === undefined
    ? candidate
    : { ...candidate, release: { ...candidate.release, components: images } };
}

/**
 * Opens the cluster and reads the release's own files: what is wrong with them is said before the first write. Tags with a time
 * get that of the verdict, which the entry keeps for later attempts.
 */
async function makeReady(
  {
    world,
    pipeline,
    environment,
    request,
  }: Pick<Decision, "world" | "pipeline" | "environment" | "request">,
  release: Release,
  verdict: Verdict,
  inputs: ClusterAccess & Pick<PromoteInputs, "awxToken">,
) {
  const moment = { at: new Date(verdict.at), zone: pipeline.timezone };
  if (request.action === "restore") {
    const restored = restoredEnvironment(environment);
    return {
      cluster: await openCluster(world, inputs, restored),
      prepared: await prepare(world, pipeline.product, restored, release, {
        moment,
        jobs: ["restore"],
      }),
    };
  }
  return {
    cluster: await openTarget(world, inputs, environment),
    prepared: await prepare(world, pipeline.product, environment, release, {
      moment,
      jobs: request.action === "release" ? ["before", "after"] : [],
    }),
  };
}

async function resume(
  decision: Decision,
  own: Entry,
  inputs: PromoteInputs,
): Promise<ActionResult<PromoteOutputs>> {
  const { world, pipeline, environment, request } = decision;
  const mayRun = judgeRunBy(rulesOf(environment, own).runBy, pipeline.roles, request.actor);
  if (mayRun !== undefined && !mayRun.holds) return refused(decision, undefined, [mayRun], false);
  world.job.say(
    `Continuing ${own.id}: ${own.action} ${own.release.version}, allowed at ${own.verdict.at}.`,
  );
  const here = nameOf(world.job.env.repository);
  const resumed: Request = {
    ...request,
    action: own.action,
    ...(own.reason ? { reason: own.reason } : {}),
    resumed: true,
  };
  const { cluster, prepared } = await makeReady(
    { ...decision, request: resumed },
    own.release,
    own.verdict,
    inputs,
  );
  return carryOut({
    ...decision,
    request: resumed,
    release: prepared.release,
    prepared,
    cluster,
    verdict: own.verdict,
    approvals: own.approvals,
    // Which of them were made is not known: each is looked at, and made where it lacks. The tag that started the run was there.
    tags:
      environment.from === undefined && own.action === "release"
        ? tagsOfRelease(own.release, here).filter(
            ({ repository }) => repository !== here || asksForTag(world),
          )
        : [],
  });
}

/** `told`: what came of its notices. */
function earlierRun(decision: Decision, own: Entry, told: Finding[]): ActionResult<PromoteOutputs> {
  const { history } = decision;
  const newer = history.current?.latest.id === own.id ? undefined : history.current?.latest;
  const ok = own.result === "passed";
  const did = told.length === 0 ? "Nothing was written." : "Only its notices were seen to.";
  const saw = newer
    ? `This run's entry ${own.id} (${own.release.version}, ${own.result}) is followed by ${newer.id} (${newer.release.version}). ${did}`
    : `This run's entry ${own.id} is closed: ${own.release.version} ${own.result}. ${did}`;
  decision.world.job.say(saw);
  const finding: Finding = {
    rule: "lock",
    holds: ok,
    saw,
    ...(newer ? { code: "RA5012" as const } : ok ? {} : { code: "RA5013" as const }),
  };
  return {
    ok,
    outputs: {
      ...outputsOf(decision, own.release, [finding]),
      decision: "skipped",
      result: newer === undefined && own.result !== "running" ? own.result : "none",
      entry: own.id,
      accepted: String(newer === undefined && ok && isAcceptedByPassing(decision, own)),
    },
    summary: earlierSummary({ decision, own, newer, did, told }),
    ...(ok
      ? {}
      : { failure: { title: `${own.id} is ${own.result}`, message: oneLine([finding]) } }),
  };
}

function refused(
  decision: Decision,
  candidate: Candidate | undefined,
  findings: Finding[],
  skipped: boolean,
): ActionResult<PromoteOutputs> {
  const { environment, request } = decision;
  const open = findings.filter((finding) => !finding.holds && !finding.warning);
  const version = candidate?.release?.version ?? request.version ?? "";
  // What somebody wrote is a version only when the scheme says so.
  const known = candidate?.version && "text" in candidate.version ? candidate.version.text : "";
  return {
    ok: skipped,
    outputs: {
      ...(candidate?.release
        ? outputsOf(decision, candidate.release, findings)
        : { reasons: reasonsOf(findings), version: known, url: environment.url ?? "" }),
      decision: skipped ? "skipped" : "refused",
      result: "none",
      accepted: "false",
    },
    summary: refusedSummary({
      decision,
      version,
      findings,
      runs: runningRelease(decision.history.current),
      skipped,
    }),
    ...(skipped
      ? {}
      : {
          failure: {
            title: `${environment.name} refused${version ? ` ${version}` : ""}`,
            message: oneLine(open),
          },
        }),
  };
}
