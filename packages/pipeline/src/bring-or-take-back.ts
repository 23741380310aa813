import { Fault, type Code } from "@release-actions/codes";
import {
  differencesOf,
  readConfiguration,
  type Cluster,
  type Configuration,
  type Running,
} from "@release-actions/deploy";
import {
  sameBuild,
  type Approval,
  type Entry,
  type Release,
  type Verdict,
} from "@release-actions/ledger";
import type { Step } from "@release-actions/plan";
import { parseReference, promotionSteps } from "@release-actions/registry";
import type { Decision } from "./decision.ts";
import { readPassedEntry } from "./history.ts";
import type { PlannedTag } from "./release-tags.ts";
import { imageTagsOf } from "./image-tags.ts";
import { runToEnd } from "./run-to-end.ts";
import { digestsOfRelease, standingOf, type Standing } from "./standing.ts";
import { prepare, releasePlaceholders, type Prepared } from "./prepared.ts";
import { bringOut, whatRuns, type Outcome } from "./rollout.ts";
import type { Trouble } from "./trouble.ts";
import { noticingWrites, tellingWhatRuns } from "./unended.ts";

/** A release that may go, with everything that its writes need. */
export type Approved = Decision & {
  release: Release;
  prepared: Prepared;
  cluster: Cluster | undefined;
  verdict: Verdict;
  approvals: Approval[];
  /** Tags that are made when the entry is open; none where releases do not enter. */
  tags: PlannedTag[];
  /** What the cluster has of the objects that are to be applied, before they are. */
  configuration?: Configuration;
};

/** How the environment ended. */
export type Ending = {
  result: "passed" | "failed" | "rolled-back";
  /** What the environment runs now; undefined when nobody knows. */
  runs: Release | undefined;
  trouble: Trouble | undefined;
  /** Why going back did not work, or was not tried. */
  noWayBack?: string;
  outcome: Outcome;
  running: Running[];
  /** What the cluster said when it was asked after a failure; undefined where there is none to ask. */
  standing?: Standing;
  /** Checks that passed, by their names, for the ledger. */
  checks?: string[];
  /** After a way back: what the cluster has otherwise than before; undefined where that is not known. */
  differences?: string[];
  /** What is to be told although it passed. */
  notes?: string[];
};

/** Tags, rollout and smoke test; when the release does not come up, back to the recorded one, verified again. */
export async function bringOrTakeBack(run: Approved, entry: Entry): Promise<Ending> {
  const { environment, release, prepared } = run;
  const { cluster, wrote } = noticingWrites(run.cluster, prepared);
  const fresh = digestsOfRelease(release, prepared.rendered?.digests);
  const recorded = entry.replaced && digestsOfRelease(entry.replaced);
  const ending = await tellingWhatRuns(
    { place: environment.name, version: release.version, recorded: entry.replaced?.version },
    {
      wrote,
      ask: async () =>
        cluster === undefined ||
        (prepared.rendered ?? prepared.script ?? prepared.awx) === undefined
          ? { runs: "unknown", why: "nobody could be asked" }
          : standingOf(await whatRuns(cluster, prepared), fresh, recorded),
    },
    () => endOf({ ...run, cluster }, entry),
  );
  const target = prepared.rendered ?? prepared.script;
  if (ending.result === "passed" || cluster === undefined || target === undefined) return ending;
  return { ...ending, standing: standingOf(ending.running, fresh, recorded) };
}

