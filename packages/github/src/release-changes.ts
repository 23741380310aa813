import { Fault } from "@release-actions/codes";
import type { GitHub } from "./client.ts";
import {
  foundRelease,
  releaseFields,
  type FoundRelease,
  type ReleaseNode,
} from "./open-release.ts";

/** What a release changed, and what GitHub holds of its tag already. */
export type ReleaseFacts = {
  repository: { owner: string; name: string };
  serverUrl: string;
  tag: string;
  previousTag: string | undefined;
  /** The commit that the tag points to; undefined when there is no such tag. */
  commit: string | undefined;
  /** Commits from the previous tag to this one. */
  commits: number;
  /** Merged pull requests of these commits, each once, by number. */
  pullRequests: ChangedBy[];
  /** Commits that came without a pull request, oldest first. */
  directCommits: { sha: string; headline: string }[];
  /** The release of this tag, published or draft; null when there is none. For publicationSteps. */
  release: FoundRelease | null;
  /** Tag of the release that GitHub shows as the latest. */
  latestTag: string | undefined;
};

export type ChangedBy = {
  number: number;
  title: string;
  url: string;
  author: Credit | undefined;
  labels: string[];
  closes: { number: number; title: string; url: string; author: Credit | undefined }[];
};

export type Credit = { login: string; bot: boolean };

type ActorNode = { __typename: string; login: string } | null;
type PullNode = {
  number: number;
  title: string;
  url: string;
  mergedAt: string | null;
  mergeCommit: { oid: string } | null;
  author: ActorNode;
  labels: { nodes: { name: string }[] } | null;
  closingIssuesReferences: {
    nodes: { number: number; title: string; url: string; author: ActorNode }[];
  } | null;
};
type CommitNode = {
  oid: string;
  messageHeadline: string;
  associatedPullRequests: { nodes: PullNode[] } | null;
};
type TargetNode = { __typename: string; oid: string; target?: { oid: string } } | null;
type Answer = {
  repository: {
    tag: { target: TargetNode } | null;
    base?: {
      compare: {
        aheadBy: number;
        commits: {
          totalCount: number;
          pageInfo: { hasNextPage: boolean; endCursor: string | null };
          nodes: CommitNode[];
        };
      } | null;
    } | null;
    release: ReleaseNode | null;
    latestRelease: { tagName: string } | null;
  } | null;
};

const pullFields = `fragment P on PullRequest {
  number title url mergedAt mergeCommit { oid } author { __typename login }
  labels(first: 20) { nodes { name } }
  closingIssuesReferences(first: 10) { nodes { number title url author { __typename login } } }
}`;
const commitFields = "oid messageHeadline associatedPullRequests(first: 5) { nodes { ...P } }";
/** No release is of more; a server that always has another page must come to an end. */
const mostCommits = 10_000;
/** A query of more aliases than this is now and then answered 502. */
const batch = 50;

/**
 * Reads what changed between two tags: one query for up to 100 commits, with the release that the tag has.
 * Without a previous tag there is no range and no change is listed.
 * @throws Fault RA6001, RA6006, RA50xx
 */
export async function readReleaseFacts(
  github: GitHub,
  ask: {
    tag: string;
    previousTag?: string | undefined;
    /** Branch whose head ends the range, where the tag is still to be made. */
    branch?: string;
  },
): Promise<ReleaseFacts> {
  const { repository } = github;
  const ranged = ask.previousTag !== undefined;
  const query = `query release($owner: String!, $name: String!, $ref: String!, $tag: String!${ranged ? ", $base: String!, $after: String" : ""}) {
    repository(owner: $owner, name: $name) {
      tag: ref(qualifiedName: $ref) { target { __typename oid ... on Tag { target { oid } } } }
      ${ranged ? `base: ref(qualifiedName: $base) { compare(headRef: $ref) { aheadBy commits(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { ${commitFields} } } } }` : ""}
      release(tagName: $tag) { ${releaseFields} }
      latestRelease { tagName }
    }
  }
  ${ranged ? pullFields : ""}`;
  const ask1 = (after: string | null): Promise<Answer> =>
    github.query<Answer>(query, {
      owner: repository.owner,
      name: repository.name,
      ref: ask.branch === undefined ? `refs/tags/${ask.tag}` : `refs/heads/${ask.branch}`,
      tag: ask.tag,
      ...(ranged ? { base: `refs/tags/${ask.previousTag}`, after } : {}),
    });

  const first = await ask1(null);
  const commits: CommitNode[] = [];
  let expected = 0;
  if (ranged) {
    for (let page = first; ;) {
      const compared = page.repository?.base?.compare;
      if (!compared)
        throw new Fault("RA6001", {
          saw: `${repository.owner}/${repository.name} has no tag ${String(ask.previousTag)}, or it shares no history with ${ask.tag}`,
        });
      expected = Math.max(compared.aheadBy, compared.commits.totalCount);
      commits.push(...compared.commits.nodes);
      const { hasNextPage, endCursor } = compared.commits.pageInfo;
      if (!hasNextPage || endCursor === null || commits.length >= mostCommits) break;
      page = await ask1(endCursor);
    }
    // Over GraphQL a comparison ends after 1 000 commits and does not say so.
    if (commits.length < expected)
      commits.push(
        ...(await readRest(
          github,
          ask.branch ?? ask.tag,
          String(ask.previousTag),
          commits,
          expected,
        )),
      );
  }

  const { pulls, direct } = await sortCommits(github, commits);
  const target = first.repository?.tag?.target;
  return {
    repository,
    serverUrl: github.serverUrl,
    tag: ask.tag,
    previousTag: ask.previousTag,
    commit: target?.target?.oid ?? target?.oid,
    commits: commits.length,
    pullRequests: [...pulls.values()].toSorted((a, b) => a.number - b.number).map(changedBy),
    directCommits: direct.map(({ oid, messageHeadline }) => ({
      sha: oid,
      headline: messageHeadline,
    })),
    release: first.repository?.release ? foundRelease(first.repository.release) : null,
    latestTag: first.repository?.latestRelease?.tagName,
  };
}

