import { expect, test } from "vitest";
import type { RunResult } from "../contract.ts";
import { evaluate, holds, resolve } from "../expression.ts";
import { parsePairs } from "../file-commands.ts";
import { actionTree, printed, run, runSteps } from "../fixture.ts";
import { matchesFilter } from "../glob.ts";
import { dispatchInputs } from "../inputs.ts";
import { parseCommand } from "../log-commands.ts";
import { legName, legsOf } from "../matrix.ts";
import { permissionsOf } from "../permissions.ts";
import { reasonNotToStart, startsOn } from "../trigger.ts";
import { problemsOf } from "../validation.ts";
import { actions } from "./actions.ts";
import { called } from "./called.ts";
import { contexts, expressions } from "./expressions.ts";
import { filters } from "./filters.ts";
import { functions } from "./functions.ts";
import { jobs } from "./jobs.ts";
import { legs } from "./legs.ts";
import { files, logLines } from "./lines.ts";
import { messages } from "./messages.ts";
import { matrices, tokens } from "./plans.ts";
import { accepted, refusals } from "./refusals.ts";
import { refusedJobs } from "./refused-jobs.ts";
import type { RunRow, Seen } from "./row.ts";
import { steps } from "./steps.ts";
import { conditions, texts } from "./texts.ts";
import { dispatched, dispatches, triggers } from "./triggers.ts";

const tuples: [name: string, from: string, ...row: unknown[]][] = [
  ...expressions,
  ...functions,
  ...texts,
  ...conditions,
  ...filters,
  ...triggers,
  ...dispatches,
  ...matrices,
  ...tokens,
  ...files,
  ...logLines,
  ...refusals,
  ...accepted,
];
const runs: RunRow[] = [
  ...steps,
  ...messages,
  ...jobs,
  ...legs,
  ...called,
  ...actions,
  ...refusedJobs,
];

