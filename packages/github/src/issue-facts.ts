import { Fault } from "@release-actions/codes";
import type { GitHub } from "./client.ts";

/** A release issue as the gate needs it: what people wrote, ticked and closed. */
export type ReleaseIssue = {
  number: number;
  title: string;
  url: string;
  state: "open" | "closed";
  body: string;
  author: string;
  /** `User`, `Bot`, … */
  authorType: string;
  comments: IssueComment[];
  /** How many comments there are; `comments` holds the newest 100 unless the issue was read whole. */
  commentCount: number;
};

export type IssueComment = {
  id: number;
  url: string;
  login: string;
  /** `User`, `Bot`, … */
  authorType: string;
  body: string;
  createdAt: string;
  edited: boolean;
};

type CommentNode = {
  databaseId: number | null;
  url: string;
  author: { __typename: string; login: string } | null;
  body: string;
  createdAt: string;
  lastEditedAt: string | null;
};

export type IssueNode = {
  number: number;
  title: string;
  url: string;
  state: string;
  body: string;
  author: { __typename: string; login: string } | null;
  comments: { totalCount: number; nodes: CommentNode[] };
};

const commentFields =
  "databaseId url author { __typename login } body createdAt lastEditedAt" as const;

/** What is asked of an issue in a query, with its comments (`last: 100`, or a page of them). */
export function issueFields(comments = "last: 100"): string {
  return `number title url state body author { __typename login }
    comments(${comments}) { totalCount pageInfo { hasNextPage endCursor } nodes { ${commentFields} } }`;
}

/** Reads one issue whole, with all its comments; undefined when there is no such issue. @throws Fault RA50xx */
export async function readReleaseIssue(
  github: GitHub,
  number: number,
): Promise<ReleaseIssue | undefined> {
  const comments: IssueComment[] = [];
  let after: string | undefined;
  for (;;) {
    const node = await readPage(github, number, after);
    if (node === undefined) return undefined;
    comments.push(...node.comments.nodes.map(issueComment));
    const { hasNextPage, endCursor } = node.comments.pageInfo;
    if (!hasNextPage || endCursor === null || endCursor === after)
      return { ...releaseIssue(node), comments };
    after = endCursor;
  }
}

type PagedNode = IssueNode & {
  comments: { pageInfo: { hasNextPage: boolean; endCursor: string | null } };
};

async function readPage(
  github: GitHub,
  number: number,
  after: string | undefined,
): Promise<PagedNode | undefined> {
  try {
    const { repository } = await github.query<{ repository: { issue: PagedNode | null } | null }>(
      `query issue($owner: String!, $name: String!, $number: Int!, $after: String) {
        repository(owner: $owner, name: $name) {
          issue(number: $number) { ${issueFields("first: 100, after: $after")} }
        }
      }`,
      {
        owner: github.repository.owner,
        name: github.repository.name,
        number,
        after: after ?? null,
      },
    );
    return repository?.issue ?? undefined;
  } catch (error) {
    if (error instanceof Fault && isNotFound(error.cause)) return undefined;
    throw error;
  }
}

/** GraphQL answers an unknown number with an error of its own type. */
function isNotFound(cause: unknown): boolean {
  if (typeof cause !== "object" || cause === null || !("errors" in cause)) return false;
  return (
    Array.isArray(cause.errors) &&
    cause.errors.some((error: { type?: string }) => error.type === "NOT_FOUND")
  );
}

/** An issue of a query with `issueFields`. */
export function releaseIssue(node: IssueNode): ReleaseIssue {
  return {
    number: node.number,
    title: node.title,
    url: node.url,
    state: node.state === "CLOSED" ? "closed" : "open",
    body: node.body,
    author: node.author?.login ?? "ghost",
    authorType: node.author?.__typename ?? "Ghost",
    comments: node.comments.nodes.map(issueComment),
    commentCount: node.comments.totalCount,
  };
}

function issueComment(comment: CommentNode): IssueComment {
  return {
    id: commentId(comment),
    url: comment.url,
    login: comment.author?.login ?? "ghost",
    authorType: comment.author?.__typename ?? "Ghost",
    body: comment.body,
    createdAt: comment.createdAt,
    edited: comment.lastEditedAt !== null,
  };
}

/** From its address: `databaseId` is an Int of 32 bits, and GitHub's comments have outgrown that. */
function commentId({ url, databaseId }: CommentNode): number {
  return Number(/#issuecomment-(\d{1,15})$/.exec(url)?.[1] ?? databaseId ?? 0);
}
