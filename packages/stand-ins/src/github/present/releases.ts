import type { Asset, Release } from "../records.ts";
import type { Repository, World } from "../world.ts";
import { iso, isoOrNull, type Links } from "./links.ts";
import { presentPerson, type Json } from "./people.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

export function presentRelease(
  world: World,
  repository: Repository,
  release: Release,
  links: Links,
): Json {
  const url = repositoryUrl(repository, links);
  const tag = encodeURIComponent(release.tag);
  const uploads = `${links.uploads}/repos/${repository.fullName}/releases/${release.id}/assets{?name,label}`;
  return {
    url: `${url}/releases/${release.id}`,
    assets_url: `${url}/releases/${release.id}/assets`,
    upload_url: uploads,
    html_url: releasePage(repository, release, links),
    id: release.id,
    author: presentPerson(world, release.author, links),
    node_id: release.nodeId,
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    draft: release.draft,
    immutable: false,
    prerelease: release.prerelease,
    created_at: iso(release.createdAt),
    updated_at: iso(release.updatedAt),
    published_at: isoOrNull(release.publishedAt),
    assets: release.assets.map((asset) => presentAsset(world, repository, release, asset, links)),
    tarball_url: release.draft ? null : `${url}/tarball/${tag}`,
    zipball_url: release.draft ? null : `${url}/zipball/${tag}`,
    body: release.body,
  };
}

/** Drafts live under a tag that nobody knows yet. */
export function releasePage(repository: Repository, release: Release, links: Links): string {
  const tag = release.draft
    ? `untagged-${release.nodeId.slice(-12)}`
    : encodeURIComponent(release.tag);
  return `${repositoryPage(repository, links)}/releases/tag/${tag}`;
}

export function presentAsset(
  world: World,
  repository: Repository,
  release: Release,
  asset: Asset,
  links: Links,
): Json {
  const name = encodeURIComponent(asset.name);
  return {
    url: `${repositoryUrl(repository, links)}/releases/assets/${asset.id}`,
    id: asset.id,
    node_id: asset.nodeId,
    name: asset.name,
    label: asset.label,
    uploader: presentPerson(world, asset.uploader, links),
    content_type: asset.contentType,
    state: asset.state,
    size: asset.content.length,
    digest: asset.digest,
    download_count: 0,
    created_at: iso(asset.createdAt),
    updated_at: iso(asset.updatedAt),
    browser_download_url:
      releasePage(repository, release, links).replace("/releases/tag/", "/releases/download/") +
      `/${name}`,
  };
}