test("every row of the table has a name of its own and says where the behaviour is written", () => {
  const rows = [...tuples.map(([name, from]) => ({ name, from })), ...runs];
  const names = rows.map((row) => row.name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  expect(rows.filter((row) => !/^(docs|runner|vectors|rehearsal) \S/.test(row.from))).toEqual([]);
  expect(rows.length).toBeGreaterThanOrEqual(120);
});

test.each([...expressions, ...functions])("expression: %s", (_name, _from, expression, value) => {
  const evaluated = (): unknown => evaluate(expression, { contexts });
  if (value instanceof RegExp) expect(evaluated).toThrow(value);
  else expect(evaluated()).toEqual(value);
});

test.each(texts)("text: %s", (_name, _from, text, value) => {
  const resolved = (): unknown => resolve(text, { contexts });
  if (value instanceof RegExp) expect(resolved).toThrow(value);
  else expect(resolved()).toEqual(value);
});

test.each(conditions)("if: %s", (_name, _from, condition, after, value) => {
  const functions = {
    success: () => after === "success",
    failure: () => after === "failure",
    cancelled: () => after === "cancelled",
    always: () => true,
  };
  expect(holds(condition, { contexts, functions })).toBe(value);
});

test.each(filters)("filter: %s", (_name, _from, patterns, tried, passes) => {
  expect(matchesFilter(patterns, tried)).toBe(passes);
});

test.each(triggers)("on: %s", (_name, _from, on, event, starts) => {
  const text = `on: ${on}\njobs: {}\n`;
  expect(startsOn(text, event)).toBe(starts);
  expect(reasonNotToStart(text, event) === undefined).toBe(starts);
});

test.each(dispatches)("dispatch: %s", (_name, _from, given, inputs) => {
  expect(dispatchInputs(dispatched, given)).toEqual(
    typeof inputs === "string" ? { refused: inputs } : { inputs },
  );
});

test.each(matrices)("matrix: %s", (_name, _from, matrix, named) => {
  const names = (): string[] => legsOf(matrix).map((leg) => legName("j", leg));
  if (named instanceof RegExp) expect(names).toThrow(named);
  else expect(names()).toEqual(named);
});

test.each(tokens)("permissions: %s", (_name, _from, workflow, job, token) => {
  expect(permissionsOf(workflow, job)).toEqual(token);
});

test.each(files)("file: %s", (_name, _from, text, found, error = /^$/) => {
  const parsed = parsePairs(text);
  expect(Object.fromEntries(parsed.found)).toEqual(found);
  expect(parsed.error ?? "").toMatch(error);
});

test.each(logLines)("log: %s", (_name, _from, line, command) => {
  expect(parseCommand(line)).toEqual(command);
});

test.each(refusals)("refused: %s", async (_name, _from, workflow, code, line, message) => {
  const problems = await problemsOf("x.yml", workflow);
  expect(problems[0]).toMatchObject({ code, path: "x.yml", line });
  expect(problems.map((problem) => problem.message).join("\n")).toMatch(message);
});

test.each(accepted)("accepted: %s", async (_name, _from, workflow) => {
  expect(await problemsOf("x.yml", workflow)).toEqual([]);
});

test.each(runs)("run: $name", async (row) => {
  const groups: string[] = [];
  expectSeen(await play(row, groups), groups, row.is);
});

async function play(row: RunRow, groups: string[]): Promise<RunResult> {
  const changes = {
    concurrency: async (group: string, work: () => Promise<void>) => {
      groups.push(group);
      await work();
    },
    readFile: async (path: string) => row.calls?.[path.replace(".github/workflows/", "")],
    ...(row.actions === undefined ? {} : { actions: await actionTree(row.actions) }),
    ...row.given,
  };
  if ("steps" in row) return runSteps(row.steps, changes);
  if ("workflow" in row) return run(row.workflow, changes);
  return run(`on: push\njobs:\n${row.jobs.replaceAll(/^/gm, "  ")}\n`, changes);
}

function expectSeen(result: RunResult, groups: string[], is: Seen): void {
  const { says = [], lacks = [], remarks = [], hides = [], refused = /^$/, ...parts } = is;
  const problem = result.refused?.[0];
  expect(problem === undefined ? "" : `${problem.code} ${problem.message}`).toMatch(refused);
  expect({ ...seen(result, parts), groups }).toMatchObject(parts);
  const messages = Object.values(result.jobs).flatMap((job) =>
    job.annotations.map(({ level, message }) => `${level}: ${message}`),
  );
  for (const pattern of says) expect(messages).toContainEqual(expect.stringMatching(pattern));
  for (const pattern of lacks) expect(messages).not.toContainEqual(expect.stringMatching(pattern));
  for (const pattern of remarks)
    expect(result.log.split("\n")).toContainEqual(expect.stringMatching(pattern));
  for (const text of hides) expect(JSON.stringify(result)).not.toContain(text);
}

/** The result in the words of the table. */
function seen(result: RunResult, parts: Seen): Omit<Seen, "groups" | "refused"> {
  const entries = Object.entries(result.jobs);
  const of = <T>(value: (job: RunResult["jobs"][string], id: string) => T): Record<string, T> =>
    Object.fromEntries(entries.map(([id, job]) => [id, value(job, id)]));
  const a = result.jobs["a"];
  return {
    title: result.title,
    conclusion: result.conclusion,
    jobs: of((job) => job.result),
    names: entries.map(([, job]) => job.name),
    prints: Array.isArray(parts.prints) ? printed(result) : of((_job, id) => printed(result, id)),
    outcomes: a?.steps.map((step) => step.outcome) ?? [],
    steps: a?.steps.map((step) => step.name) ?? [],
    outputs: of((job) => job.outputs),
    summary: a?.summary ?? "",
    ...(a?.environment === undefined ? {} : { environment: a.environment }),
    says: [],
    lacks: [],
    remarks: [],
    hides: [],
  };
}
