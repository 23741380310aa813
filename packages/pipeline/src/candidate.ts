import { Fault, type Finding } from "@release-actions/codes";
import { readTagFacts, type TagFacts } from "@release-actions/github";
import {
  lastPass,
  releaseBefore,
  runningRelease,
  type Action,
  type Component,
  type Release,
  type VersionRecord,
} from "@release-actions/ledger";
import { formatReference, parseReference } from "@release-actions/registry";
import { schemeOf, type Scheme, type Version } from "@release-actions/versions";
import type { EnvironmentSettings, Pipeline } from "./configuration/pipeline-file.ts";
import { fillTag } from "./configuration/tag-template.ts";
import type { World } from "./connect.ts";
import { imagesOfCommit } from "./image-of-commit.ts";
import { releaseBranches } from "./release-branches.ts";
import {
  asksForTag,
  branchToTag,
  commitOfComponent,
  readRepositoryTags,
  type RepositoryTag,
  type TagQuestion,
} from "./release-tags.ts";
import { issueLabelsOf, readGateFacts, type GateFacts } from "./gate/gate-facts.ts";
import { readVersions, type History } from "./history.ts";
import type { Request } from "./request.ts";
import { recordedDoi } from "./deposit.ts";
import { shortDigest } from "./report/sentences.ts";

/** What a run is about to release, as far as it can be known, and everything that GitHub says about it. */
export type Candidate = {
  /** As people gave it, or as the ledger has it. */
  given: string | undefined;
  version: Version | { wrong: string } | undefined;
  facts: TagFacts | undefined;
  branches: string[];
  /** Complete only when every component's digest is known. */
  release: Release | undefined;
  /** Components whose image the registry does not have, by the name that was asked for. */
  missing: string[];
  /** Components of whose commit the registry has several images, with what was asked for. */
  ambiguous?: string[];
  record: VersionRecord | undefined;
  /** What the rules about people and the release issue look at; undefined where there is no version to judge. */
  gate?: GateFacts;
  /** The tag in every repository of the product; asked for only where releases enter. */
  tags?: RepositoryTag[];
  /** The DOI that is reserved for the version; asked for only where releases enter and files have to name it. */
  doi?: string;
};

/**
 * Finds the release that the request means; writes nothing. A version without a tag is a candidate where the tags are made
 * (`world.sources`): its commit is then the head of the release branch.
 */
export async function findCandidate(
  world: World,
  pipeline: Pipeline & { defaultBranch: string },
  environment: EnvironmentSettings,
  request: Request,
  history: History,
  imageTag?: string,
): Promise<Candidate> {
  const scheme = schemeOf(pipeline.tag?.scheme ?? "semver", pipeline.tag?.prefix ?? "");
  const known =
    request.version === undefined ? fromLedger(environment, request, history) : undefined;
  const given = request.version ?? known?.tag;
  if (given === undefined)
    return {
      given,
      version: undefined,
      facts: undefined,
      branches: [],
      release: undefined,
      missing: [],
      record: undefined,
    };
  const version = readVersion(scheme, given);
  if ("wrong" in version)
    return {
      given,
      version,
      facts: undefined,
      branches: [],
      release: undefined,
      missing: [],
      record: undefined,
    };

  const branches = await releaseBranches(world, pipeline);
  const wants = rulesOf(environment, request);
  const tested = testedIn(environment, request);
  const issueLabels = issueLabelsOf(pipeline, environment, request);
  const entering = environment.from === undefined && request.action === "release";
  const ask = {
    tag: version.tag,
    branches,
    checks: wants.statusChecks.length > 0,
    ...(issueLabels === undefined ? {} : { issueLabels }),
    files: [...(pipeline.tag?.manifests ?? []), ...(pipeline.zenodo?.["write-to"] ?? [])],
  };
  const namesDoi = entering && (pipeline.zenodo?.["write-to"] ?? []).length > 0;
  const [found, [record], deposit] = await Promise.all([
    readTagFacts(world.github, ask),
    readVersions(world, pipeline, [version.text]),
    namesDoi ? recordedDoi(world, pipeline, version.text) : undefined,
  ]);
  const { sources } = world;
  const branch = branchToTag(branches, pipeline.defaultBranch);
  const planned =
    found.commit === undefined &&
    entering &&
    branch !== undefined &&
    sources.missingTags !== "leave" &&
    asksForTag(world);
  // The head that is read here is the commit that gets the tag.
  const facts = planned
    ? await readTagFacts(world.github, { ...ask, ref: `refs/heads/${branch}` })
    : found;
  const about = { pipeline, environment, request, history, version, facts, record, tested };
  const gate = await readGateFacts(world.github, about);
  const base = {
    given,
    version,
    facts,
    branches,
    record,
    gate,
    ...(deposit === undefined ? {} : { doi: deposit.doi }),
  };
  if (facts.commit === undefined) return { ...base, release: undefined, missing: [] };

  // Later environments take what was tested, by its digest; only the first one asks the registry what the build pushed.
  if (tested !== undefined)
    return { ...base, release: lastPass(record, tested)?.release, missing: [] };
  const on = branches.find((one) => facts.onBranch[one]);
  const own: TagQuestion["own"] = {
    state: planned ? "planned" : "there",
    commit: facts.commit,
    branches,
    ...(on === undefined ? {} : { branch: on }),
  };
  const tags = await readRepositoryTags(world, {
    pipeline,
    version,
    own,
    record,
    current: history.current,
    dryRun: request.dryRun,
  });
  const { components, missing, ambiguous } = await resolveComponents(
    world,
    pipeline,
    version,
    tags,
    imageTag,
  );
  return {
    ...base,
    tags,
    missing,
    ambiguous,
    release:
      missing.length + ambiguous.length > 0
        ? undefined
        : { version: version.text, tag: version.tag, commit: facts.commit, components },
  };
}