/** The commits that the comparison kept back: their names by REST, which does page, and their pull requests by name. */
async function readRest(
  github: GitHub,
  tag: string,
  previousTag: string,
  known: readonly CommitNode[],
  expected: number,
): Promise<CommitNode[]> {
  const seen = new Set(known.map(({ oid }) => oid));
  const missing: string[] = [];
  for (let page = 1; page <= Math.ceil(Math.min(expected, mostCommits) / 100); page += 1) {
    const compared = await github.rest<{ commits: { sha: string }[] }>(
      "GET /repos/{owner}/{repo}/compare/{basehead}",
      {
        basehead: `${previousTag}...${tag}`,
        per_page: 100,
        page,
      },
      "commits [sha]",
    );
    for (const { sha } of compared.commits) {
      if (!seen.has(sha)) missing.push(sha);
      seen.add(sha);
    }
  }
  if (seen.size < expected)
    throw new Fault("RA6006", {
      saw: `of ${expected} commits from ${previousTag} to ${tag}, GitHub gave ${seen.size}`,
    });
  return aliases<string, CommitNode>(
    github,
    missing,
    (sha) => `object(oid: ${JSON.stringify(sha)}) { ... on Commit { ${commitFields} } }`,
  );
}

/** Each commit by its merged pull request; those whose link GitHub has not made yet by the number in their message. */
async function sortCommits(
  github: GitHub,
  commits: readonly CommitNode[],
): Promise<{ pulls: Map<number, PullNode>; direct: CommitNode[] }> {
  const pulls = new Map<number, PullNode>();
  const without: CommitNode[] = [];
  for (const commit of commits) {
    const merged =
      commit.associatedPullRequests?.nodes.filter((pull) => pull.mergedAt !== null) ?? [];
    for (const pull of merged) pulls.set(pull.number, pull);
    if (merged.length === 0) without.push(commit);
  }
  const numbered = without.flatMap((commit) => {
    const number = numberIn(commit.messageHeadline);
    return number === undefined || pulls.has(number) ? [] : [number];
  });
  const asked = await aliases<number, PullNode>(
    github,
    [...new Set(numbered)],
    (number) => `pullRequest(number: ${number}) { ...P }`,
  );
  const direct: CommitNode[] = [];
  for (const commit of without) {
    // A number in a message proves nothing; the pull request's own merge commit does.
    const pull = asked.find((one) => one.mergedAt !== null && one.mergeCommit?.oid === commit.oid);
    if (pull) pulls.set(pull.number, pull);
    else direct.push(commit);
  }
  return { pulls, direct };
}

async function aliases<K, T>(
  github: GitHub,
  keys: readonly K[],
  field: (key: K) => string,
): Promise<T[]> {
  const found: T[] = [];
  for (let start = 0; start < keys.length; start += batch) {
    const fields = keys.slice(start, start + batch).map((key, index) => `a${index}: ${field(key)}`);
    const answer = await github.query<{ repository: Record<string, T | null> | null }>(
      `query parts($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${fields.join("\n")} } }\n${pullFields}`,
      { owner: github.repository.owner, name: github.repository.name },
    );
    for (const value of Object.values(answer.repository ?? {}))
      if (value !== null) found.push(value);
  }
  return found;
}

/** `Title (#12)` of a squash, `Merge pull request #12 from …` of a merge. */
function numberIn(headline: string): number | undefined {
  const match =
    /\(#(\d{1,9})\)$/.exec(headline) ?? /^Merge pull request #(\d{1,9}) /.exec(headline);
  return match ? Number(match[1]) : undefined;
}

function changedBy(pull: PullNode): ChangedBy {
  return {
    number: pull.number,
    title: pull.title,
    url: pull.url,
    author: credit(pull.author),
    labels: pull.labels?.nodes.map(({ name }) => name) ?? [],
    closes:
      pull.closingIssuesReferences?.nodes
        .map((issue) => ({
          number: issue.number,
          title: issue.title,
          url: issue.url,
          author: credit(issue.author),
        }))
        .toSorted((a, b) => a.number - b.number) ?? [],
  };
}

function credit(actor: ActorNode): Credit | undefined {
  return actor === null ? undefined : { login: actor.login, bot: actor.__typename === "Bot" };
}
