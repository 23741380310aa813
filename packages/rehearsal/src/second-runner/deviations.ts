import type { Difference } from "./comparison.ts";

/** Something that act does otherwise than GitHub's runner, and where this is seen. */
export type Deviation = {
  id: string;
  act: string;
  runner: string;
  /** Differences in probes; each has to be there. */
  shows?: (Difference & { probe: string })[];
  /** Or a workflow that act refuses and GitHub takes: the keys of its one job. */
  refuses?: string;
};

const differs = (probe: string, where: string, ours: string, theirs: string) => ({
  probe,
  where,
  ours,
  theirs,
});

/** Of act 0.2.89. docs/reference/second-runner.md has the same table; a test holds that. */
export const deviations: readonly Deviation[] = [
  {
    id: "queue",
    act: "Refuses the key `concurrency.queue`",
    runner: "Knows it",
    refuses: "concurrency: {group: one, queue: max}",
  },
  {
    id: "deployment",
    act: "Refuses the key `environment.deployment`",
    runner: "Knows it",
    refuses: "environment: {name: guarded, deployment: false}",
  },
  {
    id: "large-number",
    act: "Refuses integers of more than 32 bits in expressions",
    runner: "Has 64-bit floating point numbers only",
    refuses: "env: {BIG: '${{ 12345678901 }}'}",
  },
  {
    id: "environment",
    act: "Gives the secrets and variables of an environment to every job, as far as it has them",
    runner: "Gives them to jobs in that environment",
    shows: [
      differs("settings", "without-environment: output secret", "false", "true"),
      differs("settings", "without-environment: output var", "", "inside"),
    ],
  },
  {
    id: "token",
    act: "Has one token for all jobs of a run, which may do what any of them may",
    runner: "Makes one for each job, with that job's permissions",
    shows: ["with-environment", "without-environment"].map((job) =>
      differs(
        "settings",
        `${job}: output token`,
        job,
        "with-environment, without-environment, first-of-group, second-of-group, second-runner-observer",
      ),
    ),
  },
  {
    id: "concurrency",
    act: "Ignores concurrency groups",
    runner: "Runs one of a group at a time",
    shows: [
      differs("settings", "first-of-group: output met", "no", "yes"),
      differs("settings", "second-of-group: output met", "no", "yes"),
    ],
  },
  {
    id: "forgiven-job",
    act: "A job that failed with `continue-on-error` has failed for those that need it",
    runner: "It has succeeded for them",
    shows: [
      differs("results", "forgiven: result", "success", "failure"),
      differs("results", "after-forgiven: result", "success", "skipped"),
    ],
  },
  {
    id: "outputs-of-skipped",
    act: "A skipped job has its outputs as they are written in the file, expressions and all",
    runner: "It has none",
    shows: [
      differs("results", "not-wanted: output said", "", "${{ steps.say.outputs.said }}"),
      differs("results", "not-wanted: output plain", "", "text"),
    ],
  },
  {
    id: "secret-in-output",
    act: "Hands on a job's output that contains a secret",
    runner: "Leaves it out",
    shows: [differs("steps", "masked: output secret", "", "the word is sesame")],
  },
  {
    id: "list-for-text",
    act: "A list or mapping in the place of a text is `Array` or `Object`",
    runner: "It is an error",
    shows: [
      differs("expressions", "list-for-text: result", "failure", "success"),
      differs("expressions", "list-for-text: output list", "", "Array"),
    ],
  },
  {
    id: "terminal",
    act: "Programs write to a terminal",
    runner: "They write to a pipe",
    shows: [differs("steps", "shells: output terminal", "no", "yes")],
  },
  {
    id: "fail-fast",
    act: "A failed leg of a matrix does not stop the others",
    runner: "It does, with `fail-fast`",
    shows: [
      differs("matrix", "after-legs: output fail-fast", "first,second", "first,second,third"),
    ],
  },
  {
    id: "outputs-of-legs",
    act: "Only the first leg of a matrix gives outputs",
    runner: "All do",
    shows: [differs("matrix", "given: output green", "seen", "")],
  },
  {
    id: "strategy",
    act: "`strategy.job-total` and `strategy.job-index` are empty",
    runner: "They are numbers",
    shows: [
      differs("matrix", "counted: output total", "1", ""),
      differs("matrix", "counted: output index", "0", ""),
    ],
  },
  {
    id: "post-after-pre",
    act: "An action whose pre stage ran and whose step was skipped has no post stage",
    runner: "It has",
    shows: [
      differs(
        "actions",
        "what-stages-ran: output after-failure",
        "pre of first,pre of second,main of first,post of second,post of first",
        "pre of first,pre of second,main of first,post of first",
      ),
    ],
  },
  {
    id: "inputs-in-composite",
    act: "Scripts of a composite action have its inputs as variables",
    runner: "They have not",
    shows: [differs("actions", "composite: output variable", "no variable", "hello")],
  },
  {
    id: "context",
    act: "Lacks parts of the `github` and `runner` contexts",
    runner: "Has them",
    shows: [
      differs("contexts", "github: output triggering-actor", "ben", ""),
      differs("contexts", "github: output ids", "56, 12, 34", ", , "),
      differs(
        "contexts",
        "github: output workflow-ref",
        "example/shop/.github/workflows/contexts.yml@refs/heads/main",
        "",
      ),
      differs(
        "contexts",
        "github: output workflow-sha",
        "0123456789012345678901234567890123456789",
        "",
      ),
      differs("contexts", "github: output secret-source", "Actions", ""),
      differs("contexts", "github: output runner-name", "GitHub Actions 1", ""),
      differs("contexts", "github: output runner-environment", "github-hosted", ""),
    ],
  },
  {
    id: "action-name",
    act: "`GITHUB_ACTION` of a step without an id is its number",
    runner: "It is `__run` or the action's name",
    shows: [differs("contexts", "variables: output action-without-id", "__run", "0")],
  },
  {
    id: "own-variables",
    act: "Its own variables reach the steps",
    runner: "Steps have the machine's and the workflow's",
    shows: [
      differs(
        "contexts",
        "variables: output rest",
        "MEETING",
        "ACT ACT_DISABLE_VERSION_CHECK ImageOS MEETING SHA_REF",
      ),
    ],
  },
];

