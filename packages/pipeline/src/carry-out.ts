import { Fault, type Finding } from "@release-actions/codes";
import {
  appendStep,
  deploymentStatusStep,
  deploymentStep,
  readLedger,
  type DeploymentState,
  type LedgerHead,
} from "@release-actions/github";
import {
  closeEntry,
  ledgerPaths,
  nextId,
  openEntry,
  readCurrent,
  readVersionRecord,
  runningRelease,
  type Current,
  type Entry,
  type IssueRecord,
  type Release,
} from "@release-actions/ledger";
import { readConfiguration } from "@release-actions/deploy";
import { bringOrTakeBack, done, type Approved, type Ending } from "./bring-or-take-back.ts";
import { isLast } from "./configuration/pipeline-file.ts";
import { isAcceptedByPassing, outputsOf, type PromoteOutputs } from "./decision.ts";
import { refreshIssues } from "./issue/refresh.ts";
import { runUrl, type ActionResult } from "./job.ts";
import { dueNotices, sayNotices, sendDue } from "./notices.ts";
import { restoreData } from "./restore-data.ts";
import { tagSteps } from "./release-tags.ts";
import { entryNotice } from "./report/entry-notice.ts";
import { endSummary, firstLineOf } from "./report/summaries.ts";
import { nextLine } from "./report/trouble-lines.ts";

/**
 * Writes: ledger entry (the lock), git tags, deployment record, image tags, rollout, smoke test; on failure back to the recorded
 * release; then the ledger entry's end; last it tells people and brings the release issue up to date. Every write is a step, so a run
 * that was killed anywhere continues.
 */
export async function carryOut(approved: Approved): Promise<ActionResult<PromoteOutputs>> {
  const run = await withConfiguration(approved);
  const { world } = run;
  const begun = performance.now();
  const { entry, head, fresh } = await open(run);
  const { version } = entry.release;
  const started = noticesOf(run, entry, "started");
  const atFirst =
    started.length === 0
      ? []
      : (await sendDue(world, run.pipeline, version, entry.run, { notices: started })).findings;
  sayNotices(world.job, atFirst);
  const ending =
    entry.action === "restore" ? await restoreData(run, entry) : await deploy(run, entry, fresh);
  const at = world.github.now().toISOString();
  const closed = await close(run, head, entry, ending, at);
  // From here on everything is settled; people are told of it, and that they could not be told undoes nothing.
  const told = await sendDue(world, run.pipeline, version, entry.run, { head: closed });
  // What still waits is said once.
  const atLast = told.findings.filter(({ saw }) => !atFirst.some((one) => one.saw === saw));
  sayNotices(world.job, atLast);
  await refreshIssues(world, run.pipeline, entry, closed);
  const notices = [...atFirst, ...atLast];
  return report(run, entry, { ...ending, notices }, performance.now() - begun);
}

/** Git tags, GitHub's deployment, and the release itself between the deployment's states. */
async function deploy(run: Approved, entry: Entry, fresh: boolean): Promise<Ending> {
  const { world, environment, release } = run;
  for (const step of tagSteps(world.sources, run.tags)) await done(run, step);
  const deployment = await done(
    run,
    deploymentStep(world.github, {
      entry: entry.id,
      commit: release.commit,
      environment: environment.name,
      production: isLast(run.pipeline, environment.name),
      fresh,
      workflow: { commit: world.job.variables["GITHUB_SHA"], run: runUrl(world.job) },
    }),
  );
  const say = (state: DeploymentState, description: string) =>
    done(
      run,
      deploymentStatusStep(world.github, {
        entry: entry.id,
        deployment,
        state,
        ...(environment.url ? { url: environment.url } : {}),
        logUrl: runUrl(world.job),
        description,
        fresh,
      }),
    );
  await say("in_progress", `${entry.action} ${release.version}`);

  const ending = await bringOrTakeBack(run, entry);

  // The ledger is closed last: a closed entry says that nothing is left to do, and a resumed run believes it.
  await say(
    ending.result === "passed" ? "success" : "failure",
    ending.result === "passed" ? `${release.version} runs` : `${release.version}: ${ending.result}`,
  );
  return ending;
}

/** Keeps what the cluster has of the objects, where there is something to go back to. */
async function withConfiguration(run: Approved): Promise<Approved> {
  const { cluster, history, prepared } = run;
  const goesBack = runningRelease(history.current) !== undefined && history.own === undefined;
  if (!goesBack || cluster === undefined || prepared.rendered === undefined) return run;
  return { ...run, configuration: await readConfiguration(cluster, prepared.rendered) };
}

function isSameRelease(before: Release | undefined, after: Release): boolean {
  const digests = (release: Release) => release.components.map(({ digest }) => digest).join();
  return before?.version === after.version && digests(before) === digests(after);
}

/** Who is to hear of an entry's beginning or end. */
function noticesOf(
  run: Approved,
  entry: Entry,
  event: "started" | Ending["result"],
  end?: { ending: Ending; issue: IssueRecord | undefined },
) {
  const { pipeline, environment } = run;
  const back = event === "passed" && entry.action === "rollback";
  // Nobody needs to hear that what ran before still runs.
  const tells = entry.action !== "release" || (event !== "passed" && event !== "started");
  if (!tells && isSameRelease(entry.replaced, entry.release)) return [];
  return dueNotices(pipeline, {
    event: back ? "rolled-back" : event,
    environment: environment.name,
    key: entry.id,
    ...entryNotice({
      pipeline,
      environment,
      entry,
      event,
      ending: end?.ending,
      issue: end?.issue,
    }),
    at: entry.openedAt,
  });
}

