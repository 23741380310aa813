import { Fault, refuse } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { statusOf, type GitHub } from "./client.ts";

/** A release's tag in one repository, and the branch that it would be made on. */
export type TagPlace = {
  /** The commit that the tag points to; undefined when there is no such tag. */
  commit: string | undefined;
  /** By branch: is the tagged commit on it? Undefined for a branch that does not exist. */
  onBranch: Record<string, boolean | undefined>;
  /** By branch: its newest commit. */
  heads: Record<string, string | undefined>;
};

type Target = { oid: string; target?: { oid: string } };
type Ref = { target: Target } & Record<string, { behindBy: number } | null>;

/** Where a tag is, and where branches end; one query. @throws Fault RA50xx */
export async function readTagPlace(
  github: GitHub,
  ask: { tag: string; branches: string[] },
): Promise<TagPlace> {
  const { branches } = ask;
  const { repository } = await github.query<{ repository: Record<string, Ref | null> | null }>(
    `query place($owner: String!, $name: String!, $tag: String!${branches.map((_, index) => `, $b${index}: String!`).join("")}) {
      repository(owner: $owner, name: $name) {
        tag: ref(qualifiedName: $tag) {
          target { oid ... on Tag { target { oid } } }
          ${branches.map((_, index) => `b${index}: compare(headRef: $b${index}) { behindBy }`).join("\n")}
        }
        ${branches.map((_, index) => `h${index}: ref(qualifiedName: $b${index}) { target { oid } }`).join("\n")}
      }
    }`,
    {
      owner: github.repository.owner,
      name: github.repository.name,
      tag: `refs/tags/${ask.tag}`,
      ...Object.fromEntries(branches.map((branch, index) => [`b${index}`, `refs/heads/${branch}`])),
    },
  );
  const tag = repository?.["tag"];
  return {
    commit: tag?.target.target?.oid ?? tag?.target.oid,
    onBranch: Object.fromEntries(
      branches.map((branch, index) => {
        const compared = tag?.[`b${index}`] as { behindBy: number } | null | undefined;
        return [branch, compared ? compared.behindBy === 0 : undefined];
      }),
    ),
    heads: Object.fromEntries(
      branches.map((branch, index) => [branch, repository?.[`h${index}`]?.target.oid]),
    ),
  };
}

/** Name of the default branch. Undefined: there is no such repository for this token. @throws Fault RA50xx */
export async function findDefaultBranch(github: GitHub): Promise<string | undefined> {
  try {
    const { repository } = await github.query<{
      repository: { defaultBranchRef: { name: string } | null } | null;
    }>(
      `query branch($owner: String!, $name: String!) {
        repository(owner: $owner, name: $name) { defaultBranchRef { name } }
      }`,
      { owner: github.repository.owner, name: github.repository.name },
    );
    return repository?.defaultBranchRef?.name;
  } catch (error) {
    if (error instanceof Fault && /could not resolve to a repository/i.test(error.saw))
      return undefined;
    throw error;
  }
}

/** No object of git has this name: it is the hash of nothing that git stores. */
const noObject = "1f0e2d3c4b5a69788796a5b4c3d2e1f001234567";

/**
 * May this token make a tag here? Asked by a request that can make nothing, since its object does not exist: no read says
 * what a token of a GitHub App may do. Undefined: it may. Else GitHub's sentence.
 * @throws Fault RA50xx for any other trouble
 */
export async function tagRefusal(github: GitHub, tag: string): Promise<string | undefined> {
  try {
    await github.send("POST /repos/{owner}/{repo}/git/refs", {
      ref: `refs/tags/${tag}`,
      sha: noObject,
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const status = statusOf(error.cause);
    if (status === 422) return undefined;
    if (error.code === "RA5005" || (status !== 403 && status !== 404)) throw error;
    return error.saw;
  }
  throw new Error("GitHub made a ref to an object that does not exist");
}

/** Makes a tag at a commit. One that is there already at another commit is refused: tags are never moved. */
export function tagStep(
  github: GitHub,
  wanted: { tag: string; commit: string },
): Step<{ commit: string }> {
  const { owner, name } = github.repository;
  const place = `${owner}/${name}`;
  const look = async (): Promise<Look<{ commit: string }>> => {
    const { commit } = await readTagPlace(github, { tag: wanted.tag, branches: [] });
    if (commit === undefined) return { state: "todo" };
    if (commit === wanted.commit) return { state: "done", value: { commit } };
    return {
      state: "refused",
      refusal: refuse(
        "RA1307",
        `the tag ${wanted.tag} of ${place} is at ${commit.slice(0, 7)}, and this release is of ${wanted.commit.slice(0, 7)}`,
      ),
    };
  };
  return {
    key: `refs/tags/${wanted.tag} of ${place}`,
    title: `Tag ${wanted.commit.slice(0, 7)} of ${place} as ${wanted.tag}`,
    look,
    act: async () => {
      try {
        await github.send("POST /repos/{owner}/{repo}/git/refs", {
          ref: `refs/tags/${wanted.tag}`,
          sha: wanted.commit,
        });
      } catch (error) {
        if (!(error instanceof Fault) || !/already exists/i.test(error.saw)) throw error;
        // Somebody was faster: what counts is where the tag is.
        const there = await look();
        if (there.state === "refused") throw new Fault(there.refusal.code, there.refusal);
        if (there.state !== "done") throw error;
      }
      return { commit: wanted.commit };
    },
  };
}
