import { Fault } from "@release-actions/codes";
import type { GitHub } from "./client.ts";

/** Largest file that is read through GraphQL; GitHub cuts larger ones. */
const largest = 512 * 1024;

export type RepositoryFile = { path: string; text: string };

/** The text of a GraphQL blob; undefined when the object does not exist. @throws Fault RA5004 when it is no text */
export function blobText(path: string, object: unknown): string | undefined {
  if (typeof object !== "object" || object === null) return undefined;
  const { text, isTruncated } = object as { text?: string | null; isTruncated?: boolean };
  if (text === undefined) return undefined;
  if (text === null || isTruncated)
    throw new Fault("RA5004", { saw: `${path} is not a text file below ${largest} bytes` });
  return text;
}

/** Reads one file of the default branch and says what that branch is; text undefined when the file does not exist. */
export async function readDefaultFile(
  github: GitHub,
  path: string,
): Promise<{ text: string | undefined; defaultBranch: string; commit: string }> {
  const { repository } = await github.query<{
    repository: {
      defaultBranchRef: { name: string; target: { oid: string } } | null;
      file: unknown;
    } | null;
  }>(
    `query configuration($owner: String!, $name: String!, $file: String!) {
      repository(owner: $owner, name: $name) {
        defaultBranchRef { name target { oid } }
        file: object(expression: $file) { ... on Blob { text isTruncated } }
      }
    }`,
    { owner: github.repository.owner, name: github.repository.name, file: `HEAD:${path}` },
  );
  return {
    text: blobText(path, repository?.file),
    defaultBranch: repository?.defaultBranchRef?.name ?? "main",
    commit: repository?.defaultBranchRef?.target.oid ?? "",
  };
}

/**
 * Reads files and folders (their direct files, and one level of folders below) of a commit in one query.
 * @throws Fault RA5004 for a path that does not exist there
 */
export async function readFiles(
  github: GitHub,
  commit: string,
  paths: string[],
): Promise<RepositoryFile[]> {
  if (paths.length === 0) return [];
  const blob = "... on Blob { text isTruncated }";
  const { repository } = await github.query<{ repository: Record<string, unknown> | null }>(
    `query files($owner: String!, $name: String!${paths.map((_, index) => `, $p${index}: String!`).join("")}) {
      repository(owner: $owner, name: $name) {
        ${paths.map((_, index) => `p${index}: object(expression: $p${index}) { ${blob} ... on Tree { entries { name type object { ${blob} ... on Tree { entries { name type object { ${blob} } } } } } } }`).join("\n")}
      }
    }`,
    {
      owner: github.repository.owner,
      name: github.repository.name,
      ...Object.fromEntries(
        paths.map((path, index) => [`p${index}`, `${commit}:${path.replace(/\/+$/, "")}`]),
      ),
    },
  );
  return paths.flatMap((path, index) => {
    const object = repository?.[`p${index}`];
    if (object === null || object === undefined) {
      throw new Fault("RA5004", { saw: `${path} does not exist at commit ${commit.slice(0, 7)}` });
    }
    return filesIn(path.replace(/\/+$/, ""), object);
  });
}

type Entry = { name: string; type: string; object: unknown };

function filesIn(path: string, object: unknown): RepositoryFile[] {
  const entries = (object as { entries?: Entry[] }).entries;
  if (entries === undefined) {
    const text = blobText(path, object);
    return text === undefined ? [] : [{ path, text }];
  }
  return entries.flatMap((entry) =>
    entry.object === null
      ? []
      : filesIn(path === "" ? entry.name : `${path}/${entry.name}`, entry.object),
  );
}

/** Reads files that may be missing at a ref (`HEAD`, `refs/tags/1.2.3`, a commit), in one query. */
export async function readOptionalFiles(
  github: GitHub,
  ref: string,
  paths: string[],
): Promise<Record<string, string | undefined>> {
  const { repository } = await github.query<{ repository: Record<string, unknown> | null }>(
    `query optional($owner: String!, $name: String!${paths.map((_, index) => `, $p${index}: String!`).join("")}) {
      repository(owner: $owner, name: $name) {
        ${paths.map((_, index) => `p${index}: object(expression: $p${index}) { ... on Blob { text isTruncated } }`).join("\n")}
      }
    }`,
    {
      owner: github.repository.owner,
      name: github.repository.name,
      ...Object.fromEntries(paths.map((path, index) => [`p${index}`, `${ref}:${path}`])),
    },
  );
  return Object.fromEntries(
    paths.map((path, index) => [path, blobText(path, repository?.[`p${index}`])]),
  );
}