/** The deviation that a probe's difference belongs to. */
export function deviationOf(probe: string, found: Difference): Deviation | undefined {
  return deviations.find(({ shows = [] }) => shows.some((one) => isSame(one, probe, found)));
}

/** What of a deviation was not found. `found`: the differences of each probe; `refused`: ids of those whose file act refused. */
export function missesOf(
  deviation: Deviation,
  found: Record<string, readonly Difference[]>,
  refused: readonly string[],
): string[] {
  if (deviation.refuses !== undefined)
    return refused.includes(deviation.id) ? [] : ["act takes such a file"];
  return (deviation.shows ?? [])
    .filter((one) => !found[one.probe]?.some((difference) => isSame(one, one.probe, difference)))
    .map(({ probe, where }) => `${probe}: ${where} is not as listed`);
}

const isSame = (
  listed: Difference & { probe: string },
  probe: string,
  found: Difference,
): boolean =>
  listed.probe === probe &&
  listed.where === found.where &&
  listed.ours === found.ours &&
  listed.theirs === found.theirs;

/** The table in docs/reference/second-runner.md. */
export function deviationsTable(): string {
  return [
    "| id | act | GitHub's runner | seen in |",
    "| --- | --- | --- | --- |",
    ...deviations.map(({ id, act, runner, shows }) => {
      const probes = [...new Set(shows?.map(({ probe }) => `\`${probe}.yml\``))].join(", ");
      return `| ${id} | ${act} | ${runner} | ${probes || "a refused file"} |`;
    }),
  ].join("\n");
}
