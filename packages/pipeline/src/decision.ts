import type { Finding } from "@release-actions/codes";
import { runningRelease, type Entry, type Release } from "@release-actions/ledger";
import { isLast, type EnvironmentSettings, type Pipeline } from "./configuration/pipeline-file.ts";
import type { World } from "./connect.ts";
import type { History } from "./history.ts";
import { reasonsOf } from "./report/sentences.ts";
import type { Request } from "./request.ts";

export type PromoteOutputs = {
  decision: "go" | "refused" | "skipped";
  result: "passed" | "failed" | "rolled-back" | "unchanged" | "none";
  accepted: string;
  version: string;
  digest: string;
  previousDigest: string;
  images: string;
  entry: string;
  url: string;
  reasons: string;
};

/** What a run knows before it writes. */
export type Decision = {
  world: World;
  pipeline: Pipeline & { defaultBranch: string };
  environment: EnvironmentSettings;
  request: Request;
  history: History;
};

/** Does a pass there let publication follow at once? With `accept-by` somebody has to say so. */
export function isAcceptedByPassing(
  { pipeline, environment }: Pick<Decision, "pipeline" | "environment">,
  { action }: Pick<Entry, "action">,
): boolean {
  return (
    action === "release" &&
    isLast(pipeline, environment.name) &&
    environment["accept-by"] === undefined
  );
}

/** The outputs that are known from the release alone. */
export function outputsOf(
  decision: Decision,
  release: Release,
  findings: Finding[],
): Partial<PromoteOutputs> {
  const { environment, history } = decision;
  return {
    version: release.version,
    digest: release.components[0]?.digest ?? "",
    previousDigest: runningRelease(history.current)?.components[0]?.digest ?? "",
    images: JSON.stringify(
      Object.fromEntries(
        release.components.map(({ name, image, digest }) => [name, { image, digest }]),
      ),
    ),
    url: environment.url ?? "",
    reasons: reasonsOf(findings),
  };
}
