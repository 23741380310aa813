/** Layers of the house, from what knows nothing to what knows all. A package may import what its line names, and no more. */
export const layers = [
  { name: "pure", packages: ["codes", "markdown", "versions", "ledger", "plan"] },
  { name: "transport", packages: ["net"] },
  { name: "clients", packages: ["registry", "deploy", "checks", "github", "zenodo", "notify"] },
  { name: "road", packages: ["pipeline"] },
  { name: "edge", packages: ["runner", "actions", "cli"] },
  { name: "rehearsal", packages: ["stand-ins", "rehearsal"] },
  { name: "workshop", packages: ["build"] },
] as const;

const pure = ["codes", "markdown", "versions", "ledger", "plan"];
const clients = ["registry", "deploy", "checks", "github", "zenodo", "notify"];

/** The allowed edges. `actions` stands for every folder of actions/. */
export const arrows: Record<string, readonly string[]> = {
  codes: [],
  markdown: [],
  versions: ["codes"],
  ledger: ["codes"],
  plan: ["codes"],
  net: ["codes"],
  registry: ["net", ...pure],
  deploy: ["net", ...pure],
  checks: ["net", ...pure],
  github: ["net", ...pure],
  zenodo: ["net", ...pure],
  notify: ["net", ...pure],
  pipeline: ["net", ...pure, ...clients],
  runner: ["codes", "markdown"],
  actions: ["codes", "net", "pipeline", "runner"],
  cli: ["codes", "net", "pipeline", "rehearsal"],
  "stand-ins": [],
  rehearsal: ["codes", "stand-ins"],
  build: ["codes"],
};

/** Packages whose product code opens sockets. */
export const openSockets = ["net", "stand-ins", "rehearsal"];
/** Packages whose product code writes to the terminal. */
export const print = ["runner", "cli", "rehearsal", "build"];
/** Imported only lazily, so that no action loads them. */
export const lazy = ["rehearsal", "stand-ins"];

/** The table as a figure for docs/explanation/architecture.md. */
export function arrowsFigure(): string {
  const id = (name: string): string => name.replaceAll("-", "_");
  const boxes = layers.flatMap((layer) => [
    `  subgraph ${layer.name}`,
    ...layer.packages.map((name) => `    ${id(name)}["${name}"]`),
    "  end",
  ]);
  const edges = Object.entries(arrows).flatMap(([from, targets]) =>
    // `codes` is known to all; its arrows would hide the others.
    targets.filter((to) => to !== "codes").map((to) => `  ${id(from)} --> ${id(to)}`),
  );
  const rows = Object.entries(arrows).map(
    ([from, targets]) =>
      `| ${from} | ${targets.join(", ") || "nothing"} | ${openSockets.includes(from) ? "yes" : ""} | ${print.includes(from) ? "yes" : ""} |`,
  );
  return [
    "```mermaid",
    "flowchart BT",
    ...boxes,
    ...edges,
    "```",
    "",
    "| package | may import | opens sockets | prints |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
