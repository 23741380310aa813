import type { ObjectStore } from "./objects.ts";

export type Stamp = { name: string; email: string; date: Date };
export type Commit = {
  sha: string;
  tree: string;
  parents: string[];
  author: Stamp;
  committer: Stamp;
  message: string;
  /** The armoured signature, where there is one. */
  signature?: string;
};
export type AnnotatedTag = {
  sha: string;
  object: string;
  type: string;
  tag: string;
  tagger: Stamp;
  message: string;
  signature?: string;
};

// Walks over the history read the same commits again and again.
const parsed = new WeakMap<ObjectStore, Map<string, Commit>>();

export function readCommit(objects: ObjectStore, sha: string): Commit | undefined {
  const known = parsed.get(objects) ?? new Map<string, Commit>();
  parsed.set(objects, known);
  const commit = known.get(sha) ?? parseCommit(objects, sha);
  if (commit) known.set(sha, commit);
  return commit;
}

function parseCommit(objects: ObjectStore, sha: string): Commit | undefined {
  const object = objects.read(sha);
  if (object?.type !== "commit") return undefined;
  const { headers, message } = parse(object.content.toString("utf8"));
  const one = (name: string) => headers.find(([key]) => key === name)?.[1] ?? "";
  const signature = one("gpgsig");
  return {
    sha,
    tree: one("tree"),
    parents: headers.filter(([key]) => key === "parent").map(([, value]) => value),
    author: parseStamp(one("author")),
    committer: parseStamp(one("committer")),
    message,
    ...(signature && { signature }),
  };
}

export function writeCommit(objects: ObjectStore, commit: Omit<Commit, "sha">): string {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatStamp(commit.author)}`,
    `committer ${formatStamp(commit.committer)}`,
    ...(commit.signature ? [`gpgsig ${commit.signature.trimEnd().replaceAll("\n", "\n ")}`] : []),
    "",
    commit.message.endsWith("\n") ? commit.message : `${commit.message}\n`,
  ];
  return objects.write("commit", Buffer.from(lines.join("\n")));
}

export function readTag(objects: ObjectStore, sha: string): AnnotatedTag | undefined {
  const object = objects.read(sha);
  if (object?.type !== "tag") return undefined;
  const { headers, message } = parse(object.content.toString("utf8"));
  const fields = new Map(headers);
  const signed = /^-----BEGIN (PGP|SSH) SIGNATURE-----/m.exec(message);
  return {
    sha,
    object: fields.get("object") ?? "",
    type: fields.get("type") ?? "",
    tag: fields.get("tag") ?? "",
    tagger: parseStamp(fields.get("tagger") ?? ""),
    message: signed ? message.slice(0, signed.index) : message,
    ...(signed && { signature: message.slice(signed.index) }),
  };
}

export function writeTag(
  objects: ObjectStore,
  tag: { object: string; type: string; tag: string; tagger: Stamp; message: string },
): string {
  const text = [
    `object ${tag.object}`,
    `type ${tag.type}`,
    `tag ${tag.tag}`,
    `tagger ${formatStamp(tag.tagger)}`,
    "",
    tag.message.endsWith("\n") ? tag.message : `${tag.message}\n`,
  ].join("\n");
  return objects.write("tag", Buffer.from(text));
}

/** The commit that an object leads to: itself, or what a tag names. */
export function peel(objects: ObjectStore, sha: string): string | undefined {
  const type = objects.read(sha)?.type;
  if (type === "commit") return sha;
  const tag = type === "tag" ? readTag(objects, sha) : undefined;
  return tag && peel(objects, tag.object);
}

/** A commit and its ancestors: children before parents, newest first among equals, as `git log --date-order` has them. */
export function ancestry(objects: ObjectStore, tip: string): Commit[] {
  const commits = new Map<string, Commit>();
  const children = new Map<string, number>();
  const reach = [tip];
  for (let sha = reach.pop(); sha; sha = reach.pop()) {
    if (commits.has(sha)) continue;
    const commit = readCommit(objects, sha);
    if (!commit) continue;
    commits.set(sha, commit);
    for (const parent of commit.parents) children.set(parent, (children.get(parent) ?? 0) + 1);
    reach.push(...commit.parents);
  }
  const ordered: Commit[] = [];
  const ready = [commits.get(tip)].filter((commit) => commit !== undefined);
  while (ready.length > 0) {
    ready.sort((a, b) => b.committer.date.getTime() - a.committer.date.getTime());
    const next = ready.shift();
    if (!next) break;
    ordered.push(next);
    for (const parent of next.parents) {
      const left = (children.get(parent) ?? 1) - 1;
      children.set(parent, left);
      const commit = commits.get(parent);
      if (left === 0 && commit) ready.push(commit);
    }
  }
  return ordered;
}

export type Comparison = {
  status: "ahead" | "behind" | "diverged" | "identical";
  /** Commits of the head that the base has not, oldest first. */
  commits: Commit[];
  aheadBy: number;
  behindBy: number;
  mergeBase: string | undefined;
};

export function compareCommits(objects: ObjectStore, base: string, head: string): Comparison {
  const ofBase = ancestry(objects, base);
  const ofHead = ancestry(objects, head);
  const inBase = new Set(ofBase.map((commit) => commit.sha));
  const inHead = new Set(ofHead.map((commit) => commit.sha));
  const commits = ofHead.filter((commit) => !inBase.has(commit.sha)).reverse();
  const behindBy = ofBase.filter((commit) => !inHead.has(commit.sha)).length;
  const aheadBy = commits.length;
  const status =
    aheadBy > 0 && behindBy > 0
      ? "diverged"
      : aheadBy > 0
        ? "ahead"
        : behindBy > 0
          ? "behind"
          : "identical";
  return {
    status,
    commits,
    aheadBy,
    behindBy,
    mergeBase: ofHead.find((commit) => inBase.has(commit.sha))?.sha,
  };
}

function parse(text: string): { headers: [string, string][]; message: string } {
  const end = text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  const headers = head
    .replaceAll("\n ", "\u0001")
    .split("\n")
    .map((line): [string, string] => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), line.slice(space + 1).replaceAll("\u0001", "\n")];
    });
  return { headers, message: end < 0 ? "" : text.slice(end + 2) };
}

function formatStamp(stamp: Stamp): string {
  const clean = (text: string) => text.replaceAll(/[<>\n]/g, "");
  return `${clean(stamp.name)} <${clean(stamp.email)}> ${Math.floor(stamp.date.getTime() / 1000)} +0000`;
}

function parseStamp(text: string): Stamp {
  const match = /^(.*?) ?<([^>]*)> (\d+)/.exec(text);
  return {
    name: match?.[1] ?? "",
    email: match?.[2] ?? "",
    date: new Date(Number(match?.[3] ?? 0) * 1000),
  };
}
