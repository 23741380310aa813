import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What one process cost: milliseconds of CPU (user and system) and of its life once Node was there, and bytes: the most memory,
 * and the files it loaded.
 */
export type Cost = { cpu: number; wall: number; memory: number; bytes: number };

const observer = join(import.meta.dirname, "observe.cjs");

/** Variables that make a Node process leave its cost, and what reads it when the process has ended. */
export function observed(loads = false): { variables: Record<string, string>; cost(): Cost } {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const report = join(folder, "report.json");
  return {
    variables: {
      NODE_OPTIONS: `--require ${observer}`,
      BENCH_REPORT: report,
      ...(loads ? { BENCH_LOADS: "1" } : {}),
    },
    cost: () => {
      const cost = JSON.parse(readFileSync(report, "utf8")) as Cost;
      rmSync(folder, { recursive: true });
      return cost;
    },
  };
}

/** CPU of `node -e 0`: the measure of all others. */
export function emptyStart(): number {
  const { variables, cost } = observed();
  spawnSync(process.execPath, ["-e", "0"], { env: variables });
  return cost().cpu;
}

/** CPU of an action that is given nothing and refuses that. Throws where it does anything else. */
export function refusedStart(program: string): number {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "sum") };
  for (const file of Object.values(files)) writeFileSync(file, "");
  const { variables, cost } = observed();
  const { status, stdout } = spawnSync(process.execPath, [program], {
    env: { ...files, ...variables },
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  if (status !== 1 || !/^::error title=RA\d{4}/m.test(stdout))
    throw new Error(`${program} did not refuse to run without inputs: ${stdout}`);
  return cost().cpu;
}

/** CPU of another program, to a millisecond; undefined without a bash that measures it. */
export function programStart(program: string, options: string[]): number | undefined {
  const script = 'TIMEFORMAT="%3U %3S"; time "$0" "$@" >/dev/null 2>&1';
  const { stderr } = spawnSync("bash", ["--norc", "-c", script, program, ...options], {
    encoding: "utf8",
  });
  const seconds = (stderr ?? "").trim().split(/\s+/).map(Number);
  const sum = (seconds[0] ?? NaN) + (seconds[1] ?? NaN);
  return Number.isFinite(sum) ? sum * 1000 : undefined;
}

/** The middle one of several measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
