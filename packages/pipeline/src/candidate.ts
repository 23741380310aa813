import { Fault, type Finding } from "@release-actions/codes";
import { readBranches, readTagFacts, type TagFacts } from "@release-actions/github";
import {
  lastPass,
  releaseBefore,
  runningRelease,
  type Component,
  type Release,
  type VersionRecord,
} from "@release-actions/ledger";
import { formatReference, parseReference } from "@release-actions/registry";
import { schemeOf, type Scheme, type Version } from "@release-actions/versions";
import type { EnvironmentSettings, Pipeline } from "./configuration/pipeline-file.ts";
import { fill } from "./configuration/placeholders.ts";
import type { World } from "./connect.ts";
import { readVersions, type History } from "./history.ts";
import type { Request } from "./request.ts";

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
  record: VersionRecord | undefined;
};

/** Finds the release that the request means. Reads only. */
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
  const [facts, [record]] = await Promise.all([
    readTagFacts(world.github, {
      tag: version.tag,
      branches,
      checks: wants.statusChecks.length > 0,
      ...(wants.approvals.length > 0 ? { issueLabels: pipeline.issue.labels ?? ["release"] } : {}),
      files: pipeline.tag?.manifests ?? [],
    }),
    readVersions(world, pipeline, [version.text]),
  ]);
  const base = { given, version, facts, branches, record };
  if (facts.commit === undefined) return { ...base, release: undefined, missing: [] };

  // Later environments take what was tested, by its digest; only the first one asks the registry what the build pushed.
  const tested = testedIn(environment, request);
  if (tested !== undefined)
    return { ...base, release: lastPass(record, tested)?.release, missing: [] };
  const { components, missing } = await resolveComponents(
    world,
    pipeline,
    version,
    facts.commit,
    imageTag,
  );
  return {
    ...base,
    missing,
    release:
      missing.length > 0
        ? undefined
        : { version: version.text, tag: version.tag, commit: facts.commit, components },
  };
}

/** The rules of `gate:` for this action; `exceptions.rollback` lies over them for a rollback. */
export function rulesOf(
  environment: EnvironmentSettings,
  request: { action: "release" | "rollback" },
) {
  const gate = environment.gate;
  const rollback = request.action === "rollback" ? environment.exceptions?.rollback : undefined;
  const isRollback = request.action === "rollback";
  return {
    statusChecks: isRollback ? [] : (gate?.["status-checks"] ?? []),
    approvals: isRollback ? (rollback?.approvals ?? []) : (gate?.approvals ?? []),
    runBy: rollback?.["run-by"] ?? gate?.["run-by"] ?? [],
    wait: isRollback ? 0 : (gate?.wait ?? 0),
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

/** The branches that `tag.branch` names; globs are compared with the branches that exist. */
export async function releaseBranches(
  world: Pick<World, "github">,
  pipeline: { defaultBranch: string; tag?: { branch?: string[] | undefined } | undefined },
): Promise<string[]> {
  const wanted = pipeline.tag?.branch ?? [];
  if (wanted.length === 0) return [pipeline.defaultBranch];
  if (wanted.every((glob) => !/[*?]/.test(glob))) return wanted;
  const existing = await readBranches(world.github);
  return existing.filter((branch) => wanted.some((glob) => globMatches(glob, branch))).slice(0, 20);
}

/** `*` stands for anything but `/`, `**` for anything, `?` for one character. */
export function globMatches(glob: string, text: string): boolean {
  const pattern = glob.replaceAll(/\*\*|\*|\?|[\\^$.|+()[\]{}]/g, (part) =>
    part === "**" ? ".*" : part === "*" ? "[^/]*" : part === "?" ? "[^/]" : `\\${part}`,
  );
  return new RegExp(`^${pattern}$`, "u").test(text);
}

/** The environment whose passes count: for a rollback its own, else the one that it takes releases from. */
export function testedIn(
  environment: EnvironmentSettings,
  request: Pick<Request, "action">,
): string | undefined {
  return request.action === "rollback" ? environment.name : environment.from;
}

function fromLedger(
  environment: EnvironmentSettings,
  request: Request,
  history: History,
): Release | undefined {
  if (request.action === "rollback") return releaseBefore(history.current);
  return environment.from === undefined ? undefined : runningRelease(history.from);
}

async function resolveComponents(
  world: World,
  pipeline: Pipeline,
  version: Version,
  commit: string,
  imageTag: string | undefined,
): Promise<{ components: Component[]; missing: string[] }> {
  const found = await Promise.all(
    pipeline.components.map(async (component) => {
      const tag = fill(imageTag ?? component["image-tag"], {
        product: pipeline.product,
        version: version.text,
        tag: version.tag,
        commit,
        "short-sha": commit.slice(0, 7),
        component: component.name,
      });
      const reference = parseReference(`${component.image}:${tag}`);
      return { component, reference, digest: await world.registry.resolve(reference) };
    }),
  );
  return {
    components: found.flatMap(({ component, digest }) =>
      digest === undefined ? [] : [{ name: component.name, image: component.image, digest }],
    ),
    missing: found
      .filter(({ digest }) => digest === undefined)
      .map(({ reference }) => formatReference(reference)),
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
