import type { ActionCost } from "./action-cost.ts";
import {
  deployers,
  deployments,
  type DeploymentCost,
  type Deployments,
} from "./deployment-cost.ts";
import type { GoodRelease } from "./good-release.ts";
import type { Peer } from "./peers.ts";
import { promoters, type PromotionCost, type Promotions } from "./promotion-cost.ts";
import { median } from "./process-cost.ts";

/** In multiples of `node -e 0`, and in milliseconds. */
export const goals = {
  start: 4.5,
  clusterStart: 12,
  goodRelease: 10_000,
  successLate: 100,
  failureLate: 1_000,
};

const systems = ["github", "registry", "cluster", "zenodo", "site"] as const;
type Requests = ActionCost["first"]["requests"];

/** The actions' costs as one table. */
export function actionTable(actions: readonly ActionCost[], tree: number): string {
  const rows = actions.map(({ action, bytes, start, clusterStart, first, again }) => [
    action,
    megabytes(bytes),
    judged(start, goals.start),
    clusterStart === undefined ? "" : judged(clusterStart, goals.clusterStart),
    `${first.cpu.toFixed(1)} ×`,
    megabytes(first.memory),
    requestsOf(first.requests),
    requestsOf(again.requests),
  ]);
  return [
    ...columns([
      [
        "action",
        "loads",
        `start (${goals.start} ×)`,
        `to its cluster (${goals.clusterStart} ×)`,
        "first run",
        "memory",
        "requests of a first run",
        "of a re-run",
      ],
      ...rows,
    ]),
    `of the release tree's ${megabytes(tree)}, which each job downloads packed`,
  ].join("\n");
}

/** The peers as one table. */
export function peerTable(peers: readonly Peer[]): string {
  const rows = peers.map(({ name, beside, found }) => [
    name,
    beside,
    found ? megabytes(found.bytes) : "not on the PATH",
    found?.start === undefined ? (found ? "not measured: no bash" : "") : times(found.start),
  ]);
  return columns([["peer", "beside", "bytes", "start, to its version"], ...rows]).join("\n");
}

/** What promotions cost: requests, bytes, wall time, most memory. */
export function promotionTable({ registry, absent, rows }: Promotions): string {
  const here = promoters.filter((name) => rows.some(({ costs }) => costs[name]));
  const head = [
    "promotion",
    "image",
    "least requests",
    ...here.map((name) =>
      name === "promote-image" ? `${name}: requests, bytes, in its process, memory` : name,
    ),
  ];
  const body = rows.map(({ scenario, image, floor, costs }) => [
    scenario,
    image,
    String(floor),
    ...here.map((name) => promotionCell(costs[name])),
  ]);
  return [
    `Images promoted, on ${registry}:`,
    ...columns([head, ...body]),
    ...new Set(
      rows.flatMap(({ image, costs }) =>
        Object.entries(costs).flatMap(([name, cost]) =>
          "failed" in cost ? [`${name} fails at ${image}: ${cost.failed}`] : [],
        ),
      ),
    ),
    ...absent.map((why) => `Not compared: ${why}`),
  ].join("\n");
}

function promotionCell(cost: PromotionCost | { failed: string } | undefined): string {
  if (cost === undefined) return "";
  if ("failed" in cost) return "fails";
  const { requests, looks, referrers, bytes, wall, inProcess, memory } = cost;
  // The peers' own looks have other reasons, and are not taken apart.
  const of = inProcess === undefined ? "" : ` (looks ${looks}, referrers ${referrers})`;
  const time = inProcess === undefined ? wall : inProcess;
  const parts = [`${requests}${of}`, size(bytes), `${time.toFixed(0)} ms`];
  return [...parts, ...(memory === undefined ? [] : [megabytes(memory)])].join(", ");
}

function size(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : megabytes(bytes);
}

/** What deployments cost: requests, wall time, and how long after the nodes' report they ended. */
export function deploymentTable({ absent, costs }: Deployments): string {
  const here = deployers.filter((name) => deployments.some((what) => costs[what]?.[name]));
  const rows = deployments.map((what) => [
    what,
    ...here.map((name) => deploymentCell(what, name, costs[what]?.[name])),
  ]);
  const said = deployments.flatMap((what) =>
    here.flatMap((name) => {
      const cost = costs[what]?.[name];
      return cost && isFailure(what) ? [`${what}, ${name}: ${cost.said.slice(0, 400)}`] : [];
    }),
  );
  return [
    "Three pods deployed on a real control plane; the peers' deadline is 10 s, helm 3's 15 s:",
    ...columns([
      ["deployment", ...here.map((name) => `${name}: requests, wall, after the report`)],
      ...rows,
    ]),
    ...said,
    ...absent.map((why) => `Not compared: ${why}`),
  ].join("\n");
}

const isFailure = (what: string): boolean => what !== "new release" && what !== "again";

function deploymentCell(what: string, name: string, cost: DeploymentCost | undefined): string {
  if (cost === undefined) return "";
  const { requests, wall, late } = cost;
  const goal = isFailure(what) ? goals.failureLate : goals.successLate;
  const after =
    late === undefined
      ? []
      : [
          `${late.toFixed(0)} ms${name === "deploy-env" ? ` (goal ${goal} ms: ${late <= goal ? "met" : "MISSED"})` : ""}`,
        ];
  return [String(requests), `${(wall / 1000).toFixed(1)} s`, ...after].join(", ");
}

/** The good release's wall time, and where that of the middle one went. */
export function goodReleaseText(runs: readonly GoodRelease[]): string {
  const wall = median(runs.map((run) => run.wall));
  const run = runs.find((one) => one.wall === wall);
  if (!run) return "";
  const { starting, waiting, inActions } = run;
  const lines = [
    [run.startUp, "start of the command"],
    [run.history, "the world and its history"],
    [
      inActions,
      `${run.actions} steps of actions: ${seconds(starting)} until their first connection, ${seconds(waiting)} waiting for pods, ${seconds(inActions - starting - waiting)} besides`,
    ],
    [run.between, "between the steps: events, builds, workflow files"],
    [run.ending, "expectations, report, tidying"],
  ] as const;
  const cpu = [
    `${seconds(run.ownCpu)} stand-ins, proxy and runner, in one process with ${run.requests} requests`,
    ...(run.childrenCpu === undefined
      ? []
      : [`${seconds(run.childrenCpu)} actions, pods and scripts`]),
  ];
  return [
    `The good CESSDA release: ${seconds(wall)}, goal ${seconds(goals.goodRelease)}: ${wall <= goals.goodRelease ? "met" : "MISSED"} (the middle of ${runs.map((one) => seconds(one.wall)).join(", ")})`,
    ...lines.map(([took, what]) => `  ${seconds(took).padStart(6)}  ${what}`),
    `  CPU: ${cpu.join("; ")}`,
  ].join("\n");
}

function judged(value: number, goal: number): string {
  return `${times(value)} ${value <= goal ? "met" : "MISSED"}`;
}

function requestsOf(requests: Requests): string {
  const all = systems.filter((system) => requests[system] > 0);
  const sum = all.reduce((total, system) => total + requests[system], 0);
  return `${sum} (${all.map((system) => `${system} ${requests[system]}`).join(", ")})`;
}

const times = (value: number): string => `${value.toFixed(1)} ×`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Rows as Markdown, so that the table can be kept. */
function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? "").length)),
  );
  const lines = rows.map(
    (row) => `| ${widths.map((width, at) => (row[at] ?? "").padEnd(width)).join(" | ")} |`,
  );
  return [
    lines[0] ?? "",
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...lines.slice(1),
  ];
}
