import { createHash } from "node:crypto";
import { Fault, refuse, type Finding } from "@release-actions/codes";
import type { Step } from "@release-actions/plan";
import type { GitHub } from "./client.ts";
import {
  listOwn,
  marker,
  openRelease,
  type FoundAsset,
  type FoundRelease,
  type OpenRelease,
  assetForm,
  releaseForm,
  type RestRelease,
} from "./open-release.ts";

export type ReleaseAsset = { name: string; mediaType: string; bytes: Buffer };

export type ReleasePublication = {
  tag: string;
  /** The released commit; the tag must point to it. */
  commit: string;
  name: string;
  body: string;
  assets: readonly ReleaseAsset[];
  /** Whether GitHub is to show it as the latest; never so for a prerelease. */
  latest: boolean;
  prerelease: boolean;
  /** The natural key, kept as a hash in a comment of the body: a release without it is somebody else's. */
  key: string;
  /** What readReleaseFacts saw a moment ago: saves the first look. `release: null` = there was none. */
  seen?: { release: FoundRelease | null; commit: string | undefined };
};

/** What was published. `findings` names what differs where the release was published before. */
export type PublishedRelease = { id: number; url: string; findings: Finding[] };

const longestBody = 125_000;
const sums = "SHA256SUMS";

/**
 * The steps to a published release, in order; the last one's value is the result. Without assets it is one request;
 * with assets a draft is made, each asset sent, SHA256SUMS with them, and publication comes last. A published release
 * is never touched: what differs is a finding.
 * @throws Fault RA6005, RA6007 at once; the steps throw RA50xx, RA6009, RA8002
 */
export function publicationSteps(
  github: GitHub,
  wanted: ReleasePublication,
): { steps: Step<unknown>[]; result(): PublishedRelease } {
  checkNames(wanted.assets);
  const assets = wanted.assets.length > 0 ? [...wanted.assets, sumsOf(wanted.assets)] : [];
  const marked = markedBody(wanted, assets);
  if (marked.length > longestBody)
    throw new Fault("RA6007", { saw: `the notes have ${marked.length} characters` });
  const release = openRelease(github, wanted, marked);
  const last = publishStep(release, assets);
  const steps =
    assets.length === 0
      ? [last]
      : [draftStep(release), ...assets.map((asset) => assetStep(release, asset)), last];
  return {
    steps,
    result: () => {
      const { id, url } = release.known();
      return { id, url, findings: release.known().draft ? [] : differences(release, assets) };
    },
  };
}

/** Makes the draft. GitHub keeps drafts apart by nothing: ours is told by the mark in its body, and the lowest id stays. */
function draftStep(release: OpenRelease): Step<FoundRelease> {
  const { github, wanted } = release;
  return {
    key: `draft release ${wanted.tag} of ${wanted.key}`,
    title: `Draft the GitHub release ${wanted.tag}`,
    look: () => release.find(),
    act: () =>
      release.writing(async () =>
        release.keep(
          await github.rest<RestRelease>(
            "POST /repos/{owner}/{repo}/releases",
            {
              ...texts(release),
              draft: true,
            },
            releaseForm,
          ),
        ),
      ),
    settle: async (made) => {
      if (!release.known().draft) return { state: "done", value: release.known() };
      const listed = await listOwn(release);
      const [first, ...others] = listed;
      if (first === undefined || !listed.some(({ id }) => id === made.id))
        return { state: "unknown", saw: "GitHub does not list the draft yet" };
      for (const { id } of others)
        await github.send("DELETE /repos/{owner}/{repo}/releases/{release_id}", { release_id: id });
      return { state: "done", value: release.keep(first) };
    },
  };
}

/** Sends one asset, unless the draft has the same bytes. What a broken upload or another attempt left under its name goes first. */
function assetStep(release: OpenRelease, asset: ReleaseAsset): Step<string> {
  const { github, wanted } = release;
  const digest = digestOf(asset.bytes);
  return {
    key: `asset ${asset.name} of the release ${wanted.tag} of ${wanted.key}`,
    title: `Attach ${asset.name}`,
    look: async () => {
      const { assets, draft } = await release.current();
      // A published release is compared as a whole, by the last step.
      const done = !draft || assets.some((one) => holds(one, asset) && one.state === "uploaded");
      return done ? { state: "done", value: digest } : { state: "todo" };
    },
    act: async () => {
      const { id, assets } = release.known();
      const inTheWay = assets.find(({ name }) => name === asset.name)?.id;
      const stored = await release.writing(async () => {
        if (inTheWay !== undefined)
          await github.send("DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}", {
            asset_id: inTheWay,
          });
        return await github.upload<RestRelease["assets"][number]>(
          release.uploadUrl(),
          asset,
          assetForm,
        );
      });
      const others = assets.filter(({ name }) => name !== asset.name);
      const { id: assetId, name, size, state } = stored;
      release.known().assets = [
        ...others,
        { id: assetId, name, size, state, ...(stored.digest ? { digest: stored.digest } : {}) },
      ];
      if (!holds(stored, asset)) {
        throw new Fault("RA6009", {
          saw: `${asset.name} with ${digest} arrived in release ${id} as ${name} with ${String(stored.digest)}`,
        });
      }
      return digest;
    },
  };
}

