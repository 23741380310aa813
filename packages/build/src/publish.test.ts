import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { publishRelease } from "./publish.ts";

let folder: string;
let root: string;
let tree: string;
let remote: string;

const git = (...options: string[]): string =>
  execFileSync(
    "git",
    [
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.org",
      "-c",
      "commit.gpgSign=false",
      ...options,
    ],
    { cwd: root, encoding: "utf8" },
  ).trim();
const remoteRef = (ref: string): string =>
  execFileSync("git", ["rev-parse", ref], { cwd: remote, encoding: "utf8" }).trim();

/** Commits a source with this version, and makes a tree for it. */
function source(version: string, text = version): void {
  writeFileSync(join(root, "CHANGELOG.md"), `# Changelog\n\n## ${version}\n\n- ${text}\n`);
  writeFileSync(join(root, "package.json"), JSON.stringify({ version }));
  git("add", "--all");
  git("commit", "--quiet", "--message", text);
  const file = `export const version = "${version}";\n`;
  mkdirSync(join(tree, "promote"), { recursive: true });
  writeFileSync(join(tree, "promote/index.js"), file);
  writeFileSync(
    join(tree, "SHA256SUMS"),
    `${createHash("sha256").update(file).digest("hex")}  promote/index.js\n`,
  );
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "publish-"));
  [root, tree, remote] = [join(folder, "root"), join(folder, "tree"), join(folder, "remote.git")];
  for (const path of [root, remote]) mkdirSync(path);
  execFileSync("git", ["init", "--quiet", "--bare"], { cwd: remote });
  git("init", "--quiet", "--initial-branch=main");
  source("1.0.0");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("tags the tree on its source and moves the major tag", () => {
  const { tag, commit, major } = publishRelease(root, tree, remote);
  expect([tag, major]).toEqual(["v1.0.0", "v1"]);
  expect(remoteRef("v1.0.0")).toBe(commit);
  expect(remoteRef("v1")).toBe(commit);
  expect(remoteRef("v1.0.0^")).toBe(git("rev-parse", "HEAD"));
  expect(
    execFileSync("git", ["ls-tree", "-r", "--name-only", "v1"], { cwd: remote, encoding: "utf8" }),
  ).toBe("SHA256SUMS\npromote/index.js\n");
  expect(git("status", "--porcelain")).toBe("");
});

test("a second run does nothing but look", () => {
  const first = publishRelease(root, tree, remote);
  const second = publishRelease(root, tree, remote);
  expect(second.commit).toBe(first.commit);
  expect(second.done).toEqual(["fetched v1.0.0 and checked its files"]);
});

test("a run that broke off after the tag goes on", () => {
  const { commit } = publishRelease(root, tree, remote);
  execFileSync("git", ["tag", "--delete", "v1"], { cwd: remote });
  expect(publishRelease(root, tree, remote).done).toContain("moved v1 to v1.0.0");
  expect(remoteRef("v1")).toBe(commit);
});

test("a released version never changes", () => {
  const { commit } = publishRelease(root, tree, remote);
  source("1.0.0", "something else");
  expect(() => publishRelease(root, tree, remote)).toThrow(
    /v1\.0\.0 exists on .* a released version never changes/,
  );
  expect(remoteRef("v1.0.0")).toBe(commit);
  expect(remoteRef("v1")).toBe(commit);
});

test("the major tag goes forward only", () => {
  publishRelease(root, tree, remote);
  source("1.10.0");
  const { commit } = publishRelease(root, tree, remote);
  expect(remoteRef("v1")).toBe(commit);
  source("1.9.1");
  expect(publishRelease(root, tree, remote).done).toContain(
    "left v1 where it is: v1.10.0 is newer",
  );
  expect(remoteRef("v1")).toBe(commit);
});

test("a tree that is not what its sums say moves nothing", () => {
  publishRelease(root, tree, remote);
  const before = remoteRef("v1");
  source("1.0.1");
  writeFileSync(join(tree, "promote/index.js"), "changed");
  writeFileSync(join(tree, "more.js"), "more");
  expect(() => publishRelease(root, tree, remote)).toThrow(
    "files of v1.0.1 differ from SHA256SUMS: more.js, promote/index.js",
  );
  expect(remoteRef("v1")).toBe(before);
});

test("changes that are not committed, and versions that disagree, are in the way", () => {
  writeFileSync(join(root, "new.txt"), "x");
  expect(() => publishRelease(root, tree, remote)).toThrow("not committed");
  rmSync(join(root, "new.txt"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ version: "1.0.1" }));
  git("commit", "--quiet", "--all", "--message", "x");
  expect(() => publishRelease(root, tree, remote)).toThrow(
    "CHANGELOG.md is at 1.0.0 and package.json at 1.0.1",
  );
});
