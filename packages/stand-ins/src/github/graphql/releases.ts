import { iso, isoOrNull } from "../present/links.ts";
import { releasePage } from "../present/releases.ts";
import type { Release } from "../records.ts";
import { latestRelease, listReleases } from "../releases.ts";
import { resolveCommit } from "../source.ts";
import { permits } from "../tokens.ts";
import { connection, ordered, type Connection, type Paging } from "./connection.ts";
import { mustRead, personShape, type Scope, type Shape } from "./scope.ts";
import { commitShape, refShape } from "./source.ts";

/** Published first, else a draft that waits for this tag: unlike REST, GraphQL finds drafts by their tag. */
export function releaseByTag(scope: Scope, tag: string): Shape | null {
  mustRead(scope, "contents");
  const found = visible(scope).filter((release) => release.tag === tag);
  const release = found.find((one) => !one.draft) ?? found[0];
  return release ? releaseShape(scope, release) : null;
}

export function releaseList(
  scope: Scope,
  args: Paging & { orderBy?: { field: string; direction: "ASC" | "DESC" } | null },
): Connection<Shape> {
  mustRead(scope, "contents");
  const sorted = ordered(visible(scope), args.orderBy, {
    CREATED_AT: (one) => one.id,
    NAME: (one) => one.name,
  });
  return connection("releases", args, sorted, (release) => releaseShape(scope, release));
}

/** Drafts show to those only who may write. */
function visible(scope: Scope): Release[] {
  const drafts = permits(scope.session, scope.repository, [
    { permission: "contents", level: "write" },
  ]);
  return listReleases(scope.repository).filter((release) => drafts || !release.draft);
}

export function releaseShape(scope: Scope, release: Release): Shape {
  const { repository, links } = scope;
  const page = releasePage(repository, release, links);
  const sha = resolveCommit(repository, `refs/tags/${release.tag}`);
  return {
    __typename: "Release",
    id: release.nodeId,
    databaseId: release.id,
    name: release.name,
    tagName: release.tag,
    tag: () => refShape(scope, `refs/tags/${release.tag}`),
    tagCommit: () => (sha ? commitShape(scope, sha) : null),
    description: release.body,
    isDraft: release.draft,
    isPrerelease: release.prerelease,
    isLatest: () => latestRelease(repository) === release,
    createdAt: iso(release.createdAt),
    updatedAt: iso(release.updatedAt),
    publishedAt: isoOrNull(release.publishedAt),
    url: page,
    author: () => personShape(scope, release.author),
    releaseAssets: (args: Paging & { name?: string | null }) =>
      connection(
        "releaseAssets",
        args,
        release.assets.filter((asset) => !args.name || asset.name === args.name),
        (asset) => ({
          __typename: "ReleaseAsset",
          id: asset.nodeId,
          name: asset.name,
          size: asset.content.length,
          contentType: asset.contentType,
          downloadCount: 0,
          downloadUrl: `${page.replace("/releases/tag/", "/releases/download/")}/${encodeURIComponent(asset.name)}`,
          url: `${page.replace("/releases/tag/", "/releases/download/")}/${encodeURIComponent(asset.name)}`,
          createdAt: iso(asset.createdAt),
          updatedAt: iso(asset.updatedAt),
        }),
      ),
  };
}
