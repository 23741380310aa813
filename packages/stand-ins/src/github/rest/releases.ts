import { ancestry } from "../git/commits.ts";
import { presentAsset, presentRelease } from "../present/releases.ts";
import { issuePage } from "../present/issues.ts";
import { repositoryPage } from "../present/repositories.ts";
import { pullsOfCommit, type PullRequest } from "../pulls.ts";
import type { Release } from "../records.ts";
import {
  addAsset,
  assetOf,
  createRelease,
  deleteRelease,
  editRelease,
  latestRelease,
  listReleases,
  releaseOf,
  type ReleaseWish,
} from "../releases.ts";
import { resolveCommit } from "../source.ts";
import { permits } from "../tokens.ts";
import { Refused } from "../world.ts";
import { flagIn, textIn } from "./fields.ts";
import { guardWorkflows } from "./git.ts";
import { page } from "./page.ts";
import { noContent, ok, route, type RepositoryCall, type Route } from "./route.ts";

export const releaseRoutes: Route[] = [
  route("GET /releases", "contents=read", (call) => {
    const { world, repository, links } = call;
    const visible = listReleases(repository).filter(
      (release) => !release.draft || seesDrafts(call),
    );
    return page(call, visible, (release) => presentRelease(world, repository, release, links));
  }),
  route("POST /releases", "contents=write", (call) => {
    const { world, repository, actor, body, links } = call;
    const wish = wishIn(body);
    guardTag(call, wish);
    const notes = flagIn(body, "generate_release_notes")
      ? generateNotes(call, wish.tag ?? "")
      : undefined;
    const release = createRelease(world, repository, actor, {
      ...wish,
      tag: wish.tag ?? "",
      ...(notes && { body: [wish.body, notes].filter(Boolean).join("\n\n") }),
    });
    return ok(presentRelease(world, repository, release, links), 201);
  }),
  route("POST /releases/generate-notes", "contents=write", (call) => {
    const tag = textIn(call.body, "tag_name") ?? "";
    return ok({ name: tag, body: generateNotes(call, tag) });
  }),
  route("GET /releases/latest", "contents=read", ({ world, repository, links }) => {
    const release = latestRelease(repository);
    if (!release) throw new Refused(404, "Not Found");
    return ok(presentRelease(world, repository, release, links));
  }),
  // Drafts are never found here, whoever asks: their tag is only a plan.
  route("GET /releases/tags/{tag}", "contents=read", ({ world, repository, path, links }) => {
    const release = repository.releases.find((one) => !one.draft && one.tag === path["tag"]);
    if (!release) throw new Refused(404, "Not Found");
    return ok(presentRelease(world, repository, release, links));
  }),
  route("GET /releases/{release_id}", "contents=read", (call) =>
    ok(presentRelease(call.world, call.repository, wanted(call), call.links)),
  ),
  route("PATCH /releases/{release_id}", "contents=write", (call) => {
    const { world, repository, actor, body, links } = call;
    const release = wanted(call);
    const wish = wishIn(body);
    if (wish.draft === false) guardTag(call, { tag: release.tag, target: release.target, ...wish });
    editRelease(world, repository, actor, release, wish);
    return ok(presentRelease(world, repository, release, links));
  }),
  route("DELETE /releases/{release_id}", "contents=write", (call) => {
    deleteRelease(call.world, call.repository, call.actor, wanted(call));
    return noContent;
  }),

  route("GET /releases/{release_id}/assets", "contents=read", (call) => {
    const { world, repository, links } = call;
    const release = wanted(call);
    return page(call, release.assets, (asset) =>
      presentAsset(world, repository, release, asset, links),
    );
  }),
  // Served on the uploads host only.
  route("POST /releases/{release_id}/assets", "contents=write", (call) => {
    const { world, repository, actor, query, headers, raw, links } = call;
    const release = wanted(call);
    const name = query.get("name") ?? "";
    if (name === "")
      throw new Refused(422, "Validation Failed", {
        errors: [{ resource: "ReleaseAsset", code: "missing_field", field: "name" }],
      });
    if (raw.length === 0) throw new Refused(400, "Bad Content-Length");
    const asset = addAsset(world, actor, release, {
      name,
      label: query.get("label") ?? "",
      contentType: headers["content-type"] ?? "application/octet-stream",
      content: raw,
    });
    return ok(presentAsset(world, repository, release, asset, links), 201);
  }),
  route("GET /releases/assets/{asset_id}", "contents=read", (call) => {
    const { world, repository, path, headers, links } = call;
    const { release, asset } = assetOf(repository, Number(path["asset_id"]));
    if (release.draft && !seesDrafts(call)) throw new Refused(404, "Not Found");
    if (headers["accept"]?.includes("application/octet-stream")) {
      return { status: 200, raw: asset.content, headers: { "content-type": asset.contentType } };
    }
    return ok(presentAsset(world, repository, release, asset, links));
  }),
  route(
    "PATCH /releases/assets/{asset_id}",
    "contents=write",
    ({ world, repository, path, body, links }) => {
      const { release, asset } = assetOf(repository, Number(path["asset_id"]));
      asset.name = textIn(body, "name") ?? asset.name;
      asset.label = textIn(body, "label") ?? asset.label;
      asset.updatedAt = world.clock.now();
      return ok(presentAsset(world, repository, release, asset, links));
    },
  ),
  route("DELETE /releases/assets/{asset_id}", "contents=write", ({ repository, path }) => {
    const { release, asset } = assetOf(repository, Number(path["asset_id"]));
    release.assets.splice(release.assets.indexOf(asset), 1);
    return noContent;
  }),
];

