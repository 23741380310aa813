import { Fault } from "@release-actions/codes";
import type { Permissions } from "../workflow/index.ts";
import { perform } from "./acts.ts";
import type { Seen } from "./comparison.ts";
import { observe } from "./expectations.ts";
import { withoutRepeats, type Gap } from "./gaps.ts";
import type { Happening } from "./happening.ts";
import type { Act, Scenario } from "./language.ts";
import { createPasts, playHistory, type Pasts } from "./pasts.ts";
import type { Pipeline } from "./pipeline.ts";
import { kindOf } from "./names.ts";
import { issuesOf, messagesOf, type IssueText, type MessageText } from "./readable.ts";
import type { RunRecord } from "./runs.ts";
import { standing, type Standing } from "./standing.ts";
import { endOfActs, openWorld, type Machine, type World } from "./world.ts";

/** One expectation of a scenario, and what was seen in its place. */
export type Check = Seen & { name: string; kind: string };

export type ScenarioResult = {
  name: string;
  passed: boolean;
  checks: Check[];
  /** Why it did not come to its end, where it did not. */
  fault?: { code: string; saw: string; next: string };
  /** What the workflows need and were not given. */
  gaps: Gap[];
  runs: RunRecord[];
  /** What runs where at the end. */
  standing: Standing[];
  issues: IssueText[];
  /** Mails and chat messages, in the order of their arrival. */
  messages: MessageText[];
  /** What a stand-in saw and its real counterpart would have answered otherwise. */
  violations: string[];
  milliseconds: number;
};

/** How often a scenario is played again at most, to find every permission that its jobs lack. */
const mostProbes = 8;

/**
 * Plays a scenario from its history to its expectations, in a world of its own. When a job lacked a permission the
 * scenario is played again with that permission, unheard, until nothing more is lacking: so all are named at once.
 */
export async function play(
  pipeline: Pipeline,
  scenario: Scenario,
  options: {
    machine: Machine;
    tell(happening: Happening): void;
    /** Beginnings that it shares with other scenarios; without them it plays everything by itself. */
    pasts?: Pasts;
    /** Told of the world once, before anything of the scenario happens in it. */
    opened?(world: World): void;
  },
): Promise<ScenarioResult> {
  const { machine, tell } = options;
  const pasts = options.pasts ?? createPasts(pipeline, [], machine);
  const result = await playOnce(scenario, async () => {
    const past = await pasts.open(scenario, { tell });
    options.opened?.(past.world);
    return past;
  });
  let found = result.gaps;
  for (let probes = 0; probes < mostProbes && found.some(({ lacks }) => lacks); probes++) {
    const known = result.gaps;
    const probe = await playOnce(scenario, async () => {
      const world = await openWorld(pipeline, {
        machine,
        tell: () => undefined,
        extraPermissions: (workflow, job) => granted(known, workflow, job),
      });
      await playHistory(world);
      return { world, acts: pipeline.actsOf(scenario) };
    });
    found = probe.gaps.filter(({ lacks }) => lacks);
    result.gaps = withoutRepeats([...known, ...found]);
  }
  return result;
}

function granted(gaps: readonly Gap[], workflow: string, job: string): Permissions {
  const own = gaps.flatMap(({ lacks }) =>
    lacks?.workflow === workflow && lacks.job === job ? [lacks] : [],
  );
  return Object.fromEntries(
    own.map(({ permission, level }) => [permission, level as "read" | "write"]),
  );
}

async function playOnce(
  scenario: Scenario,
  open: () => Promise<{ world: World; acts: Act[] }>,
): Promise<ScenarioResult> {
  const began = Date.now();
  const result: ScenarioResult = {
    name: scenario.name,
    passed: false,
    checks: [],
    gaps: [],
    runs: [],
    standing: [],
    issues: [],
    messages: [],
    violations: [],
    milliseconds: 0,
  };
  const opened = await open().catch((error: unknown) => void (result.fault = faultOf(error)));
  if (!opened) return result;
  const { world, acts } = opened;
  try {
    for (const act of acts) await perform(world, act, "now");
    world.traces.set(endOfActs, { before: world.marks() });
    for (const expectation of scenario.expect) {
      const seen = await observe(world, expectation);
      result.checks.push({ name: expectation.name, kind: kindOf(expectation), ...seen });
    }
    result.checks.push(...otherRuns(world, scenario));
    result.standing = standing(world);
  } catch (error) {
    result.fault = faultOf(error);
  } finally {
    result.runs = [...world.runs.all];
    result.gaps = world.gaps();
    result.issues = world.repositories.flatMap((repository) => issuesOf(world, repository));
    result.messages = messagesOf(world);
    result.violations = [...world.github.violations];
    await world.close();
  }
  result.passed =
    result.fault === undefined &&
    result.gaps.length === 0 &&
    result.violations.length === 0 &&
    result.checks.every(({ holds }) => holds);
  result.milliseconds = Date.now() - began;
  return result;
}

/** @throws what is no fault of a rehearsal */
function faultOf(error: unknown): NonNullable<ScenarioResult["fault"]> {
  if (!(error instanceof Fault)) throw error;
  return { code: error.code, saw: error.saw, next: error.next };
}

/** A run that no expectation speaks of has to be green. */
function otherRuns(world: World, scenario: Scenario): Check[] {
  const spokenOf = scenario.expect.map((one) => one.run?.of ?? one.job?.of);
  return world.runs.all
    .filter((run) => run.act === undefined || !spokenOf.includes(run.act))
    .filter((run) => run.result?.conclusion !== "success" && run.result?.conclusion !== "skipped")
    .map((run) => ({
      name: `${run.name} #${run.number} is green, since no expectation says otherwise`,
      kind: "run",
      holds: false,
      saw: `GitHub: ${run.name} #${run.number}: ${run.result?.conclusion ?? "not ended"}`,
    }));
}