/** The rules of `gate:` for this action; `exceptions.<action>` lies over them for a rollback and a restore. */
export function rulesOf(environment: EnvironmentSettings, request: { action: Action }) {
  const gate = environment.gate;
  const isRelease = request.action === "release";
  const exception =
    request.action === "release" ? undefined : environment.exceptions?.[request.action];
  return {
    statusChecks: isRelease ? (gate?.["status-checks"] ?? []) : [],
    approvals: isRelease ? (gate?.approvals ?? []) : (exception?.approvals ?? []),
    runBy: exception?.["run-by"] ?? gate?.["run-by"] ?? [],
    wait: isRelease ? (gate?.wait ?? 0) : 0,
  };
}

/** A version as people write it: the tag itself, or the version alone. */
export function readVersion(scheme: Scheme, given: string): Version | { wrong: string } {
  const exact = scheme.parse(given);
  if (!("wrong" in exact)) return exact;
  const start = /^(.*?)(?:\d|$)/.exec(scheme.example)?.[1] ?? "";
  const completed = start === "" || given.startsWith(start) ? exact : scheme.parse(start + given);
  return "wrong" in completed ? exact : completed;
}

/** The environment whose passes count: for a rollback and a restore its own, else the one that it takes releases from. */
export function testedIn(
  environment: EnvironmentSettings,
  request: Pick<Request, "action">,
): string | undefined {
  return request.action === "release" ? environment.from : environment.name;
}

function fromLedger(
  environment: EnvironmentSettings,
  request: Request,
  history: History,
): Release | undefined {
  if (request.action === "rollback") return releaseBefore(history.current);
  if (request.action === "restore") return runningRelease(history.current);
  return environment.from === undefined ? undefined : runningRelease(history.from);
}

async function resolveComponents(
  world: World,
  pipeline: Pipeline,
  version: Version,
  tags: RepositoryTag[],
  imageTag: string | undefined,
): Promise<{ components: Component[]; missing: string[]; ambiguous: string[] }> {
  const found = await Promise.all(
    pipeline.components.map(async (component) => {
      const source = commitOfComponent(tags, component);
      const { commit } = source;
      if (commit === undefined) {
        const asked = `${component.image} of the commit that is ${version.tag} in ${component.repository ?? "this repository"}`;
        return { component, source, asked, digests: [] };
      }
      const tag = fillTag(imageTag ?? component["image-tag"], {
        product: pipeline.product,
        version: version.text,
        tag: version.tag,
        commit,
        "short-sha": commit.slice(0, 7),
        component: component.name,
      });
      const reference = parseReference(`${component.image}:${tag}`);
      const digest = await world.registry.resolve(reference);
      const digests =
        digest === undefined ? await imagesOfCommit(world.registry, reference, commit) : [digest];
      return { component, source, asked: formatReference(reference), digests };
    }),
  );
  return {
    components: found.flatMap(({ component, source, digests: [digest, ...more] }) =>
      digest === undefined || more.length > 0
        ? []
        : [
            {
              name: component.name,
              image: component.image,
              digest,
              // In this repository the release's own commit says it.
              ...(source.repository === undefined ? {} : source),
            },
          ],
    ),
    missing: found.filter(({ digests }) => digests.length === 0).map(({ asked }) => asked),
    ambiguous: found
      .filter(({ digests }) => digests.length > 1)
      .map(({ asked, digests }) => `${asked}: ${digests.map(shortDigest).join(", ")}`),
  };
}

/** Waits for what may still come (a pending check, an image that is being built), then says how it stands. */
export async function waitWhilePending<T extends { findings: Finding[] }>(
  world: World,
  wait: number,
  look: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + wait;
  for (;;) {
    const seen = await look();
    const open = seen.findings.filter((finding) => !finding.holds && !finding.warning);
    const left = until - performance.now();
    if (open.length === 0 || open.some((finding) => !finding.pending) || left <= 0) return seen;
    world.job.say(`Waiting: ${open.map((finding) => finding.saw).join("; ")}`);
    await world.steps.sleep(Math.min(15_000, left));
  }
}

/** The component list of inputs: lines `name=image@digest`. @throws Fault RA1002 */
export function readImages(lines: string[]): Component[] {
  return lines.map((line) => {
    const split = line.indexOf("=");
    const reference = split > 0 ? parseReference(line.slice(split + 1).trim()) : undefined;
    if (!reference?.digest)
      throw new Fault("RA1002", {
        saw: `\`images\` has the line ${JSON.stringify(line.slice(0, 200))}; it takes name=image@sha256:…`,
      });
    return {
      name: line.slice(0, split).trim(),
      image: formatReference({ host: reference.host, repository: reference.repository }),
      digest: reference.digest,
    };
  });
}
