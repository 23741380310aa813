import type { Finding } from "@release-actions/codes";
import { markdownCode, markdownText } from "@release-actions/markdown";
import type { SentRequest } from "@release-actions/net";
import type { PromotedImage } from "../promoted-images.ts";
import { amount } from "./copy-progress.ts";
import { findingTable, lines, reasonLines } from "./summaries.ts";

/** What got which tag, what came along, what it cost, and the way back. `findings`: one that does not hold is where it stopped. */
export function promotionSummary(about: {
  images: PromotedImage[];
  changed: boolean;
  sent: readonly SentRequest[];
  findings: Finding[];
}): string {
  const { images, changed, sent, findings } = about;
  const open = findings.filter(({ holds }) => !holds);
  const title =
    open.length > 0
      ? "Only some tags were given"
      : changed
        ? "Images promoted"
        : "Nothing was left to do: every tag has its digest";
  return lines(
    `### ${title}`,
    "",
    ...reasonLines(open),
    "| Image | Digest | Tags | Platforms | Came along |",
    "| --- | --- | --- | --- | --- |",
    ...images.map(
      ({ image, digest, tags, platforms, carried }) =>
        `| ${markdownText(image)} | ${markdownCode(digest)} | ${tags.map(markdownCode).join(", ")} | ${platforms.map(markdownText).join(", ")} | ${carriedText(carried)} |`,
    ),
    "",
    `${copied(images)}${requests(sent)}`,
    "",
    ...leftAlone(images),
    ...wayBack(images),
  );
}

/** What stood against it, all reasons at once; nothing was written. */
export function refusedPromotionSummary(findings: Finding[]): string {
  return lines(
    "### No image was promoted. Nothing was written.",
    "",
    ...reasonLines(findings.filter(({ holds }) => !holds)),
    ...findingTable(findings),
  );
}

const longestKind = 100;

/** Kinds with their number: `application/spdx+json, 2 × application/vnd.dev.cosign…`. */
function carriedText(carried: PromotedImage["carried"]): string {
  const kinds = new Map<string, number>();
  for (const { artifactType } of carried) {
    const kind = artifactType.slice(0, longestKind).toWellFormed();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds]
    .map(([kind, count]) => `${count > 1 ? `${count} × ` : ""}${markdownCode(kind)}`)
    .join(", ");
}

function copied(images: PromotedImage[]): string {
  const sum = (of: (image: PromotedImage) => number): number =>
    images.reduce((total, image) => total + of(image), 0);
  const mounted = sum((image) => image.mounted);
  const uploaded = sum((image) => image.uploaded);
  if (mounted + uploaded === 0) return "No layer was moved. ";
  return `${mounted} ${mounted === 1 ? "blob was" : "blobs were"} mounted, ${uploaded} copied (${amount(sum((image) => image.bytes))}). `;
}

/** Tags of signatures that the target has with another content. */
function leftAlone(images: PromotedImage[]): string[] {
  return images.flatMap(({ image, left }) =>
    left.length === 0
      ? []
      : [
          `**Left alone:** ${markdownText(image)} has ${left.map(markdownCode).join(", ")} with another content.`,
          "",
        ],
  );
}

/** All requests, to whichever system, by what they ask for. */
function requests(sent: readonly SentRequest[]): string {
  const kinds = new Map<string, number>();
  for (const request of sent) {
    const kind = kindOf(request);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const parts = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `${sent.length} ${sent.length === 1 ? "request" : "requests"}${parts === "" ? "" : `: ${parts}`}.`;
}

function kindOf({ method, url }: SentRequest): string {
  const { pathname } = new URL(url);
  const part = /^\/v2\/.+\/(manifests|blobs|referrers|tags)\//.exec(pathname)?.[1];
  if (part === "blobs")
    return /\/blobs\/uploads\//.test(pathname) ? `${method} upload` : `${method} blob`;
  if (part !== undefined) return `${method} ${part.replace(/s$/, "")}`;
  return /^\/v2\/?$/.test(pathname) || /token|auth/.test(pathname)
    ? "token"
    : `${method} elsewhere`;
}

function wayBack(images: PromotedImage[]): string[] {
  const rows = images.flatMap(({ image, displaced }) =>
    Object.entries(displaced).map(
      ([tag, digest]) =>
        `| ${markdownText(image)} | ${markdownCode(tag)} | ${markdownCode(`${image}@${digest} -> ${image}`)} |`,
    ),
  );
  if (rows.length === 0) return [];
  return [
    "**Back:** run this action again with one of these lines as `images`, and its tag as `image-tags`.",
    "",
    "| Image | Tag | What it had |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ];
}
