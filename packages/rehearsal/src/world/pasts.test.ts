import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeExamplePipeline } from "./example-pipeline.ts";
import type { Happening } from "./happening.ts";
import { createPasts } from "./pasts.ts";
import { loadPipeline } from "./pipeline.ts";
import { play } from "./scenario.ts";

const example = writeExamplePipeline();
afterAll(example.remove);
const file = join(example.pipeline, "rehearsal.yml");
writeFileSync(
  file,
  readFileSync(file, "utf8").replace(
    "scenarios:",
    `preludes:
  issue:
    - {issue: {title: Go}, by: bob, as: issue}
  released:
    - prelude: issue
    - {commit: {message: Second, files: {a.txt: a}}, by: ann, as: second}
    - {tag: {name: 1.0.0, at: second}, by: ann, as: tagged}
scenarios:
  - name: one
    acts:
      - prelude: released
      - {re-run: {of: tagged}, by: ann, as: again}
    expect:
      - {name: the past, run: {of: tagged, is: success}}
      - {name: its second attempt, job: {of: again, job: read, is: success, outputs: {attempt: 2}}}
      - {name: its requests, requests: {to: github, since: tagged, until: again, path: /git/ref/, count: 1}}
      - {name: all requests, requests: {to: github, path: /git/ref/, count: 2}}
  - name: other
    acts:
      - prelude: released
      - {comment: {on: issue, body: /go on}, by: bob, as: command}
    expect:
      - {name: the past, run: {of: tagged, is: success}}
      - {name: no second attempt, requests: {to: github, path: /git/ref/, count: 1}}
      - {name: the command, job: {of: command, job: answer, is: success}}
  - name: third
    acts:
      - prelude: issue
      - {comment: {on: issue, body: just words}, by: bob, as: talk}
    expect:
      - {name: only that, job: {of: talk, job: answer, is: skipped}}`,
  ),
);
const pipeline = loadPipeline(example.pipeline);
const scenarios = pipeline.file.scenarios.filter(({ name }) =>
  ["one", "other", "third"].includes(name),
);
const machine = { actions: example.actions, nodeBinary: process.execPath };

test("scenarios that begin alike share what happened, and end as if each had played it", async () => {
  const pasts = createPasts(pipeline, scenarios, machine);
  const all = await Promise.all(
    scenarios.map(async (scenario) => {
      const told: Happening[] = [];
      const tell = (happening: Happening): void => void told.push(happening);
      const shared = await play(pipeline, scenario, { machine, tell, pasts });
      return { scenario, told, shared };
    }),
  );
  pasts.forget();
  for (const { scenario, told, shared } of all) {
    const toldAlone: Happening[] = [];
    const tell = (happening: Happening): void => void toldAlone.push(happening);
    const alone = await play(pipeline, scenario, { machine, tell });
    expect(shared.checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(shared.checks).toEqual(alone.checks);
    expect(told.map(({ kind }) => kind)).toEqual(toldAlone.map(({ kind }) => kind));
  }
  // The past is one: both scenarios know the very same run of it.
  const runs = all.map(({ shared }) => shared.runs.find(({ act }) => act === "tagged"));
  expect(runs[0]).toBeDefined();
  expect(runs[0]).toBe(runs[1]);
});

test("the acts that are to be left are left", async () => {
  const pasts = createPasts(pipeline, scenarios, machine);
  const [one] = scenarios;
  if (!one) throw new Error("no scenario");
  const { world, acts } = await pasts.open(one, { tell: () => undefined, before: ["tagged"] });
  await world.close();
  pasts.forget();
  expect(acts.map(({ as }) => as)).toEqual(["second", "tagged", "again"]);
});

test("a beginning that cannot happen is the fault of each scenario that has it", async () => {
  const broken = loadPipeline(example.pipeline);
  broken.file.preludes["issue"] = [
    { ...broken.file.preludes["issue"]?.[0], by: "nobody" } as never,
  ];
  const pasts = createPasts(broken, scenarios, machine);
  for (const scenario of scenarios) {
    const result = await play(broken, scenario, { machine, tell: () => undefined, pasts });
    expect(result).toMatchObject({ passed: false, fault: { code: "RA9022" } });
  }
  pasts.forget();
});
