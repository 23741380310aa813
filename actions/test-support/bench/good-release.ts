import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** Where the wall time of one rehearsal went, in milliseconds. */
export type GoodRelease = {
  wall: number;
  /** Until the scenario's name is printed. */
  startUp: number;
  /** From there to its first act: the world, and its history. */
  history: number;
  /** In processes of actions, and of that: until their first connection; while somebody waits for pods. */
  inActions: number;
  starting: number;
  waiting: number;
  /** Between the first act and the last run's end, but in no action: events, builds, workflow files. */
  between: number;
  /** After the last run: expectations, report, tidying. */
  ending: number;
  actions: number;
  requests: number;
  /** Programs besides: pods, scripts, git. */
  programs: number;
  /** CPU of the process with the stand-ins, the proxy and the runner in it. */
  ownCpu: number;
  /** CPU of the actions, pods and scripts; only where Linux tells it. */
  childrenCpu?: number;
};

type Watched = Pick<
  GoodRelease,
  | "actions"
  | "programs"
  | "requests"
  | "inActions"
  | "starting"
  | "waiting"
  | "ownCpu"
  | "childrenCpu"
>;

const root = resolve(import.meta.dirname, "../../..");
const watcher = join(import.meta.dirname, "watch-rehearsal.cjs");
export const goodRelease = ["cessda", "--scenario", "The good release"];

/** Rehearses the good release once, as `npm run rehearse` does. Throws where it is not green. */
export async function rehearseGoodRelease(): Promise<GoodRelease> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const report = join(folder, "report.json");
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [join(root, "packages/build/setup.mjs"), "rehearse", ...goodRelease],
    {
      env: { ...process.env, NODE_OPTIONS: `--require ${watcher}`, BENCH_REPORT: report },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const at: { title?: number; act?: number; ended?: number } = {};
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const now = performance.now() - began;
    lines.push(line);
    if (/^\S+: The good release$/.test(line)) at.title ??= now;
    if (/^\d\d-\d\d \d\d:\d\d:\d\d /.test(line)) at.act ??= now;
    if (/ ended: /.test(line)) at.ended = now;
  }
  const wall = performance.now() - began;
  const { title, act, ended } = at;
  const green = lines.some((line) => line.startsWith("cessda: 1 of 1 scenarios passed"));
  if (!green || title === undefined || act === undefined || ended === undefined)
    throw new Error(`the good release was not rehearsed:\n${lines.join("\n")}`);
  const watched = JSON.parse(readFileSync(report, "utf8")) as Watched;
  rmSync(folder, { recursive: true });
  return {
    wall,
    startUp: title,
    history: act - title,
    between: ended - act - watched.inActions,
    ending: wall - ended,
    ...watched,
  };
}
