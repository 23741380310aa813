import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { compareRunners } from "./second-runner.ts";

const root = resolve(import.meta.dirname, "../../../..");

/** What the comparison has to cover: each workflow, each of its jobs, and success, failure and refusal. */
const scenarios = [
  "The good release",
  "Rollback by a comment of the owner",
  "The new build crashes",
  "Refused with a reason, then approved",
  "Wrong tag form",
  "A dry run of production",
];

// An exit, and not the signal's own end: what the worlds left is removed at it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const installed = spawnSync(join(root, ".ci/peers/act"), ["install"], { encoding: "utf8" });
const act = installed.stdout?.trim() ?? "";
if (installed.status !== 0) {
  // Without act there is nothing to compare with: that is no success, and in CI it is a failure.
  const failed = process.env["CI"] === "true";
  const why = installed.stderr?.trim() || String(installed.error ?? "act cannot be installed");
  console.log(`${failed ? "FAILED" : "SKIPPED"}: ${why}`);
  console.log(failed ? "0 passed, 1 failed, 0 skipped" : "0 passed, 0 failed, 1 skipped");
  process.exit(failed ? 1 : 0);
}
console.log(spawnSync(act, ["--version"], { encoding: "utf8" }).stdout.trim());

const named = process.argv.slice(2);
process.exitCode = await compareRunners(
  {
    actions: { "org/release-actions": join(root, "out/release") },
    pipeline: join(root, "docs/pipelines/cessda"),
    act,
    scenarios: named.length > 0 ? named : scenarios,
    probes: join(import.meta.dirname, "probes"),
    report: join(root, "out/second-runner.md"),
  },
  { line: (text) => console.log(text), colour: false },
);
