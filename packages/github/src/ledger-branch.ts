import { Fault } from "@release-actions/codes";
import type { Append } from "@release-actions/ledger";
import type { Look, Step } from "@release-actions/plan";
import type { GitHub } from "./client.ts";
import { blobText } from "./repository-files.ts";

/** The ledger's branch at one commit, with the files that were asked for. */
export type LedgerHead = {
  /** Undefined while the branch does not exist. */
  commit: string | undefined;
  /** Path to content; a file that does not exist is absent. */
  files: Record<string, string>;
};

/** Reads the branch's head and files in one query. @throws Fault RA50xx */
export async function readLedger(
  github: GitHub,
  branch: string,
  paths: string[],
): Promise<LedgerHead> {
  const { repository } = await github.query<{ repository: Record<string, unknown> | null }>(
    `query ledger($owner: String!, $name: String!, $branch: String!${paths.map((_, index) => `, $p${index}: String!`).join("")}) {
      repository(owner: $owner, name: $name) {
        head: ref(qualifiedName: $branch) { target { oid } }
        ${paths.map((_, index) => `f${index}: object(expression: $p${index}) { ... on Blob { text isTruncated } }`).join("\n")}
      }
    }`,
    {
      owner: github.repository.owner,
      name: github.repository.name,
      branch: `refs/heads/${branch}`,
      ...Object.fromEntries(
        paths.map((path, index) => [`p${index}`, `refs/heads/${branch}:${path}`]),
      ),
    },
  );
  const head = repository?.["head"] as { target: { oid: string } } | null | undefined;
  const files: Record<string, string> = {};
  for (const [index, path] of paths.entries()) {
    const text = blobText(path, repository?.[`f${index}`]);
    if (text !== undefined) files[path] = text;
  }
  return { commit: head?.target.oid, files };
}

/**
 * The step that appends to the ledger: one commit, made only if the branch is still at `expected`.
 * That makes it append, compare-and-set and lock in one request.
 * `isThere` judges, from the branch as it is now, whether this very append has been made.
 */
export function appendStep(
  github: GitHub,
  options: {
    branch: string;
    title: string;
    key: string;
    /** The paths that `isThere` and `next` need. */
    paths: string[];
    head: LedgerHead;
    isThere(head: LedgerHead): boolean;
    /** The append for a head; called again when another run appended in between. May throw when it may no longer be made. */
    next(head: LedgerHead): Append;
  },
): Step<LedgerHead> {
  let head: LedgerHead | undefined = options.head;
  const read = () => readLedger(github, options.branch, options.paths);
  return {
    key: options.key,
    title: options.title,
    look: async (): Promise<Look<LedgerHead>> => {
      head ??= await read();
      return options.isThere(head) ? { state: "done", value: head } : { state: "todo" };
    },
    act: async () => {
      for (let tries = 0; tries < 5; tries += 1) {
        head ??= await read();
        if (options.isThere(head)) return head;
        const append = options.next(head);
        const at = head;
        head = undefined;
        if (at.commit === undefined) {
          // The first of two runs makes the branch; the other finds it made (422) and appends to it.
          const made = await createBranch(github, options.branch, append);
          if (made) return { commit: made, files: append.files };
          continue;
        }
        try {
          const commit = await appendCommit(github, options.branch, at.commit, append);
          return { commit, files: { ...at.files, ...append.files } };
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== "RA5011") throw error;
        }
      }
      throw new Fault("RA5011", {
        saw: `${options.branch} was appended to by others five times in a row`,
      });
    },
  };
}

async function appendCommit(
  github: GitHub,
  branch: string,
  expected: string,
  append: Append,
): Promise<string> {
  const { createCommitOnBranch } = await github.mutate<{
    createCommitOnBranch: { commit: { oid: string } };
  }>(
    `mutation append($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }`,
    {
      input: {
        branch: {
          repositoryNameWithOwner: `${github.repository.owner}/${github.repository.name}`,
          branchName: branch,
        },
        expectedHeadOid: expected,
        message: { headline: append.message },
        fileChanges: {
          additions: Object.entries(append.files).map(([path, text]) => ({
            path,
            contents: Buffer.from(text).toString("base64"),
          })),
        },
      },
    },
  );
  return createCommitOnBranch.commit.oid;
}

/** Makes the branch as an orphan with its first append; undefined when another run has just made it. */
async function createBranch(
  github: GitHub,
  branch: string,
  append: Append,
): Promise<string | undefined> {
  const files = { "README.md": readme, ...append.files };
  const tree = await github.rest<{ sha: string }>(
    "POST /repos/{owner}/{repo}/git/trees",
    {
      tree: Object.entries(files).map(([path, content]) => ({
        path,
        mode: "100644",
        type: "blob",
        content,
      })),
    },
    "sha",
  );
  const commit = await github.rest<{ sha: string }>(
    "POST /repos/{owner}/{repo}/git/commits",
    {
      message: append.message,
      tree: tree.sha,
      parents: [],
    },
    "sha",
  );
  try {
    await github.send("POST /repos/{owner}/{repo}/git/refs", {
      ref: `refs/heads/${branch}`,
      sha: commit.sha,
    });
    return commit.sha;
  } catch (error) {
    if (error instanceof Fault && /already exists/i.test(error.saw)) return undefined;
    throw error;
  }
}

const readme = `# Release ledger

Written by release-actions, read by its gates: who released what into which environment, why it was allowed, and how it ended.
Protect this branch from deletion and force pushes, and do not edit it by hand.
`;
