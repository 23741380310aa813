import { plain, seconds, type Screen } from "../report/timeline.ts";
import { placeOf, type ComparedRun, type Difference } from "./comparison.ts";
import type { Deviation } from "./deviations.ts";
import type { Write } from "./record.ts";

/** A scenario, played with both runners. */
export type ComparedScenario = {
  name: string;
  /** Of the one play and the other. */
  milliseconds: number[];
  /** Expectations of the scenario that do not hold, and what else kept it from passing. */
  problems: string[];
  runs: ComparedRun[];
};

/** A probe, run with both runners, and those of its differences that no deviation explains. */
export type ComparedProbe = ComparedRun & { unlisted: Difference[] };

/** A deviation, and what of it was not seen this time. */
export type SeenDeviation = Deviation & { misses: string[] };

export type Outcome = {
  scenarios: ComparedScenario[];
  probes: ComparedProbe[];
  deviations: SeenDeviation[];
};

const head = ["run", "job", "result", "outputs", "writes"];

/** The table of a scenario: each run with its jobs and how many writes it made, and what differs. */
export function printScenario(screen: Screen, scenario: ComparedScenario): void {
  const [ours = 0, theirs = 0] = scenario.milliseconds;
  screen.line(`\n${scenario.name} (${seconds(ours)}, with act ${seconds(theirs)})`);
  const rows = scenario.runs.flatMap(rowsOf);
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  for (const row of [head, ...rows])
    screen.line(`  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
  for (const problem of problemsOf(scenario)) screen.line(`  ✗ ${plain(problem)}`);
}

function rowsOf(run: ComparedRun): string[][] {
  const of = (...starts: string[]): string =>
    run.differences.some(({ where }) => starts.some((start) => where.startsWith(start)))
      ? "DIFFERS"
      : "same";
  const own = run.writes.filter(({ late }) => !late).map(({ to }) => to);
  const written = [...new Set(own)].map((system) => {
    const count = own.filter((to) => to === system).length;
    return `${system} ${count} ${of(`${system}: `, `${system} `)}`;
  });
  return Object.entries(run.jobs).map(([id, { result, outputs }], index) => [
    index === 0 ? run.title : "",
    id,
    `${result} ${of(`${id}: result`)}`,
    Object.keys(outputs)
      .map((name) => `${name} ${of(`${id}: output ${name}`)}`)
      .join(", "),
    index === 0 ? written.join(", ") || "none" : "",
  ]);
}

/** One line: how much is the same, how much is listed, and what is neither. */
export function printProbe(screen: Screen, probe: ComparedProbe): void {
  const listed = probe.differences.length - probe.unlisted.length;
  const words = `probe ${probe.title}: ${valuesOf(probe)} results and outputs, ${listed} listed deviations`;
  screen.line(`${probe.unlisted.length === 0 ? "✓" : "✗"} ${words}`);
  for (const one of probe.unlisted) screen.line(`    ${sentence(one)}`);
}

const valuesOf = (run: ComparedRun): number =>
  Object.values(run.jobs).reduce((sum, job) => sum + 1 + Object.keys(job.outputs).length, 0);

/** Every deviation of the list, and whether it was seen. */
export function printDeviations(screen: Screen, deviations: readonly SeenDeviation[]): void {
  screen.line("\nDeviations of act");
  for (const { id, act, misses } of deviations) {
    screen.line(`  ${misses.length === 0 ? "✓ seen" : "✗ NOT SEEN"}  ${id}: ${act}`);
    for (const miss of misses) screen.line(`      ${miss}`);
  }
}

/** What held, counted, and a sentence for each thing that did not. */
export function failuresOf(outcome: Outcome): { passed: number; failures: string[] } {
  const held: string[][] = [
    ...outcome.scenarios.flatMap(({ name, problems, runs }) => [
      problems.map((problem) => `${name}: ${problem}`),
      ...runs.map((run) => run.differences.map((one) => `${name}: ${run.title}: ${sentence(one)}`)),
    ]),
    ...outcome.probes.map(({ title, unlisted }) =>
      unlisted.map((one) => `probe ${title}: ${sentence(one)}`),
    ),
    ...outcome.deviations.map(({ id, misses }) =>
      misses.map((miss) => `deviation ${id} is not seen any more: ${miss}`),
    ),
  ];
  return {
    passed: held.filter((failures) => failures.length === 0).length,
    failures: held.flat().map(plain),
  };
}

function problemsOf({ problems, runs }: ComparedScenario): string[] {
  const differences = runs.flatMap((run) =>
    run.differences.map((one) => `${run.title}: ${sentence(one)}`),
  );
  return [...differences, ...problems];
}

function sentence({ where, ours, theirs }: Difference): string {
  const quoted = (text: string): string => (text === "" ? "nothing" : text.slice(0, 200));
  return `${where}: ${quoted(ours)}, with act ${quoted(theirs)}`;
}

/** The whole comparison as Markdown, with every write. */
export function toMarkdown(outcome: Outcome): string {
  const { passed, failures } = failuresOf(outcome);
  return [
    "# The workflows of CESSDA with two runners",
    "",
    `${passed} comparisons hold, ${failures.length} differences.`,
    "",
    ...failures.map((failure) => `- ${cell(failure)}`),
    ...outcome.scenarios.flatMap((scenario) => [
      "",
      `## ${scenario.name}`,
      "",
      ...scenario.runs.flatMap(runSection),
    ]),
    "## Probes",
    "",
    ...outcome.probes.flatMap((probe) => [`### ${probe.title}`, "", ...jobsTable(probe)]),
    "## Deviations of act",
    "",
    ...table(
      ["id", "act", "GitHub's runner", "seen"],
      outcome.deviations.map(({ id, act, runner, misses }) => [
        id,
        act,
        runner,
        misses.length === 0 ? "yes" : misses.join("; "),
      ]),
    ),
  ].join("\n");
}

function runSection(run: ComparedRun): string[] {
  const verdict = (write: Write): string => {
    const found = run.differences.find(
      ({ where }) =>
        where.startsWith(`${write.to}: ${write.what} ${write.status}`) ||
        where.startsWith(`${placeOf(write)}: write `),
    );
    return found ? sentence(found) : "same";
  };
  return [
    `### ${run.title}`,
    "",
    ...jobsTable(run),
    ...(run.writes.length === 0
      ? ["Nothing was written.", ""]
      : table(
          ["system", "write", "answer", "with act"],
          run.writes.map((write) => [
            write.to,
            write.late ? `${write.what} (when it had ended)` : write.what,
            String(write.status),
            verdict(write),
          ]),
        )),
  ];
}

function jobsTable(run: ComparedRun): string[] {
  return table(
    ["job", "result", "outputs", "with act"],
    Object.entries(run.jobs).map(([id, { result, outputs }]) => [
      id,
      result,
      Object.entries(outputs)
        .map(([name, value]) => `${name}: ${value}`)
        .join("; "),
      run.differences
        .filter(({ where }) => where.startsWith(`${id}: `))
        .map(sentence)
        .join("; ") || "same",
    ]),
  );
}

function table(columns: readonly string[], rows: readonly string[][]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line), ""];
}

const cell = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\|<&]/g, (sign) =>
      sign === "<" ? "&lt;" : sign === "&" ? "&amp;" : `\\${sign}`,
    );
