import { readCommit, readTag, writeCommit, writeTag, type Stamp } from "../git/commits.ts";
import {
  changeTree,
  isFolder,
  listFiles,
  readTree,
  type TreeChange,
  type TreeEntry,
} from "../git/trees.ts";
import { presentGitCommit, presentRef, presentTag } from "../present/git.ts";
import { repositoryUrl } from "../present/repositories.ts";
import { createRef, moveRef, updateRef } from "../source.ts";
import { refusalOf } from "../tokens.ts";
import { bringsWorkflows } from "../workflow-files.ts";
import { nodeId, personOf, Refused, type Repository } from "../world.ts";
import { flagIn, recordIn, textIn } from "./fields.ts";
import { noContent, ok, route, type RepositoryCall, type Route } from "./route.ts";

/** The git database: refs and objects. */
export const gitRoutes: Route[] = [
  route("GET /git/ref/{ref}", "contents=read", (call) => {
    const name = `refs/${call.path["ref"]}`;
    const sha = call.repository.refs.read(name);
    if (!sha) throw new Refused(404, "Not Found");
    return ok(presentRef(call.repository, { name, sha }, call.links));
  }),
  route("GET /git/matching-refs/{ref}", "contents=read", ({ repository, path, links }) =>
    ok(
      repository.refs.list(`refs/${path["ref"]}`).map((ref) => presentRef(repository, ref, links)),
    ),
  ),
  route("POST /git/refs", "contents=write", (call) => {
    const { world, repository, actor, body, links } = call;
    const [name, sha] = [textIn(body, "ref") ?? "", textIn(body, "sha") ?? ""];
    guardWorkflows(call, name, sha);
    createRef(world, repository, actor, name, sha);
    return ok(presentRef(repository, { name, sha }, links), 201);
  }),
  route("PATCH /git/refs/{ref}", "contents=write", (call) => {
    const { world, repository, actor, body, path, links } = call;
    const [name, sha] = [`refs/${path["ref"]}`, textIn(body, "sha") ?? ""];
    if (repository.refs.read(name)) guardWorkflows(call, name, sha);
    updateRef(world, repository, actor, name, sha, flagIn(body, "force") ?? false);
    return ok(presentRef(repository, { name, sha }, links));
  }),
  route("DELETE /git/refs/{ref}", "contents=write", ({ world, repository, actor, path }) => {
    const name = `refs/${path["ref"]}`;
    if (!repository.refs.read(name)) throw new Refused(422, "Reference does not exist");
    moveRef(world, repository, actor, name, undefined);
    return noContent;
  }),

  route("GET /git/tags/{tag_sha}", "contents=read", ({ repository, path, links }) => {
    const tag = readTag(repository.objects, path["tag_sha"] ?? "");
    if (!tag) throw new Refused(404, "Not Found");
    return ok(presentTag(repository, tag, links));
  }),
  route("POST /git/tags", "contents=write", (call) => {
    const { repository, body, links } = call;
    const object = textIn(body, "object") ?? "";
    const type = repository.objects.read(object)?.type;
    if (!type || type !== textIn(body, "type")) throw new Refused(422, "Object does not exist");
    const sha = writeTag(repository.objects, {
      object,
      type,
      tag: textIn(body, "tag") ?? "",
      tagger: stampIn(call, "tagger"),
      message: textIn(body, "message") ?? "",
    });
    const tag = readTag(repository.objects, sha);
    return ok(tag && presentTag(repository, tag, links), 201);
  }),

  route("GET /git/commits/{commit_sha}", "contents=read", ({ repository, path, links }) => {
    const commit = readCommit(repository.objects, path["commit_sha"] ?? "");
    if (!commit) throw new Refused(404, "Not Found");
    return ok(presentGitCommit(repository, commit, links));
  }),
  route("POST /git/commits", "contents=write", (call) => {
    const { repository, body, links, session } = call;
    const { objects } = repository;
    const tree = textIn(body, "tree") ?? "";
    if (objects.read(tree)?.type !== "tree") throw new Refused(422, "Tree SHA does not exist");
    const parents = Array.isArray(body["parents"]) ? body["parents"].map(String) : [];
    if (parents.some((parent) => objects.read(parent)?.type !== "commit")) {
      throw new Refused(422, "Parent SHA does not exist or is not a commit object");
    }
    const author = stampIn(call, "author");
    const signature = textIn(body, "signature");
    const sha = writeCommit(objects, {
      tree,
      parents,
      author,
      committer: body["committer"] ? stampIn(call, "committer") : author,
      message: textIn(body, "message") ?? "",
      ...(signature && { signature }),
    });
    // GitHub signs what a bot commits in its own name.
    const bot = session.token !== undefined && session.token.kind !== "user";
    if (bot && !body["author"] && !body["committer"]) repository.verified.add(sha);
    const commit = readCommit(objects, sha);
    return ok(commit && presentGitCommit(repository, commit, links), 201);
  }),

  route("GET /git/trees/{tree_sha}", "contents=read", ({ repository, path, query, links }) => {
    const sha = treeOf(repository, path["tree_sha"] ?? "");
    if (!sha) throw new Refused(404, "Not Found");
    return ok(presentTree(repository, sha, query.has("recursive"), links));
  }),
  route("POST /git/trees", "contents=write", ({ repository, body, links }) => {
    const { objects } = repository;
    const base = textIn(body, "base_tree");
    const baseTree = base === undefined ? undefined : treeOf(repository, base);
    if (base !== undefined && !baseTree) throw new Refused(404, "Not Found");
    const entries = Array.isArray(body["tree"]) ? (body["tree"] as Record<string, unknown>[]) : [];
    if (entries.length === 0) throw new Refused(422, "Invalid tree info");
    const changes = new Map<string, TreeChange>();
    for (const entry of entries) {
      const [path, content, sha] = [
        textIn(entry, "path") ?? "",
        textIn(entry, "content"),
        textIn(entry, "sha"),
      ];
      if (path === "" || path.startsWith("/") || path.split("/").includes("..")) {
        throw new Refused(422, "tree.path contains a malformed path component");
      }
      const blob = content === undefined ? sha : objects.write("blob", Buffer.from(content));
      if (blob && !objects.read(blob))
        throw new Refused(422, `tree.sha ${blob} is not a valid object`);
      changes.set(path, blob ? { sha: blob, mode: textIn(entry, "mode") ?? "100644" } : null);
    }
    return ok(presentTree(repository, changeTree(objects, baseTree, changes), false, links), 201);
  }),

  route("GET /git/blobs/{file_sha}", "contents=read", ({ repository, path, links }) => {
    const sha = path["file_sha"] ?? "";
    const object = repository.objects.read(sha);
    if (object?.type !== "blob") throw new Refused(404, "Not Found");
    return ok({
      sha,
      node_id: nodeId("B", `${repository.id}:${sha}`),
      size: object.content.length,
      url: `${repositoryUrl(repository, links)}/git/blobs/${sha}`,
      content: object.content.toString("base64"),
      encoding: "base64",
    });
  }),
  route("POST /git/blobs", "contents=write", ({ repository, body, links }) => {
    const encoding = textIn(body, "encoding") === "base64" ? "base64" : "utf8";
    const sha = repository.objects.write(
      "blob",
      Buffer.from(textIn(body, "content") ?? "", encoding),
    );
    return ok({ sha, url: `${repositoryUrl(repository, links)}/git/blobs/${sha}` }, 201);
  }),
];

