import { createHash } from "node:crypto";
import { announce } from "./announce.ts";
import { presentRelease } from "./present/releases.ts";
import type { Asset, Release } from "./records.ts";
import { createRef, resolveCommit } from "./source.ts";
import { invalid, nodeId, Refused, type Actor, type Repository, type World } from "./world.ts";

export type ReleaseWish = {
  tag: string;
  target?: string;
  name?: string;
  body?: string;
  draft?: boolean;
  prerelease?: boolean;
  latest?: Release["latest"];
};

export function releaseOf(repository: Repository, id: number): Release {
  const release = repository.releases.find((one) => one.id === id);
  if (!release) throw new Refused(404, "Not Found");
  return release;
}

/** Drafts may share a tag, which is how a repeated request makes two; published releases may not. */
export function createRelease(
  world: World,
  repository: Repository,
  actor: Actor,
  wish: ReleaseWish,
): Release {
  if (wish.tag === "") throw invalid("Release", "tag_name", "missing_field");
  const draft = wish.draft ?? false;
  if (!draft && publishedWith(repository, wish.tag))
    throw invalid("Release", "tag_name", "already_exists");
  const id = world.nextId();
  const now = world.clock.now();
  const release: Release = {
    id,
    nodeId: nodeId("RE", id),
    tag: wish.tag,
    target: wish.target ?? repository.defaultBranch,
    name: wish.name ?? "",
    body: wish.body ?? "",
    draft,
    prerelease: wish.prerelease ?? false,
    latest: wish.latest ?? "true",
    author: actor.login,
    createdAt: now,
    updatedAt: now,
    assets: [],
  };
  if (!draft) publish(world, repository, actor, release);
  repository.releases.push(release);
  tellRelease(world, repository, actor, release, "created");
  if (!draft) tellPublished(world, repository, actor, release);
  return release;
}

export function editRelease(
  world: World,
  repository: Repository,
  actor: Actor,
  release: Release,
  wish: Partial<ReleaseWish>,
): void {
  const publishes = release.draft && wish.draft === false;
  const tag = wish.tag ?? release.tag;
  if (!(wish.draft ?? release.draft) && publishedWith(repository, tag, release)) {
    throw invalid("Release", "tag_name", "already_exists");
  }
  release.tag = tag;
  release.target = wish.target ?? release.target;
  release.name = wish.name ?? release.name;
  release.body = wish.body ?? release.body;
  release.prerelease = wish.prerelease ?? release.prerelease;
  release.latest = wish.latest ?? release.latest;
  release.updatedAt = world.clock.now();
  if (publishes) publish(world, repository, actor, release);
  release.draft = wish.draft ?? release.draft;
  if (publishes) tellPublished(world, repository, actor, release);
  else tellRelease(world, repository, actor, release, "edited");
}

export function deleteRelease(
  world: World,
  repository: Repository,
  actor: Actor,
  release: Release,
): void {
  repository.releases.splice(repository.releases.indexOf(release), 1);
  tellRelease(world, repository, actor, release, "deleted");
}

/** The release that GitHub shows as the latest: never a draft or prerelease. */
export function latestRelease(repository: Repository): Release | undefined {
  const candidates = repository.releases.filter((release) => !release.draft && !release.prerelease);
  const byTime = candidates
    .filter((release) => release.latest !== "false")
    .sort(
      (a, b) => (b.publishedAt?.getTime() ?? 0) - (a.publishedAt?.getTime() ?? 0) || b.id - a.id,
    );
  return byTime.find((release) => release.latest === "true") ?? byTime[0];
}

/** Newest first, drafts included: who may not see drafts has them filtered out by the caller. */
export function listReleases(repository: Repository): Release[] {
  return [...repository.releases].sort(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || b.id - a.id,
  );
}

export function addAsset(
  world: World,
  actor: Actor,
  release: Release,
  asset: { name: string; label?: string; contentType: string; content: Buffer },
): Asset {
  // GitHub puts dots where a name has characters that it does not take.
  const name = asset.name.replaceAll(/[^\w.+@~-]+/g, ".").replace(/^\.+(?=.)/, "default.");
  if (release.assets.some((one) => one.name === name)) {
    throw new Refused(422, "Validation Failed", {
      errors: [{ resource: "ReleaseAsset", code: "already_exists", field: "name" }],
    });
  }
  const id = world.nextId();
  const now = world.clock.now();
  const made: Asset = {
    id,
    nodeId: nodeId("RA", id),
    name,
    label: asset.label ?? "",
    contentType: asset.contentType,
    state: "uploaded",
    content: asset.content,
    digest: `sha256:${createHash("sha256").update(asset.content).digest("hex")}`,
    uploader: actor.login,
    createdAt: now,
    updatedAt: now,
  };
  release.assets.push(made);
  return made;
}

export function assetOf(repository: Repository, id: number): { release: Release; asset: Asset } {
  for (const release of repository.releases) {
    const asset = release.assets.find((one) => one.id === id);
    if (asset) return { release, asset };
  }
  throw new Refused(404, "Not Found");
}

function publishedWith(repository: Repository, tag: string, except?: Release): boolean {
  return repository.releases.some((one) => one !== except && !one.draft && one.tag === tag);
}

/** Makes the tag where there is none, at the release's target. */
function publish(world: World, repository: Repository, actor: Actor, release: Release): void {
  const ref = `refs/tags/${release.tag}`;
  if (!repository.refs.read(ref)) {
    const sha = resolveCommit(repository, release.target);
    if (!sha) throw invalid("Release", "target_commitish", "invalid");
    createRef(world, repository, actor, ref, sha);
  }
  release.publishedAt = world.clock.now();
}

function tellPublished(world: World, repository: Repository, actor: Actor, release: Release): void {
  tellRelease(world, repository, actor, release, "published");
  tellRelease(world, repository, actor, release, release.prerelease ? "prereleased" : "released");
}

function tellRelease(
  world: World,
  repository: Repository,
  actor: Actor,
  release: Release,
  action: string,
): void {
  const ref = `refs/tags/${release.tag}`;
  const sha = resolveCommit(repository, ref);
  announce(world, repository, actor, {
    event: "release",
    action,
    ...(sha && { ref, sha }),
    payload: { release: presentRelease(world, repository, release, world.links) },
  });
}