/** Publishes: the last write, all at once. */
function publishStep(release: OpenRelease, assets: readonly ReleaseAsset[]): Step<FoundRelease> {
  const { github, wanted } = release;
  let found: FoundRelease | undefined;
  return {
    key: `release ${wanted.tag} of ${wanted.key}`,
    title: `Publish the GitHub release ${wanted.tag}`,
    oneWay: true,
    look: async () => {
      const look = await release.find();
      if (look.state !== "done") return look;
      found = look.value;
      if (!found.draft) return look;
      const wrong = assetProblem(found, assets);
      return wrong === undefined
        ? { state: "todo" }
        : { state: "refused", refusal: refuse("RA6004", wrong) };
    },
    act: () => {
      const publication = {
        ...texts(release),
        draft: false,
        make_latest: wanted.latest && !wanted.prerelease ? "true" : "false",
      };
      const sent =
        found === undefined
          ? () =>
              github.rest<RestRelease>(
                "POST /repos/{owner}/{repo}/releases",
                publication,
                releaseForm,
              )
          : () =>
              github.rest<RestRelease>(
                "PATCH /repos/{owner}/{repo}/releases/{release_id}",
                {
                  ...publication,
                  release_id: release.known().id,
                },
                releaseForm,
              );
      return release.writing(async () => release.keep(await sent()));
    },
  };
}

function texts({ wanted, marked }: OpenRelease): Record<string, unknown> {
  return {
    tag_name: wanted.tag,
    target_commitish: wanted.commit,
    name: wanted.name,
    body: marked,
    prerelease: wanted.prerelease,
  };
}

/** Same name and bytes; an older GHES has no digests, so there the size must do. */
function holds(
  there: Omit<FoundAsset, "digest"> & { digest?: string | null },
  asset: ReleaseAsset,
): boolean {
  const same = there.digest
    ? there.digest === digestOf(asset.bytes)
    : there.size === asset.bytes.length;
  return there.name === asset.name && same;
}

function assetProblem(
  { assets: there }: FoundRelease,
  assets: readonly ReleaseAsset[],
): string | undefined {
  const strange = there
    .filter(({ name }) => !assets.some((asset) => asset.name === name))
    .map(({ name }) => name);
  if (strange.length > 0)
    return `The draft holds ${strange.join(", ")}, which this release does not have.`;
  const missing = assets.filter((asset) => !there.some((one) => holds(one, asset)));
  return missing.length > 0
    ? `The draft lacks ${missing.map(({ name }) => name).join(", ")}.`
    : undefined;
}

/** What a published release has otherwise: its mark holds a hash of its text and its assets' checksums. */
function differences(
  { wanted, marked, mark, known }: OpenRelease,
  assets: readonly ReleaseAsset[],
): Finding[] {
  const { body, name, url, prerelease, assets: there } = known();
  const saw: string[] = [];
  if (!body.includes(mark)) saw.push("it was not published by this release's run");
  if (comparable(body) !== comparable(marked)) saw.push("its text is another");
  if (name !== wanted.name) saw.push("its name is another");
  if (prerelease !== wanted.prerelease)
    saw.push(prerelease ? "it is a prerelease" : "it is not a prerelease");
  const names = (list: readonly { name: string }[]): string =>
    list
      .map((one) => one.name)
      .toSorted()
      .join(", ");
  const isOther = assets.some(
    (asset) => !there.some((one) => one.name === asset.name && one.size === asset.bytes.length),
  );
  if (isOther || there.length !== assets.length)
    saw.push(`its assets are ${names(there) || "none"}, this release's ${names(assets) || "none"}`);
  if (saw.length === 0) return [];
  return [
    {
      rule: "release",
      holds: true,
      warning: true,
      code: "RA6008",
      saw: `${url} was published before, and ${saw.join("; ")}. It was not changed.`,
    },
  ];
}

/** GitHub stores line ends as it likes. */
function comparable(body: string): string {
  return body.replaceAll("\r\n", "\n").trim();
}

/** The body with our mark: the key's hash tells whose it is, the content's hash what belongs to it. */
function markedBody(
  { key, body, name }: ReleasePublication,
  assets: readonly ReleaseAsset[],
): string {
  const hash = createHash("sha256").update(
    JSON.stringify([name, body, assets.map((asset) => [asset.name, digestOf(asset.bytes)])]),
  );
  return `${body.trimEnd()}\n\n${marker(key)} ${hash.digest("hex")} -->\n`;
}

function sumsOf(assets: readonly ReleaseAsset[]): ReleaseAsset {
  const lines = assets.map(
    ({ name, bytes }) => `${digestOf(bytes).slice("sha256:".length)}  ${name}\n`,
  );
  return {
    name: sums,
    mediaType: "text/plain; charset=utf-8",
    bytes: Buffer.from(lines.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join("")),
  };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function checkNames(assets: readonly ReleaseAsset[]): void {
  const names = assets.map(({ name }) => name);
  const odd =
    names.find((name) => !/^[\w+@~-][\w.+@~-]{0,254}$/.test(name) || name === sums) ??
    names.find((name, index) => names.indexOf(name) < index);
  if (odd !== undefined)
    throw new Fault("RA6005", { saw: `an asset is named ${JSON.stringify(odd)}` });
  const empty = assets.find(({ bytes }) => bytes.length === 0);
  if (empty)
    throw new Fault("RA6005", {
      saw: `the asset ${empty.name} is empty, and GitHub takes no empty file`,
    });
}