/** 403 for workflow files that no branch has, by a token without `workflows`. */
export function guardWorkflows(call: RepositoryCall, ref: string, sha: string): void {
  if (!bringsWorkflows(call, ref, sha)) return;
  throw new Refused(403, refusalOf(call.session), {
    headers: { "x-accepted-github-permissions": "contents=write,workflows=write" },
  });
}

function stampIn(call: RepositoryCall, field: string): Stamp {
  const given = recordIn(call.body, field);
  const person = personOf(call.world, call.actor.login);
  const date = given && textIn(given, "date");
  return {
    name: (given && textIn(given, "name")) ?? person.name,
    email: (given && textIn(given, "email")) ?? person.email,
    date: date ? new Date(date) : call.world.clock.now(),
  };
}

/** The tree of a tree, commit, branch or tag. */
function treeOf(repository: Repository, name: string): string | undefined {
  const { objects, refs } = repository;
  const sha = refs.read(`refs/heads/${name}`) ?? refs.read(`refs/tags/${name}`) ?? name;
  const type = objects.read(sha)?.type;
  if (type === "tree") return sha;
  const tag = readTag(objects, sha);
  return readCommit(objects, tag?.object ?? sha)?.tree;
}

function presentTree(
  repository: Repository,
  sha: string,
  recursive: boolean,
  links: RepositoryCall["links"],
): object {
  const { objects } = repository;
  const url = `${repositoryUrl(repository, links)}/git`;
  const entries: (TreeEntry & { path: string })[] = recursive
    ? listFiles(objects, sha).map((file) => ({ ...file, name: file.path }))
    : readTree(objects, sha).map((entry) => ({ ...entry, path: entry.name }));
  return {
    sha,
    url: `${url}/trees/${sha}`,
    tree: entries.map((entry) => {
      const folder = isFolder(entry);
      const type = folder ? "tree" : entry.mode === "160000" ? "commit" : "blob";
      return {
        path: entry.path,
        mode: entry.mode.padStart(6, "0"),
        type,
        sha: entry.sha,
        ...(type === "blob" && { size: objects.read(entry.sha)?.content.length }),
        url: `${url}/${type}s/${entry.sha}`,
      };
    }),
    truncated: false,
  };
}
