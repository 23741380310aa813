import type { GitHub } from "./client.ts";
import { issueFields, releaseIssue, type IssueNode, type ReleaseIssue } from "./issue-facts.ts";

/** What GitHub knows of a tag, its commit, and the release issue; one query. */
export type TagFacts = {
  /** The commit that the tag points to; undefined when there is no such tag. */
  commit: string | undefined;
  /** By branch: is the commit on it? Undefined for a branch that does not exist. */
  onBranch: Record<string, boolean | undefined>;
  /** Names of the newest tags, at most 100. */
  tags: string[];
  /** Checks and statuses of the commit; undefined when they were not asked for. */
  checks: StatusCheck[] | undefined;
  /** Open issues with one of the labels; undefined when they were not asked for. */
  issues: ReleaseIssue[] | undefined;
  /** Files of the commit, path to text; absent ones are undefined. */
  files: Record<string, string | undefined>;
};

export type StatusCheck = { name: string; state: "success" | "pending" | "failed"; said: string };

export type TagQuery = {
  /** Full tag name; the expression of the commit is used when only `commit` is known. */
  tag: string;
  /** Full ref that is read instead of the tag, where the tag is still to be made. */
  ref?: string;
  branches: string[];
  checks: boolean;
  /** Labels of release issues; none asked for without. */
  issueLabels?: string[];
  files: string[];
};

type CommitNode = {
  oid: string;
  statusCheckRollup?: {
    contexts: {
      nodes: (
        | { __typename: "CheckRun"; name: string; status: string; conclusion: string | null }
        | { __typename: "StatusContext"; context: string; state: string }
      )[];
    };
  } | null;
};

type Answer = {
  repository:
    | ({
        tag: { target: CommitNode | { __typename: "Tag"; target: CommitNode } } & Record<
          string,
          { status: string; behindBy: number } | null
        >;
        tags: { nodes: { name: string }[] };
        issues?: { nodes: IssueNode[] };
      } & Record<string, unknown>)
    | null;
};

/** Reads everything about a tag in one query. @throws Fault RA50xx */
export async function readTagFacts(github: GitHub, ask: TagQuery): Promise<TagFacts> {
  const ref = ask.ref ?? `refs/tags/${ask.tag}`;
  const commit = `oid ${ask.checks ? "statusCheckRollup { contexts(first: 100) { nodes { __typename ... on CheckRun { name status conclusion } ... on StatusContext { context state } } } }" : ""}`;
  const numbered = (names: string[], letter: string) =>
    names.map((_, index) => `, $${letter}${index}: String!`).join("");
  const { repository } = await github.query<Answer>(
    `query tag($owner: String!, $name: String!, $tag: String!${ask.issueLabels ? ", $labels: [String!]" : ""}${numbered(ask.branches, "b")}${numbered(ask.files, "f")}) {
      repository(owner: $owner, name: $name) {
        tag: ref(qualifiedName: $tag) {
          target { __typename ... on Commit { ${commit} } ... on Tag { target { __typename ... on Commit { ${commit} } } } }
          ${ask.branches.map((_, index) => `b${index}: compare(headRef: $b${index}) { status behindBy }`).join("\n")}
        }
        tags: refs(refPrefix: "refs/tags/", first: 100, orderBy: { field: TAG_COMMIT_DATE, direction: DESC }) { nodes { name } }
        ${
          ask.issueLabels
            ? `issues(first: 50, states: [OPEN], labels: $labels, orderBy: { field: CREATED_AT, direction: DESC }) {
                 nodes { ${issueFields()} }
               }`
            : ""
        }
        ${ask.files.map((_, index) => `f${index}: object(expression: $f${index}) { ... on Blob { text isTruncated } }`).join("\n")}
      }
    }`,
    {
      owner: github.repository.owner,
      name: github.repository.name,
      tag: ref,
      ...(ask.issueLabels ? { labels: ask.issueLabels } : {}),
      // In full: a tag of the same name is no branch.
      ...Object.fromEntries(
        ask.branches.map((branch, index) => [`b${index}`, `refs/heads/${branch}`]),
      ),
      ...Object.fromEntries(ask.files.map((path, index) => [`f${index}`, `${ref}:${path}`])),
    },
  );
  const target = repository?.tag?.target;
  const tagged = target !== undefined && "target" in target ? target.target : target;
  return {
    commit: tagged?.oid,
    onBranch: Object.fromEntries(
      ask.branches.map((branch, index) => {
        const compared = repository?.tag?.[`b${index}`];
        // Compared from the tag to the branch: the commit is on the branch when the branch lacks nothing of it.
        return [branch, compared ? compared.behindBy === 0 : undefined];
      }),
    ),
    tags: repository?.tags.nodes.map((node) => node.name) ?? [],
    checks: ask.checks
      ? (tagged?.statusCheckRollup?.contexts.nodes.map(statusCheck) ?? [])
      : undefined,
    issues: ask.issueLabels ? (repository?.issues?.nodes.map(releaseIssue) ?? []) : undefined,
    files: Object.fromEntries(
      ask.files.map((path, index) => [
        path,
        (repository?.[`f${index}`] as { text?: string | null } | null)?.text ?? undefined,
      ]),
    ),
  };
}

/** Names of the branches, at most 100: for globs in `tag.branch`. */
export async function readBranches(github: GitHub): Promise<string[]> {
  const { repository } = await github.query<{
    repository: { refs: { nodes: { name: string }[] } } | null;
  }>(
    `query branches($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { refs(refPrefix: "refs/heads/", first: 100) { nodes { name } } }
    }`,
    { owner: github.repository.owner, name: github.repository.name },
  );
  return repository?.refs.nodes.map((node) => node.name) ?? [];
}

function statusCheck(
  node:
    | { __typename: "CheckRun"; name: string; status: string; conclusion: string | null }
    | { __typename: "StatusContext"; context: string; state: string },
): StatusCheck {
  if (node.__typename === "StatusContext") {
    const state =
      node.state === "SUCCESS"
        ? "success"
        : node.state === "PENDING" || node.state === "EXPECTED"
          ? "pending"
          : "failed";
    return { name: node.context, state, said: node.state.toLowerCase() };
  }
  if (node.status !== "COMPLETED")
    return {
      name: node.name,
      state: "pending",
      said: node.status.toLowerCase().replaceAll("_", " "),
    };
  // Neutral and skipped are green on GitHub's page; a check that did not run has proven nothing.
  const said = (node.conclusion ?? "without a conclusion").toLowerCase();
  return { name: node.name, state: said === "success" ? "success" : "failed", said };
}