function seesDrafts({ session, repository }: RepositoryCall): boolean {
  return permits(session, repository, [{ permission: "contents", level: "write" }]);
}

function wanted(call: RepositoryCall): Release {
  const release = releaseOf(call.repository, Number(call.path["release_id"]));
  if (release.draft && !seesDrafts(call)) throw new Refused(404, "Not Found");
  return release;
}

function wishIn(body: Record<string, unknown>): Partial<ReleaseWish> {
  const [tag, target] = [textIn(body, "tag_name"), textIn(body, "target_commitish")];
  const [name, text] = [textIn(body, "name"), textIn(body, "body")];
  const [draft, prerelease] = [flagIn(body, "draft"), flagIn(body, "prerelease")];
  const latest = textIn(body, "make_latest");
  return {
    ...(tag !== undefined && { tag }),
    ...(target && { target }),
    ...(name !== undefined && { name }),
    ...(text !== undefined && { body: text }),
    ...(draft !== undefined && { draft }),
    ...(prerelease !== undefined && { prerelease }),
    ...((latest === "true" || latest === "false" || latest === "legacy") && { latest }),
  };
}

/** A release that makes its tag is held to the rule for tags. */
function guardTag(call: RepositoryCall, wish: Partial<ReleaseWish>): void {
  const { repository } = call;
  if (wish.draft || repository.refs.read(`refs/tags/${wish.tag}`)) return;
  const sha = resolveCommit(repository, wish.target ?? repository.defaultBranch);
  if (sha) guardWorkflows(call, `refs/tags/${wish.tag}`, sha);
}

function generateNotes(call: RepositoryCall, tag: string): string {
  const { repository, body, links } = call;
  const target =
    resolveCommit(repository, `refs/tags/${tag}`) ??
    resolveCommit(repository, textIn(body, "target_commitish") ?? repository.defaultBranch);
  const previous = textIn(body, "previous_tag_name") ?? latestRelease(repository)?.tag;
  const from = previous ? resolveCommit(repository, `refs/tags/${previous}`) : undefined;
  const old = new Set(from ? ancestry(repository.objects, from).map((commit) => commit.sha) : []);
  const commits = target
    ? ancestry(repository.objects, target).filter((commit) => !old.has(commit.sha))
    : [];
  const pulls = new Set<PullRequest>();
  for (const commit of commits)
    for (const pull of pullsOfCommit(repository, commit.sha)) pulls.add(pull);
  const lines = [...pulls].map(
    (pull) => `* ${pull.title} by @${pull.author} in ${issuePage(repository, pull, links)}`,
  );
  const url = repositoryPage(repository, links);
  const changelog = previous ? `${url}/compare/${previous}...${tag}` : `${url}/commits/${tag}`;
  return `${lines.length > 0 ? `## What's Changed\n${lines.join("\n")}\n\n\n` : ""}**Full Changelog**: ${changelog}`;
}
