import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { emptyStart, median, programStart } from "./process-cost.ts";

/** A program that people use for what an action does, as it is found on this machine. */
export type Peer = {
  name: string;
  /** Of which action. */
  beside: string;
  /** Absent: it is not on the PATH. `start` in multiples of `node -e 0`; a bash has to measure it. */
  found?: { bytes: number; start: number | undefined };
};

const peers: { name: string; beside: string; version: string[] }[] = [
  { name: "crane", beside: "promote-image", version: ["version"] },
  { name: "skopeo", beside: "promote-image", version: ["--version"] },
  { name: "regctl", beside: "promote-image", version: ["version"] },
  { name: "oras", beside: "promote-image", version: ["version"] },
  { name: "kubectl", beside: "deploy-env", version: ["version", "--client"] },
  { name: "helm", beside: "deploy-env", version: ["version"] },
  { name: "gh", beside: "publish-release", version: ["--version"] },
];

/** Measures the peers that are there. */
export function measurePeers(rounds: number): Peer[] {
  return peers.map(({ name, beside, version }) => {
    const path = programOf(name);
    if (path === undefined) return { name, beside };
    const [empty, starts]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      empty.push(emptyStart());
      const start = programStart(path, version);
      if (start !== undefined) starts.push(start);
    }
    const start = starts.length === rounds ? median(starts) / median(empty) : undefined;
    return { name, beside, found: { bytes: statSync(path).size, start } };
  });
}

function programOf(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return realpathSync(join(folder, name));
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
