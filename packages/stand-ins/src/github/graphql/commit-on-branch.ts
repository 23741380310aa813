import { entryAt } from "../git/trees.ts";
import { readCommit } from "../git/commits.ts";
import { moveRef, writeFiles } from "../source.ts";
import { refusalOf } from "../tokens.ts";
import { mayChangeWorkflows } from "../workflow-files.ts";
import type { FileChanges } from "../state.ts";
import { findRepository, personOf, type Actor } from "../world.ts";
import { nodeOf } from "./nodes.ts";
import { failure, mustWrite, within, type Asking, type Scope } from "./scope.ts";
import { commitShape, refShape } from "./source.ts";

export type CommitOnBranchInput = {
  branch: {
    id?: string | null;
    repositoryNameWithOwner?: string | null;
    branchName?: string | null;
  };
  expectedHeadOid: string;
  message: { headline: string; body?: string | null };
  fileChanges?: {
    additions?: { path: string; contents: string }[] | null;
    deletions?: { path: string }[] | null;
  } | null;
};

/** createCommitOnBranch: takes effect only where the branch still points at `expectedHeadOid`. GitHub signs the commit. */
export function commitOnBranch(asking: Asking, actor: Actor, input: CommitOnBranchInput): object {
  const { scope, name } = branchOf(asking, input.branch);
  const { world } = asking;
  const { repository } = scope;
  mustWrite(scope, "contents");
  const additions = input.fileChanges?.additions ?? [];
  const deletions = input.fileChanges?.deletions ?? [];
  const paths = [...additions, ...deletions].map((change) => change.path);
  if (
    paths.some((path) => path.startsWith(".github/workflows/")) &&
    !mayChangeWorkflows(scope.session)
  ) {
    throw failure("FORBIDDEN", refusalOf(scope.session));
  }
  for (const path of paths) {
    if (
      path === "" ||
      path.startsWith("/") ||
      path.split("/").some((part) => ["", ".", "..", ".git"].includes(part))
    ) {
      throw failure("UNPROCESSABLE", `A path was requested which is malformed: ${path}`);
    }
  }
  const repeated = paths.find((path, index) => paths.indexOf(path) !== index);
  if (repeated !== undefined) {
    throw failure("UNPROCESSABLE", `A path was requested for multiple file changes: ${repeated}`);
  }
  const head = repository.refs.read(name);
  if (head !== input.expectedHeadOid) {
    throw failure(
      "STALE_DATA",
      `Expected branch to point to "${input.expectedHeadOid}" but it did not. Pull and try again.`,
    );
  }
  const tree = readCommit(repository.objects, head)?.tree ?? "";
  const files: FileChanges = {};
  for (const { path } of deletions) {
    if (!entryAt(repository.objects, tree, path)) {
      throw failure(
        "UNPROCESSABLE",
        `A path was requested for deletion which does not exist as of commit oid \`${head}\`: ${path}`,
      );
    }
    files[path] = null;
  }
  for (const { path, contents } of additions) {
    if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(contents)) {
      throw failure("UNPROCESSABLE", `The contents of ${path} are not valid Base64`);
    }
    files[path] = Buffer.from(contents, "base64");
  }
  const author = personOf(world, actor.login);
  const { headline, body } = input.message;
  const sha = writeFiles(world, repository, {
    parents: [head],
    files,
    message: body ? `${headline}\n\n${body}` : headline,
    author: { name: author.name, email: author.email },
    committer: { name: "GitHub", email: "noreply@github.com" },
  });
  repository.verified.add(sha);
  moveRef(world, repository, actor, name, sha);
  return { commit: commitShape(scope, sha), ref: refShape(scope, name) };
}

function branchOf(
  asking: Asking,
  branch: CommitOnBranchInput["branch"],
): { scope: Scope; name: string } {
  if (branch.id) {
    const { scope, name } = nodeOf(asking, branch.id, "ref");
    return { scope, name };
  }
  const { repositoryNameWithOwner = "", branchName = "" } = branch;
  const repository = findRepository(asking.world, repositoryNameWithOwner ?? "");
  const scope = repository && within(asking, repository);
  if (!scope) {
    throw failure(
      "NOT_FOUND",
      `Could not resolve to a Repository with the name '${repositoryNameWithOwner}'.`,
    );
  }
  const name = `refs/heads/${(branchName ?? "").replace(/^refs\/heads\//, "")}`;
  if (!scope.repository.refs.read(name)) {
    throw failure("NOT_FOUND", `Could not resolve to a Ref with the name '${branchName}'.`);
  }
  return { scope, name };
}
