import type { GitHub } from "./client.ts";

/** An issue of the repository; titles and bodies are foreign text. */
export type Issue = {
  /** Of the whole of GitHub: sub-issues are named by it. */
  nodeId: string;
  number: number;
  url: string;
  title: string;
  body: string;
  state: "open" | "closed";
  /** Written by an app or a job, not by a person. */
  byBot: boolean;
  /** Pull requests are listed among issues. */
  isPull: boolean;
};

export type Comment = {
  id: number;
  url: string;
  issue: number;
  login: string;
  /** `User`, `Bot`, … */
  authorType: string;
  body: string;
  createdAt: string;
  edited: boolean;
};

export type Milestone = { number: number; title: string; url: string; state: "open" | "closed" };

export type RestIssue = {
  node_id: string;
  number: number;
  html_url: string;
  title: string;
  body?: string | null;
  state: string;
  user: { type: string } | null;
  pull_request?: unknown;
};
export type RestComment = {
  id: number;
  html_url: string;
  issue_url: string;
  user: { login: string; type: string } | null;
  body?: string | null;
  created_at: string;
  updated_at: string;
};
export type RestMilestone = { number: number; title: string; html_url: string; state: string };

export const issueForm = "id number html_url title body? state user? { type }";
export const commentForm = "id html_url issue_url user? { login type } body? created_at updated_at";
export const milestoneForm = "number title html_url state";

/** Pages of 100; a repository with more open issues than this is read no further. */
const pages = 20;

async function all<T>(read: (page: number) => Promise<T[]>): Promise<T[]> {
  const found: T[] = [];
  for (let page = 1; page <= pages; page += 1) {
    const listed = await read(page);
    found.push(...listed);
    if (listed.length < 100) break;
  }
  return found;
}

/** Open issues and pull requests, lowest number first; of one milestone where one is given. @throws Fault RA50xx */
export async function readOpenIssues(github: GitHub, milestone?: number): Promise<Issue[]> {
  const listed = await all((page) =>
    github.rest<RestIssue[]>(
      "GET /repos/{owner}/{repo}/issues",
      {
        state: "open",
        ...(milestone === undefined ? {} : { milestone: String(milestone) }),
        per_page: 100,
        page,
      },
      `[${issueForm}]`,
    ),
  );
  const once = new Map(listed.map((issue) => [issue.number, issueFrom(issue)]));
  return [...once.values()].toSorted((a, b) => a.number - b.number);
}

/** One issue; undefined when it does not exist. @throws Fault RA50xx */
export async function readIssue(github: GitHub, number: number): Promise<Issue | undefined> {
  const issue = await github.find<RestIssue>(
    "GET /repos/{owner}/{repo}/issues/{issue_number}",
    {
      issue_number: number,
    },
    issueForm,
  );
  return issue === undefined ? undefined : issueFrom(issue);
}

/** An issue with those below it, open and closed. */
export type Family = { nodeId: string; children: Issue[] };

type ChildNode = {
  id: string;
  number: number;
  url: string;
  title: string;
  body: string;
  state: string;
  author: { __typename: string } | null;
};

/** Servers of the time when sub-issues were a preview want to be asked for them. */
export const withSubIssues = { headers: { "graphql-features": "sub_issues" } };

/**
 * An issue's sub-issues; GitHub allows no more than 100. By GraphQL, since no enterprise server has them in its REST API.
 * @throws Fault RA50xx
 */
export async function readFamily(github: GitHub, parent: number): Promise<Family> {
  type Answer = { repository: { issue: { id: string; subIssues: { nodes: ChildNode[] } } } };
  const { repository } = await github.query<Answer>(
    `query subIssues($owner: String!, $name: String!, $parent: Int!) {
      repository(owner: $owner, name: $name) {
        issue(number: $parent) {
          id
          subIssues(first: 100) { nodes { id number url title body state author { __typename } } }
        }
      }
    }`,
    {
      owner: github.repository.owner,
      name: github.repository.name,
      parent,
      ...withSubIssues,
    },
  );
  const { id, subIssues } = repository.issue;
  const children = subIssues.nodes.map(
    ({ id: nodeId, number, url, title, body, state, author }): Issue => ({
      nodeId,
      number,
      url,
      title,
      body,
      state: state === "CLOSED" ? "closed" : "open",
      byBot: author?.__typename === "Bot",
      isPull: false,
    }),
  );
  return { nodeId: id, children: children.toSorted((a, b) => a.number - b.number) };
}

/** Sub-issues of an issue, open and closed. @throws Fault RA50xx */
export async function readSubIssues(github: GitHub, parent: number): Promise<Issue[]> {
  return (await readFamily(github, parent)).children;
}

/** The milestone of this title, open or closed. @throws Fault RA50xx */
export async function findMilestone(github: GitHub, title: string): Promise<Milestone | undefined> {
  const listed = await all((page) =>
    github.rest<RestMilestone[]>(
      "GET /repos/{owner}/{repo}/milestones",
      {
        state: "all",
        per_page: 100,
        page,
      },
      `[${milestoneForm}]`,
    ),
  );
  const found = listed.find((milestone) => milestone.title === title);
  return found === undefined
    ? undefined
    : {
        number: found.number,
        title: found.title,
        url: found.html_url,
        state: found.state === "closed" ? "closed" : "open",
      };
}

/** Comments of an issue, oldest first. @throws Fault RA50xx */
export async function readComments(github: GitHub, issue: number): Promise<Comment[]> {
  const listed = await all((page) =>
    github.rest<RestComment[]>(
      "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
      {
        issue_number: issue,
        per_page: 100,
        page,
      },
      `[${commentForm}]`,
    ),
  );
  return listed.map(commentFrom).toSorted((a, b) => a.id - b.id);
}

/** One comment; undefined when it was deleted. @throws Fault RA50xx */
export async function readComment(github: GitHub, id: number): Promise<Comment | undefined> {
  const comment = await github.find<RestComment>(
    "GET /repos/{owner}/{repo}/issues/comments/{comment_id}",
    { comment_id: id },
    commentForm,
  );
  return comment === undefined ? undefined : commentFrom(comment);
}

export function issueFrom(issue: RestIssue): Issue {
  return {
    nodeId: issue.node_id,
    number: issue.number,
    url: issue.html_url,
    title: issue.title,
    body: issue.body ?? "",
    state: issue.state === "closed" ? "closed" : "open",
    byBot: issue.user?.type === "Bot",
    isPull: issue.pull_request !== undefined,
  };
}

export function commentFrom(comment: RestComment): Comment {
  return {
    id: comment.id,
    url: comment.html_url,
    issue: Number(/\/issues\/(\d+)$/.exec(comment.issue_url)?.[1] ?? 0),
    login: comment.user?.login ?? "ghost",
    authorType: comment.user?.type ?? "Ghost",
    body: comment.body ?? "",
    createdAt: comment.created_at,
    edited: Date.parse(comment.updated_at) > Date.parse(comment.created_at),
  };
}
