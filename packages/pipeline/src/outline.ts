import { Fault, type Finding } from "@release-actions/codes";
import { runningRelease, type Release } from "@release-actions/ledger";
import { schemeOf } from "@release-actions/versions";
import { findCandidate } from "./candidate.ts";
import {
  environmentOf,
  type EnvironmentSettings,
  type Pipeline,
} from "./configuration/pipeline-file.ts";
import type { Placeholders } from "./configuration/placeholders.ts";
import { loadPipeline, openWorld, type Connection, type Logins, type World } from "./connect.ts";
import { judgeEvidence } from "./gate/rules.ts";
import { readHistory, type History } from "./history.ts";
import type { Job } from "./job.ts";
import { readRequest } from "./request.ts";
import { releasePlaceholders } from "./prepared.ts";

/** What a single action works on when it takes its release from the file and the ledger. */
export type Outline = {
  world: World;
  pipeline: Pipeline & { defaultBranch: string };
  environment: EnvironmentSettings;
  history: History;
  release: Release;
  placeholders: Placeholders;
  /** What the environment before says of it; undefined where there is none. */
  evidence: Finding | undefined;
};

/**
 * Finds the release that a single action means: the version that is given, else what the environment before runs,
 * else what this one runs. Evidence is asked here too: a single action is no way round the gate's first question.
 * @throws Fault RA1001, RA1203, RA1205
 */
export async function outlineOf(
  connection: Connection,
  inputs: Logins & { environment?: string; version?: string; config?: string },
  job: Job,
  progress?: (bytes: number) => void,
): Promise<Outline> {
  const pipeline = await loadPipeline(connection, inputs.config ?? "");
  const world = openWorld(connection, inputs, pipeline, "leave", progress);
  const request = readRequest({ ...inputs, action: "release" }, job);
  const environment = environmentOf(pipeline, request.environment);
  const history = await readHistory(world, pipeline, environment, request.run.id);
  const candidate = await findCandidate(world, pipeline, environment, request, history);
  const evidence = judgeEvidence({ pipeline, environment, request, history, candidate });
  if (evidence !== undefined && !evidence.holds)
    throw new Fault(evidence.code ?? "RA1203", {
      saw: evidence.saw,
      ...(evidence.next ? { next: evidence.next } : {}),
    });
  const release =
    candidate.release ??
    (request.version === undefined ? runningRelease(history.current) : undefined);
  if (release === undefined) {
    const wrong =
      candidate.version !== undefined && "wrong" in candidate.version
        ? candidate.version.wrong
        : undefined;
    if (wrong)
      throw new Fault("RA1302", {
        saw: `${JSON.stringify(candidate.given)} is not a release of the scheme ${schemeOf(pipeline.tag?.scheme ?? "semver").name}: ${wrong}`,
      });
    if (candidate.ambiguous?.length)
      throw new Fault("RA1210", {
        saw: `the registry has several images of the commit that could be meant by ${candidate.ambiguous.join("; ")}`,
      });
    if (candidate.missing.length > 0)
      throw new Fault("RA1206", { saw: `the registry has no ${candidate.missing.join(", ")}` });
    throw new Fault("RA1205", {
      saw: `nothing says which version of ${pipeline.product} is meant`,
    });
  }
  return {
    world,
    pipeline,
    environment,
    history,
    release,
    placeholders: releasePlaceholders(pipeline.product, environment, release),
    evidence,
  };
}