async function endOf(run: Approved, entry: Entry): Promise<Ending> {
  const { world, environment, release, prepared, cluster } = run;
  const before = entry.replaced;
  await tagImages(run, entry, release, prepared, "forward");
  const brought = await bringOut(world, environment, prepared, cluster, {
    entry: entry.id,
    resumed: run.request.resumed,
    way: "forward",
    jobs: run.request.action === "release",
  });
  const exercise =
    brought.trouble === undefined ? await exerciseRollback(run, entry) : { state: "none" as const };
  const outcome = exercise.state === "failed" ? exercise.outcome : brought;
  if (outcome.trouble === undefined)
    return {
      result: "passed",
      runs: release,
      trouble: undefined,
      outcome,
      running: await whatRuns(cluster, prepared),
      checks: [
        ...namedChecks(prepared, outcome),
        ...(exercise.state === "passed" ? ["rollback"] : []),
      ],
      ...(await differencesOfRollback(run, entry)),
      ...(exercise.state === "impossible" ? { notes: [exercise.why] } : {}),
    };

  const failed = { result: "failed" as const, trouble: outcome.trouble, outcome };
  world.job.say(`✗ ${outcome.trouble.plain}`);
  if (exercise.state === "failed" && exercise.runs !== undefined)
    return {
      ...failed,
      runs: exercise.runs,
      noWayBack: `${release.version} came up again and runs; the release before it does not come up any more.`,
      running: await whatRuns(cluster, prepared),
    };
  if (environment.deploy?.["on-failure"] === "keep") {
    return {
      ...failed,
      runs: undefined,
      noWayBack: "`deploy.on-failure` is keep, so the failed release was left in place.",
      running: await whatRuns(cluster, prepared),
    };
  }
  if (outcome.rollout?.cause?.reason === "taken-over") {
    return {
      ...failed,
      runs: undefined,
      noWayBack:
        "Somebody else changed the environment during the rollout, and what they brought out was left in place.",
      running: await whatRuns(cluster, prepared),
    };
  }
  if (outcome.rollout?.result === "failed" && outcome.rollout.written === 0) {
    // The cluster took nothing, so nothing is to be taken back there; only the tags return.
    if (before !== undefined) {
      const placeholders = releasePlaceholders(run.pipeline.product, environment, before);
      const tags = await imageTagsOf(world, environment, placeholders, before);
      await tagImages(run, entry, before, { tags }, "back");
    }
    return {
      ...failed,
      runs: before,
      noWayBack: outcome.untouched
        ? `${outcome.untouched}.`
        : `${prepared.awx ? "AWX launched no job" : prepared.script ? "The script never ran" : "The cluster refused before anything was changed"}, so there was nothing to roll back.`,
      running: await whatRuns(cluster, prepared),
    };
  }
  if (before === undefined) {
    return {
      ...failed,
      runs: undefined,
      noWayBack:
        "This is the first release of this environment: there is nothing recorded to go back to.",
      running: await whatRuns(cluster, prepared),
    };
  }
  world.job.say(`Going back to ${before.version}.`);
  const back = await prepareBack(run, before);
  if ("gone" in back)
    return {
      ...failed,
      runs: undefined,
      noWayBack: `${before.version} cannot be brought out again: ${back.gone}`,
      running: await whatRuns(cluster, prepared),
    };
  await tagImages(run, entry, before, back, "back");
  const restored = await bringOut(world, environment, back, cluster, {
    entry: entry.id,
    resumed: false,
    way: "back",
    jobs: false,
  });
  const running = await whatRuns(cluster, back);
  if (restored.trouble === undefined) {
    const differences = await differencesAfter(run, entry);
    return {
      result: "rolled-back",
      runs: before,
      trouble: outcome.trouble,
      outcome,
      running,
      ...(differences === undefined ? {} : { differences }),
    };
  }
  return {
    ...failed,
    runs: undefined,
    noWayBack: `Going back to ${before.version} failed too: ${restored.trouble.plain}`,
    running,
  };
}

/** After a failure: compares the cluster with what it was before this entry; undefined where that was not kept. */
function differencesAfter(run: Approved, entry: Entry): Promise<string[] | undefined> {
  return compared(
    run,
    async () =>
      run.configuration ??
      (entry.configuration && { digests: entry.configuration, contents: undefined }),
  );
}

/** A rollback on request: compares with what was kept before the release that it takes back. */
async function differencesOfRollback(
  run: Approved,
  entry: Entry,
): Promise<Pick<Ending, "differences">> {
  if (run.request.action !== "rollback" || entry.replaced === undefined) return {};
  const differences = await compared(run, async () => {
    const taken = await readPassedEntry(run.world, run.pipeline, run.environment.name, run.history);
    const kept =
      taken?.replaced && sameBuild(taken.replaced, run.release) ? taken.configuration : undefined;
    return kept && { digests: kept, contents: undefined };
  });
  return differences === undefined ? {} : { differences };
}