async function open(run: Approved): Promise<{ entry: Entry; head: LedgerHead; fresh: boolean }> {
  const { world, pipeline, environment, request, history, release } = run;
  if (history.own !== undefined) return { entry: history.own, head: history.head, fresh: false };
  const paths = ledgerPaths(pipeline.product, environment.name);
  const replaced = runningRelease(history.current);
  const entry: Entry = {
    id: nextId(environment.name, history.current),
    environment: environment.name,
    action: request.action,
    ...(request.reason ? { reason: request.reason } : {}),
    actor: request.actor,
    run: request.run,
    release,
    ...(replaced ? { replaced } : {}),
    ...(run.configuration ? { configuration: run.configuration.digests } : {}),
    verdict: run.verdict,
    approvals: run.approvals,
    openedAt: world.github.now().toISOString(),
    result: "running",
  };
  const isOurs = (current: Current | undefined) =>
    current?.latest.run.id === request.run.id && current.latest.result === "running";
  const head = await done(
    run,
    appendStep(world.github, {
      branch: pipeline.ledger.branch,
      title: `Open ${entry.id} in the ledger`,
      key: entry.id,
      paths: [paths.current],
      head: history.head,
      isThere: (at) => isOurs(readCurrent(paths.current, at.files[paths.current])),
      next: (at) => {
        // Appends for other environments do not matter; one for this environment means that another run was faster.
        if (at.files[paths.current] !== history.head.files[paths.current]) {
          throw new Fault("RA1201", {
            saw: `another run opened an entry for ${environment.name} at the same moment`,
          });
        }
        return openEntry(pipeline.product, history.current, entry);
      },
    }),
  );
  const current = readCurrent(paths.current, head.files[paths.current]);
  if (current === undefined)
    throw new Fault("RA5010", { saw: `${paths.current} is not there after it was written` });
  return { entry: current.latest, head, fresh: !request.resumed };
}

async function close(
  run: Approved,
  opened: LedgerHead,
  entry: Entry,
  ending: Ending,
  at: string,
): Promise<LedgerHead> {
  const { world, pipeline, environment } = run;
  const paths = ledgerPaths(pipeline.product, environment.name);
  const released = paths.version(entry.release.version);
  const replaced = entry.replaced === undefined ? undefined : paths.version(entry.replaced.version);
  const needed = [paths.current, released, ...(replaced ? [replaced] : [])];
  const before = await readLedger(world.github, pipeline.ledger.branch, needed);
  return done(
    run,
    appendStep(world.github, {
      branch: pipeline.ledger.branch,
      title: `Close ${entry.id} in the ledger: ${ending.result}`,
      key: `${entry.id} closed`,
      paths: needed,
      head: before.commit === undefined ? opened : before,
      isThere: (head) => {
        const latest = readCurrent(paths.current, head.files[paths.current])?.latest;
        return latest?.id === entry.id && latest.result !== "running";
      },
      next: (head) => {
        const current = readCurrent(paths.current, head.files[paths.current]);
        if (current?.latest.id !== entry.id)
          throw new Fault("RA5012", {
            saw: `${current?.latest.id ?? "nothing"} is the last entry, not ${entry.id}`,
          });
        return closeEntry(
          pipeline.product,
          current,
          {
            result: ending.result,
            at,
            ...(ending.runs ? { runs: ending.runs } : {}),
            ...(ending.trouble ? { why: ending.trouble.plain } : {}),
            ...(ending.differences ? { differences: ending.differences } : {}),
            ...(ending.checks ? { checks: ending.checks } : {}),
          },
          {
            released: readVersionRecord(released, head.files[released]),
            replaced:
              replaced === undefined
                ? undefined
                : readVersionRecord(replaced, head.files[replaced]),
            notices: noticesOf(run, entry, ending.result, {
              ending,
              issue: readVersionRecord(released, head.files[released])?.issue,
            }),
          },
        );
      },
    }),
  );
}

function report(
  run: Approved,
  entry: Entry,
  ending: Ending & { notices: Finding[] },
  milliseconds: number,
): ActionResult<PromoteOutputs> {
  const { environment, release } = run;
  const unchanged = ending.result === "passed" && ending.outcome.rollout?.result === "unchanged";
  const passed = ending.result === "passed";
  const restores = entry.action === "restore";
  const { trouble } = ending;
  const first = passed
    ? ""
    : `${firstLineOf(run, entry, ending)} ${trouble?.plain ?? ""} Next: ${trouble ? nextLine(trouble) : ""}`;
  return {
    ok: passed,
    outputs: {
      ...outputsOf(run, release, run.verdict.findings),
      decision: "go",
      result: unchanged ? "unchanged" : ending.result,
      accepted: String(passed && isAcceptedByPassing(run, entry)),
      entry: entry.id,
      images: JSON.stringify(
        Object.fromEntries(
          release.components.map((component) => {
            const { name, image, digest } = component;
            return [
              name,
              {
                image,
                digest,
                tags: run.prepared.tags.get(name) ?? [],
              },
            ];
          }),
        ),
      ),
    },
    summary: endSummary({ run, entry, ending, milliseconds }),
    ...(passed
      ? {}
      : {
          failure: {
            title: restores
              ? `The data of ${environment.name} were not restored`
              : `${environment.name} does not run ${release.version}`,
            message: `${ending.trouble?.code ?? ""} ${first}`.trim(),
          },
        }),
  };
}
