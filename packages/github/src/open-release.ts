import { createHash } from "node:crypto";
import { refuse } from "@release-actions/codes";
import type { Look } from "@release-actions/plan";
import type { GitHub } from "./client.ts";
import type { ReleasePublication } from "./releases.ts";

/** A release that GitHub has for a tag: its draft or the published one. */
export type FoundRelease = {
  id: number;
  draft: boolean;
  prerelease: boolean;
  url: string;
  name: string;
  body: string;
  assets: FoundAsset[];
};

/** `digest` and `state` are known only from the REST interface. */
export type FoundAsset = {
  id?: number;
  name: string;
  size: number;
  digest?: string;
  state?: string;
};

/** For the GraphQL selection of a release. */
export const releaseFields =
  "databaseId isDraft isPrerelease url name description releaseAssets(first: 100) { nodes { name size } }";

export type ReleaseNode = {
  databaseId: number | null;
  isDraft: boolean;
  isPrerelease: boolean;
  url: string;
  name: string | null;
  description: string | null;
  releaseAssets: { nodes: { name: string; size: number }[] };
};

export type RestRelease = {
  id: number;
  draft: boolean;
  prerelease: boolean;
  tag_name: string;
  html_url: string;
  upload_url: string;
  name: string | null;
  body?: string | null;
  assets: { id: number; name: string; size: number; state: string; digest?: string | null }[];
};

export const assetForm = "id name size state digest?";
export const releaseForm = `id draft prerelease tag_name html_url upload_url name? body? assets [${assetForm}]`;

export function foundRelease(node: ReleaseNode): FoundRelease {
  return {
    id: node.databaseId ?? 0,
    draft: node.isDraft,
    prerelease: node.isPrerelease,
    url: node.url,
    name: node.name ?? "",
    body: node.description ?? "",
    assets: node.releaseAssets.nodes.map(({ name, size }) => ({ name, size })),
  };
}

/** The one release of a tag, as the steps of one run know it. */
export type OpenRelease = {
  github: GitHub;
  wanted: ReleasePublication;
  marked: string;
  mark: string;
  known(): FoundRelease;
  /** Where assets go. */
  uploadUrl(): string;
  /** The release of the tag: what is known, or what GitHub says. Foreign drafts and moved tags are refusals. */
  find(): Promise<Look<FoundRelease>>;
  /** The known release, read anew where a write's outcome is unknown, with digests. */
  current(): Promise<FoundRelease>;
  keep(release: RestRelease): FoundRelease;
  writing<T>(write: () => Promise<T>): Promise<T>;
};

export function openRelease(
  github: GitHub,
  wanted: ReleasePublication,
  marked: string,
): OpenRelease {
  let held: FoundRelease | undefined;
  let upload: string | undefined;
  let trusted = false;
  let { seen } = wanted;
  const mark = marker(wanted.key);

  const release: OpenRelease = {
    github,
    wanted,
    marked,
    mark,
    known: () => {
      if (held === undefined)
        throw new Error("the release is asked for before it was found or made");
      return held;
    },
    uploadUrl: () => {
      if (upload === undefined) throw new Error("the release was not read over REST");
      return upload;
    },
    find: async () => {
      if (held !== undefined && trusted) return { state: "done", value: held };
      const there = seen ?? (await findByTag(github, wanted.tag));
      seen = undefined;
      if (there.commit !== wanted.commit) {
        const saw = `The tag ${wanted.tag} ${there.commit === undefined ? "does not exist" : `points to ${there.commit}`}, the release is of ${wanted.commit}.`;
        return { state: "refused", refusal: refuse("RA6003", saw) };
      }
      if (there.release === null) return { state: "todo" };
      if (!there.release.draft) {
        held = there.release;
        trusted = true;
        return { state: "done", value: held };
      }
      if (!there.release.body.includes(mark)) {
        // GraphQL shows one draft of a tag; ours may be another one.
        const [own] = await listOwn(release);
        if (own === undefined)
          return {
            state: "refused",
            refusal: refuse(
              "RA6002",
              `The draft ${there.release.url} is of the tag ${wanted.tag}.`,
            ),
          };
        return { state: "done", value: release.keep(own) };
      }
      return { state: "done", value: release.keep(await readById(github, there.release.id)) };
    },
    current: async () =>
      trusted ? release.known() : release.keep(await readById(github, release.known().id)),
    keep: (answer) => {
      held = {
        id: answer.id,
        draft: answer.draft,
        prerelease: answer.prerelease,
        url: answer.html_url,
        name: answer.name ?? "",
        body: answer.body ?? "",
        assets: answer.assets.map(({ id, name, size, state, digest }) => ({
          id,
          name,
          size,
          state,
          ...(digest ? { digest } : {}),
        })),
      };
      upload = answer.upload_url;
      trusted = true;
      return held;
    },
    writing: async (write) => {
      trusted = false;
      const value = await write();
      trusted = true;
      return value;
    },
  };
  return release;
}

/** Start of the comment that tells whose a release is. */
export function marker(key: string): string {
  return `<!-- release-actions ${createHash("sha256").update(key).digest("hex")}`;
}

/** GraphQL finds a draft by the tag it waits for; REST would not. */
async function findByTag(
  github: GitHub,
  tag: string,
): Promise<NonNullable<ReleasePublication["seen"]>> {
  type Answer = {
    repository: {
      tag: { target: { oid: string; target?: { oid: string } } | null } | null;
      release: ReleaseNode | null;
    } | null;
  };
  const { repository } = await github.query<Answer>(
    `query release($owner: String!, $name: String!, $ref: String!, $tag: String!) {
      repository(owner: $owner, name: $name) {
        tag: ref(qualifiedName: $ref) { target { oid ... on Tag { target { oid } } } }
        release(tagName: $tag) { ${releaseFields} }
      }
    }`,
    { owner: github.repository.owner, name: github.repository.name, ref: `refs/tags/${tag}`, tag },
  );
  const target = repository?.tag?.target;
  return {
    commit: target?.target?.oid ?? target?.oid,
    release: repository?.release ? foundRelease(repository.release) : null,
  };
}

function readById(github: GitHub, id: number): Promise<RestRelease> {
  return github.rest<RestRelease>(
    "GET /repos/{owner}/{repo}/releases/{release_id}",
    {
      release_id: id,
    },
    releaseForm,
  );
}

/** Our drafts of this tag, lowest id first; drafts are among the newest releases. */
export async function listOwn({ github, wanted, mark }: OpenRelease): Promise<RestRelease[]> {
  const listed = await github.rest<RestRelease[]>(
    "GET /repos/{owner}/{repo}/releases",
    {
      per_page: 100,
    },
    `[${releaseForm}]`,
  );
  return listed
    .filter((one) => one.draft && one.tag_name === wanted.tag && (one.body ?? "").includes(mark))
    .toSorted((a, b) => a.id - b.id);
}