/** What is otherwise now. That it cannot be known undoes nothing. */
async function compared(
  { cluster, prepared, world }: Approved,
  before: () => Promise<Configuration | undefined>,
): Promise<string[] | undefined> {
  if (!cluster || !prepared.rendered) return undefined;
  try {
    const kept = await before();
    return kept && differencesOf(kept, await readConfiguration(cluster, prepared.rendered));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    world.job.warn("The configuration could not be compared", error.saw);
    return undefined;
  }
}

type Exercise =
  | { state: "none" }
  | { state: "passed" }
  | { state: "impossible"; why: string }
  /** `runs`: the release came up again; what failed is the way back. */
  | { state: "failed"; outcome: Outcome; runs?: Release };

/** Where the environment asks for it: from the release back to the recorded one and forward again, each tested. */
async function exerciseRollback(run: Approved, entry: Entry): Promise<Exercise> {
  const { world, environment, cluster, prepared, release } = run;
  const before = entry.replaced;
  if (environment.deploy?.["exercise-rollback"] !== true || run.request.action !== "release")
    return { state: "none" };
  const impossible = (why: string): Exercise => {
    world.job.warn("The rollback was not exercised", why);
    return { state: "impossible", why: `The rollback was not exercised: ${why}` };
  };
  if (before === undefined)
    return impossible("this is the first release of the environment, nothing is behind it.");
  if (sameBuild(before, release)) return impossible("the same build ran before.");
  const back = await prepareBack(run, before);
  if ("gone" in back) return impossible(`${before.version} cannot be brought out: ${back.gone}.`);
  const options = { entry: entry.id, resumed: run.request.resumed, jobs: false };
  world.job.say(`Exercising the rollback: back to ${before.version}.`);
  const away = await bringOut(world, environment, back, cluster, {
    ...options,
    way: "exercise-back",
  });
  world.job.say(`Exercising the rollback: forward to ${release.version} again.`);
  const again = await bringOut(world, environment, prepared, cluster, {
    ...options,
    way: "exercise-again",
  });
  if (again.trouble !== undefined) return { state: "failed", outcome: again };
  if (away.trouble === undefined) return { state: "passed" };
  const plain = `The rollback to ${before.version} was exercised and failed: ${away.trouble.plain}`;
  const outcome = { ...away, trouble: { ...away.trouble, plain } };
  return { state: "failed", outcome, runs: release };
}

/** The smoke checks that people gave a name, which all passed. */
function namedChecks({ checks }: Prepared, { smoke }: Outcome): string[] {
  return smoke?.passed ? checks.flatMap(({ name }) => name ?? []) : [];
}

/** What no later attempt would find otherwise: files of a commit never change. */
const gone: readonly Code[] = [
  ...(["RA5004", "RA3204", "RA3205", "RA3206"] as const),
  ...(["RA3402", "RA3403", "RA3404", "RA3407", "RA3408", "RA3412"] as const),
];

/** The recorded release's own files; where they do not fit today's settings, the environment stays as it is. */
async function prepareBack(run: Approved, before: Release): Promise<Prepared | { gone: string }> {
  try {
    return await prepare(run.world, run.pipeline.product, run.environment, before);
  } catch (error) {
    if (error instanceof Fault && gone.includes(error.code)) return { gone: error.saw };
    throw error;
  }
}

/** Gives the release's digests the environment's tags: all content first, all tags last. */
async function tagImages(
  run: Approved,
  entry: Entry,
  release: Release,
  prepared: Pick<Prepared, "tags">,
  direction: "forward" | "back",
): Promise<void> {
  const steps = promotionSteps(run.world.registry, {
    images: release.components.map((component) => {
      const source = parseReference(`${component.image}@${component.digest}`);
      return {
        name: component.name,
        source,
        target: { host: source.host, repository: source.repository },
        tags: prepared.tags.get(component.name) ?? [],
      };
    }),
    existing: "move",
    // On the way back the tag only returns to what it had; the failed digest earns no name.
    previous: direction === "forward",
    referrers: true,
    entry: entry.id,
    resuming: run.request.resumed,
    now: run.world.steps.now,
    sleep: run.world.steps.sleep,
  });
  for (const step of steps) await done(run, step);
}

/** Runs a step of this run. @throws Fault */
export async function done<T>(run: Approved, step: Step<T>): Promise<T> {
  return (await runToEnd(step, { ...run.world.steps, resuming: run.request.resumed })).value;
}
