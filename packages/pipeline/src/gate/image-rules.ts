import { Fault, type Finding } from "@release-actions/codes";
import { runningRelease, type Component, type Release } from "@release-actions/ledger";
import { parseReference, type ImageLabels, type Registry } from "@release-actions/registry";
import { schemeOf } from "@release-actions/versions";
import { readVersion, type Candidate } from "../candidate.ts";
import type { EnvironmentSettings, Pipeline } from "../configuration/pipeline-file.ts";
import type { History } from "../history.ts";
import { isCommit } from "../image-of-commit.ts";
import type { Request } from "../request.ts";
import { shortDigest } from "../report/sentences.ts";

/** What the registry says about the images of a release and of the one that it takes the place of. */
export type ImageFacts = {
  /** Of the release's images; asked only where releases enter. */
  labels: { component: Component; says: ImageLabels | undefined }[];
  /** Parts that a pull of the release that runs would miss, by component; undefined where nothing runs. */
  back?: { version: string; missing: string[] };
  /** Why the registry could not be asked. */
  unasked?: string;
};

type About = {
  environment: EnvironmentSettings;
  request: Request;
  history: History;
};

/** Asks the registry: what the new images say they are, and whether the one that runs could be brought back. Releases only. */
export async function readImageFacts(
  registry: Registry,
  { environment, request, history }: About,
  release: Release | undefined,
): Promise<ImageFacts> {
  const running = runningRelease(history.current);
  if (request.action !== "release") return { labels: [] };
  const entering = environment.from === undefined ? (release?.components ?? []) : [];
  try {
    const [labels, missing] = await Promise.all([
      Promise.all(
        entering.map(async (component) => ({
          component,
          says: await registry.labels(imageOf(component)),
        })),
      ),
      Promise.all((running?.components ?? []).map((component) => missingOf(registry, component))),
    ]);
    return {
      labels,
      ...(running === undefined
        ? {}
        : { back: { version: running.version, missing: missing.flat() } }),
    };
  } catch (error) {
    // A job that only decides may have no login: the one that writes has it, and asks again.
    if (!(error instanceof Fault) || error.code !== "RA2004") throw error;
    return { labels: [], unasked: error.saw };
  }
}

/** Do the images say that they are this version, of this commit? What they do not say is not held against them. */
export function judgeLabels(
  pipeline: Pick<Pipeline, "tag">,
  candidate: Pick<Candidate, "release">,
  facts: ImageFacts | undefined,
): Finding | undefined {
  const rule = "labels";
  const { release } = candidate;
  if (release === undefined || facts === undefined || facts.labels.length === 0) return undefined;
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const wrong: string[] = [];
  const said: string[] = [];
  for (const { component, says } of facts.labels) {
    const commit = component.commit ?? release.commit;
    if (says?.version !== undefined) {
      // A build of a branch calls its image `main`: that is no version, and so no other version.
      const version = readVersion(scheme, says.version);
      if (!("wrong" in version) && version.text !== release.version)
        wrong.push(
          `${component.name} says that it is ${version.text}, and the tag is ${release.version}`,
        );
      else if (!("wrong" in version)) said.push(`${component.name} is ${version.text}`);
    }
    if (says?.revision !== undefined && isCommit(says.revision)) {
      if (!commit.startsWith(says.revision))
        wrong.push(
          `${component.name} says that it was built from ${says.revision.slice(0, 7)}, and the tag is at ${commit.slice(0, 7)}`,
        );
      else said.push(`${component.name} was built from ${commit.slice(0, 7)}`);
    }
  }
  if (wrong.length > 0) return { rule, holds: false, code: "RA1208", saw: wrong.join("; ") };
  return {
    rule,
    holds: true,
    saw: said.length > 0 ? said.join("; ") : "no image says its version or its commit",
  };
}

/** Could the release that runs be brought back: are its manifests and blobs still there? */
export function judgeRollbackImage(facts: ImageFacts | undefined): Finding | undefined {
  const rule = "rollback-image";
  if (facts?.unasked !== undefined)
    return {
      rule,
      holds: false,
      warning: true,
      saw: `the registry could not be asked whether the release that runs could be brought back: ${facts.unasked}`,
      next: "Give this job `registry-username` and `registry-password` too; where the images are promoted it is asked again.",
    };
  if (facts?.back === undefined) return undefined;
  const { version, missing } = facts.back;
  if (missing.length === 0)
    return { rule, holds: true, saw: `${version}, which runs, is complete in the registry` };
  const more = missing.length > 5 ? `, and ${missing.length - 5} more` : "";
  return {
    rule,
    holds: false,
    code: "RA1209",
    saw: `${version}, which runs, could not be brought back: the registry lacks ${missing.slice(0, 5).join(", ")}${more}`,
  };
}

async function missingOf(registry: Registry, component: Component): Promise<string[]> {
  const missing = await registry.missing(imageOf(component));
  return missing.map(({ kind, digest }) => `${kind} ${shortDigest(digest)} of ${component.name}`);
}

function imageOf({ image, digest }: Component) {
  const { host, repository } = parseReference(image);
  return { host, repository, digest };
}
