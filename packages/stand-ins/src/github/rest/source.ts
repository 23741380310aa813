import { ancestry, compareCommits, readCommit, type Commit } from "../git/commits.ts";
import {
  differences,
  emptyTree,
  entryAt,
  isFolder,
  readTree,
  withMoves,
  type TreeEntry,
} from "../git/trees.ts";
import { presentCommit, presentDifference, presentGitCommit } from "../present/git.ts";
import { linesOf } from "../present/lines.ts";
import type { Links } from "../present/links.ts";
import { presentSimplePull } from "../present/pulls.ts";
import { presentFullRepository, repositoryPage, repositoryUrl } from "../present/repositories.ts";
import { pullsOfCommit } from "../pulls.ts";
import { commitAt, moveRef, resolveCommit, writeFiles } from "../source.ts";
import { refusalOf } from "../tokens.ts";
import { mayChangeWorkflows } from "../workflow-files.ts";
import { nodeId, personOf, Refused, type Repository } from "../world.ts";
import { recordIn, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { ok, route, type Answer, type RepositoryCall, type Route } from "./route.ts";

/** The repository, its commits, files and comparisons. */
export const sourceRoutes: Route[] = [
  route("GET ", "metadata=read", ({ repository, links }) =>
    ok(presentFullRepository(repository, links)),
  ),

  route("GET /commits", "contents=read", (call) => {
    const { world, repository, query, links } = call;
    const tip = resolveCommit(repository, query.get("sha") ?? repository.defaultBranch);
    if (!tip) {
      if (!query.has("sha")) throw new Refused(409, "Git Repository is empty.");
      throw new Refused(404, "Not Found");
    }
    const path = query.get("path");
    const [since, until] = [query.get("since"), query.get("until")];
    const { objects } = repository;
    const at = (commit: Commit | undefined) =>
      commit && path ? entryAt(objects, commit.tree, path)?.sha : undefined;
    const wanted = ancestry(objects, tip).filter(
      (commit) =>
        (!since || commit.committer.date >= new Date(since)) &&
        (!until || commit.committer.date <= new Date(until)) &&
        (!path || commit.parents.every((parent) => at(readCommit(objects, parent)) !== at(commit))),
    );
    return page(call, wanted, (commit) => presentCommit(world, repository, commit, links));
  }),
  route("GET /commits/{ref}", "contents=read", (call) => {
    const { world, repository, path, links } = call;
    const commit = commitAt(repository, path["ref"] ?? "");
    if (!commit) throw new Refused(422, `No commit found for SHA: ${path["ref"]}`);
    if (call.headers["accept"]?.includes("sha"))
      return { status: 200, raw: Buffer.from(commit.sha) };
    const parent = commit.parents[0]
      ? readCommit(repository.objects, commit.parents[0])?.tree
      : undefined;
    const files = changedFiles(repository, parent ?? emptyTree, commit.tree, commit.sha, links);
    const sum = (name: string) => files.reduce((total, file) => total + Number(file[name]), 0);
    return ok({
      ...presentCommit(world, repository, commit, links),
      stats: { total: sum("changes"), additions: sum("additions"), deletions: sum("deletions") },
      files,
    });
  }),
  route("GET /commits/{commit_sha}/pulls", "pull-requests=read", (call) => {
    const { world, repository, path, links } = call;
    const sha = resolveCommit(repository, path["commit_sha"] ?? "");
    if (!sha) throw new Refused(422, `No commit found for SHA: ${path["commit_sha"]}`);
    return page(call, pullsOfCommit(repository, sha), (issue) =>
      presentSimplePull(world, repository, issue, links),
    );
  }),
  route("GET /compare/{basehead}", "contents=read", compare),

  route("GET /branches", "contents=read", (call) =>
    page(call, call.repository.refs.list("refs/heads/"), (ref) => ({
      name: ref.name.slice("refs/heads/".length),
      commit: {
        sha: ref.sha,
        url: `${repositoryUrl(call.repository, call.links)}/commits/${ref.sha}`,
      },
      protected: false,
    })),
  ),
  route("GET /tags", "contents=read", (call) => {
    const { repository, links } = call;
    const url = repositoryUrl(repository, links);
    const tags = repository.refs.list("refs/tags/").reverse();
    return page(call, tags, (ref) => {
      const name = ref.name.slice("refs/tags/".length);
      const sha = resolveCommit(repository, ref.name) ?? ref.sha;
      return {
        name,
        zipball_url: `${url}/zipball/${ref.name}`,
        tarball_url: `${url}/tarball/${ref.name}`,
        commit: { sha, url: `${url}/commits/${sha}` },
        node_id: nodeId("REF", `${repository.id}:${ref.name}`),
      };
    });
  }),

  route("GET /contents/{path}", "contents=read", readContents),
  route("PUT /contents/{path}", "contents=write", putContents),

  route("GET /tarball/{ref}", "contents=read", (call) => toArchive(call, "tar.gz")),
  route("GET /zipball/{ref}", "contents=read", (call) => toArchive(call, "zip")),
];

/** Without `page` at most 250 commits and no word of the others, as GitHub does; files are on the first page only. */
function compare(call: RepositoryCall): Answer {
  const { world, repository, query, links } = call;
  const [from, to] = (call.path["basehead"] ?? "").split("...");
  const own = (name: string | undefined) =>
    name?.replace(new RegExp(`^${repository.owner.login}:`, "i"), "");
  const [base, head] = [commitAt(repository, own(from) ?? ""), commitAt(repository, own(to) ?? "")];
  if (!base || !head) throw new Refused(404, "Not Found");
  const comparison = compareCommits(repository.objects, base.sha, head.sha);
  const fork = comparison.mergeBase
    ? readCommit(repository.objects, comparison.mergeBase)
    : undefined;
  if (!fork) throw new Refused(404, `No common ancestor between ${from} and ${to}.`);
  const [size, number] =
    query.has("page") || query.has("per_page")
      ? [Math.min(Number(query.get("per_page") ?? 30), 100), Number(query.get("page") ?? 1)]
      : [250, 1];
  const commits = comparison.commits.slice((number - 1) * size, number * size);
  const paging = new URLSearchParams({ per_page: String(size), page: String(number + 1) });
  const url = `${repositoryUrl(repository, links)}/compare/${base.sha}...${head.sha}`;
  const html = `${repositoryPage(repository, links)}/compare/${from}...${to}`;
  return {
    status: 200,
    value: {
      url,
      html_url: html,
      permalink_url: `${repositoryPage(repository, links)}/compare/${base.sha.slice(0, 7)}...${head.sha.slice(0, 7)}`,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: presentCommit(world, repository, base, links),
      merge_base_commit: presentCommit(world, repository, fork, links),
      status: comparison.status,
      ahead_by: comparison.aheadBy,
      behind_by: comparison.behindBy,
      total_commits: comparison.aheadBy,
      commits: commits.map((commit) => presentCommit(world, repository, commit, links)),
      ...(number === 1 && {
        files: changedFiles(repository, fork.tree, head.tree, head.sha, links).slice(0, 300),
      }),
    },
    ...(number * size < comparison.aheadBy &&
      (query.has("page") || query.has("per_page")) && {
        headers: { link: `<${url}?${paging}>; rel="next"` },
      }),
  };
}

function changedFiles(
  repository: Repository,
  before: string,
  after: string,
  head: string,
  links: Links,
) {
  return withMoves(differences(repository.objects, before, after)).map((file) =>
    presentDifference(repository, file, linesOf(repository, file), head, links),
  );
}

function readContents(call: RepositoryCall): Answer {
  const { repository, query, links } = call;
  const path = (call.path["path"] ?? "").replace(/\/$/, "");
  const ref = query.get("ref") ?? repository.defaultBranch;
  const commit = commitAt(repository, ref);
  if (!commit) throw new Refused(404, `No commit found for the ref ${ref}`);
  const entry = entryAt(repository.objects, commit.tree, path);
  if (!entry) throw new Refused(404, "Not Found");
  if (isFolder(entry)) {
    const entries = readTree(repository.objects, entry.sha);
    const names = entries.map((one) =>
      presentEntry(repository, one, path ? `${path}/${one.name}` : one.name, ref, links),
    );
    return ok(names);
  }
  const content = repository.objects.read(entry.sha)?.content ?? Buffer.alloc(0);
  if (/\braw\b/.test(call.headers["accept"] ?? "")) {
    return {
      status: 200,
      raw: content,
      headers: { "content-type": "application/vnd.github.raw+json; charset=utf-8" },
    };
  }
  return ok({
    ...presentEntry(repository, entry, path, ref, links),
    content: content.toString("base64").replaceAll(/(.{60})/g, "$1\n"),
    encoding: "base64",
  });
}

function presentEntry(
  repository: Repository,
  entry: TreeEntry,
  path: string,
  ref: string,
  links: Links,
) {
  const folder = isFolder(entry);
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = `${repositoryUrl(repository, links)}/contents/${encoded}?ref=${encodeURIComponent(ref)}`;
  const git = `${repositoryUrl(repository, links)}/git/${folder ? "trees" : "blobs"}/${entry.sha}`;
  const html = `${repositoryPage(repository, links)}/${folder ? "tree" : "blob"}/${ref}/${encoded}`;
  return {
    name: entry.name,
    path,
    sha: entry.sha,
    size: folder ? 0 : (repository.objects.read(entry.sha)?.content.length ?? 0),
    url,
    html_url: html,
    git_url: git,
    download_url: folder
      ? null
      : `https://raw.githubusercontent.com/${repository.fullName}/${ref}/${encoded}`,
    type: folder ? "dir" : entry.mode === "120000" ? "symlink" : "file",
    _links: { self: url, git, html },
  };
}

function putContents(call: RepositoryCall): Answer {
  const { world, repository, actor, body, links, session } = call;
  const path = call.path["path"] ?? "";
  const branch = textIn(body, "branch") ?? repository.defaultBranch;
  const head = repository.refs.read(`refs/heads/${branch}`);
  if (!head) throw new Refused(404, `Branch ${branch} not found`);
  if (path.startsWith(".github/workflows/") && !mayChangeWorkflows(session)) {
    throw new Refused(403, refusalOf(session));
  }
  const tree = readCommit(repository.objects, head)?.tree ?? emptyTree;
  const known = entryAt(repository.objects, tree, path);
  const given = textIn(body, "sha");
  if (known && given === undefined)
    throw new Refused(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  if (given !== undefined && given !== known?.sha)
    throw new Refused(409, `${path} does not match ${given}`);
  const person = personOf(world, actor.login);
  const named = recordIn(body, "author") ?? recordIn(body, "committer");
  const sha = writeFiles(world, repository, {
    parents: [head],
    files: { [path]: Buffer.from(textIn(body, "content") ?? "", "base64") },
    message: textIn(body, "message") ?? "",
    author: {
      name: (named && textIn(named, "name")) ?? person.name,
      email: (named && textIn(named, "email")) ?? person.email,
    },
    ...(!named && { committer: { name: "GitHub", email: "noreply@github.com" } }),
  });
  if (!named) repository.verified.add(sha);
  moveRef(world, repository, actor, `refs/heads/${branch}`, sha);
  const commit = commitAt(repository, sha);
  const entry = commit && entryAt(repository.objects, commit.tree, path);
  return ok(
    {
      content: entry && presentEntry(repository, entry, path, branch, links),
      commit: commit && presentGitCommit(repository, commit, links),
    },
    known ? 200 : 201,
  );
}

function toArchive(call: RepositoryCall, format: "tar.gz" | "zip"): Answer {
  const { repository, links, session, headers } = call;
  const ref = call.path["ref"] || repository.defaultBranch;
  if (!resolveCommit(repository, ref)) throw new Refused(404, "Not Found");
  const form = format === "zip" ? "legacy.zip" : "legacy.tar.gz";
  // Who may read a private repository is told to the download's host by a token in the address.
  const bearer =
    repository.private && session.token ? (headers["authorization"]?.split(/\s+/)[1] ?? "") : "";
  const query = bearer ? `?token=${encodeURIComponent(bearer)}` : "";
  const location = `${links.codeload}/${repository.fullName}/${form}/${ref.split("/").map(encodeURIComponent).join("/")}${query}`;
  return { status: 302, headers: { location } };
}
