import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Publication = {
  tag: string;
  commit: string;
  source: string;
  major: string;
  done: string[];
};

type Git = (folder: string, options: string[], variables?: Record<string, string>) => string;

/**
 * Publishes a built tree as the next release: commits it onto the source commit, tags it vX.Y.Z, fetches the tag again and
 * checks every file, and only then moves vX. The version is the top one of CHANGELOG.md. Every step looks first, so a run
 * that broke off is simply run again: the commit has the date of its source and comes out the same.
 * @throws Error that says what is in the way; what was pushed before stays
 */
export function publishRelease(
  root: string,
  tree: string,
  remote: string,
  token?: string,
): Publication {
  const git = gitWith(token);
  const version = releaseVersion(root);
  const [tag, major] = [`v${version}`, `v${version.split(".")[0]}`];
  if (git(root, ["status", "--porcelain"]) !== "")
    throw new Error("the work tree has changes that are not committed");
  const source = git(root, ["rev-parse", "HEAD"]);
  const commit = commitTree(git, root, tree, source, tag);

  const done: string[] = [];
  const existing = remoteTags(git, root, remote).get(tag);
  if (existing !== undefined && existing !== commit) {
    throw new Error(
      `${tag} exists on ${existing}, and this source makes ${commit}: a released version never changes. Next: put a new version on top of CHANGELOG.md and into package.json`,
    );
  }
  if (existing === undefined) {
    git(root, ["push", "--quiet", remote, `${commit}:refs/tags/${tag}`]);
    done.push(`tagged ${commit} as ${tag}`);
  }
  verify(git, remote, tag, commit, source);
  done.push(`fetched ${tag} and checked its files`);

  const tags = remoteTags(git, root, remote);
  const newer = [...tags.keys()].filter(
    (name) => name.startsWith(`${major}.`) && isNewer(name, tag),
  );
  const moved = tags.get(major);
  if (newer.length > 0) done.push(`left ${major} where it is: ${newer.join(", ")} is newer`);
  else if (moved !== commit) {
    git(root, [
      "push",
      "--quiet",
      `--force-with-lease=refs/tags/${major}:${moved ?? ""}`,
      remote,
      `+${commit}:refs/tags/${major}`,
    ]);
    if (remoteTags(git, root, remote).get(major) !== commit)
      throw new Error(`${major} is not on ${commit} after the push`);
    done.push(`moved ${major} to ${tag}`);
  }
  return { tag, commit, source, major, done };
}

/** The top version of CHANGELOG.md, which package.json must have too. */
function releaseVersion(root: string): string {
  const version = /^## \[?(\d+\.\d+\.\d+)\b/m.exec(
    readFileSync(join(root, "CHANGELOG.md"), "utf8"),
  )?.[1];
  if (!version) throw new Error("CHANGELOG.md has no heading of the form `## 1.2.3`");
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version?: string;
  };
  if (manifest.version !== version)
    throw new Error(`CHANGELOG.md is at ${version} and package.json at ${manifest.version}`);
  return version;
}

/** Makes the commit in the local repository, without touching its index or branch. */
function commitTree(git: Git, root: string, tree: string, source: string, tag: string): string {
  const folder = mkdtempSync(join(tmpdir(), "release-index-"));
  try {
    const index = { GIT_INDEX_FILE: join(folder, "index") };
    git(root, ["--work-tree", tree, "add", "--all", "--force", "."], index);
    const made = git(root, ["write-tree"], index);
    const date = git(root, ["show", "--no-patch", "--format=%cI", source]);
    const person = {
      NAME: "release-actions",
      EMAIL: "release-actions@users.noreply.github.com",
      DATE: date,
    };
    const identity = Object.fromEntries(
      Object.entries(person).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    );
    return git(
      root,
      [
        "-c",
        "commit.gpgSign=false",
        "commit-tree",
        made,
        "-p",
        source,
        "-m",
        `${tag}\n\nBuilt from ${source} by \`npm run release-tree\`.`,
      ],
      identity,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What users will get, read from the remote into an empty repository. */
function verify(git: Git, remote: string, tag: string, commit: string, source: string): void {
  const folder = mkdtempSync(join(tmpdir(), "release-verify-"));
  try {
    git(folder, ["init", "--quiet"]);
    git(folder, ["fetch", "--quiet", "--depth=2", remote, `refs/tags/${tag}`]);
    git(folder, ["-c", "advice.detachedHead=false", "checkout", "--quiet", "FETCH_HEAD"]);
    if (git(folder, ["rev-parse", "HEAD"]) !== commit)
      throw new Error(`${tag} is not on ${commit}`);
    if (git(folder, ["rev-parse", "HEAD^"]) !== source)
      throw new Error(`${tag} does not stand on its source, ${source}`);
    const wrong = differingFiles(folder);
    if (wrong.length > 0)
      throw new Error(`files of ${tag} differ from SHA256SUMS: ${wrong.join(", ")}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function differingFiles(folder: string): string[] {
  const sums = new Map(
    readFileSync(join(folder, "SHA256SUMS"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(66), line.slice(0, 64)] as const),
  );
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith(".git/") && path !== "SHA256SUMS");
  const unlisted = files.filter((path) => !sums.has(path));
  const wrong = [...sums].filter(
    ([path, sum]) =>
      !files.includes(path) ||
      createHash("sha256")
        .update(readFileSync(join(folder, path)))
        .digest("hex") !== sum,
  );
  return [...unlisted, ...wrong.map(([path]) => path)];
}

/** Tags of the remote and the commits they lead to. */
function remoteTags(git: Git, root: string, remote: string): Map<string, string> {
  const tags = new Map<string, string>();
  for (const line of git(root, ["ls-remote", "--tags", remote]).split("\n")) {
    const match = /^([0-9a-f]{40,64})\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line);
    if (match?.[1] && match[2]) tags.set(match[2], match[1]);
  }
  return tags;
}

function isNewer(one: string, other: string): boolean {
  const parts = (tag: string): number[] =>
    /^v\d+\.\d+\.\d+$/.test(tag) ? tag.slice(1).split(".").map(Number) : [];
  const [a, b] = [parts(one), parts(other)];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

/** git with the token in its environment, where no process list shows it. */
function gitWith(token: string | undefined): Git {
  const credentials: Record<string, string> = token
    ? {
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "http.extraHeader",
        GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`,
      }
    : {};
  return (folder, options, variables = {}) => {
    const env = { ...process.env, ...credentials, ...variables, GIT_TERMINAL_PROMPT: "0" };
    const { status, stdout, stderr } = spawnSync("git", options, {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    if (status !== 0)
      throw new Error(
        `git ${options.find((option) => /^[a-z]/.test(option)) ?? ""} failed: ${stderr.trim()}`,
      );
    return stdout.trim();
  };
}
