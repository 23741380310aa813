import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const tutorial = readFileSync(join(root, "docs/tutorial/first-pipeline.md"), "utf8");

/** The files that the tutorial shows: a path alone on its line, then the block. */
const files = [...tutorial.matchAll(/^`([^`\n]+)`\n\n```\w*\n([^]*?)^```$/gm)].map((match) => ({
  path: match[1] ?? "",
  text: match[2] ?? "",
}));

test("the tutorial shows every file of its pipeline", () => {
  expect(files.map(({ path }) => path).toSorted()).toEqual([
    ".github/release-pipeline.yml",
    ".github/workflows/build.yml",
    ".github/workflows/production.yml",
    ".github/workflows/staging.yml",
    "deploy/web.yml",
    "rehearsal.yml",
    "rehearsal/service/server.mjs",
    "smoke.yml",
  ]);
});

test("the rehearsal reads the tutorial's files", () => {
  const folder = mkdtempSync(join(tmpdir(), "tutorial-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--conditions=source", join(root, "packages/rehearsal/src/main.ts"), folder, "--list"],
    { encoding: "utf8" },
  );
  expect(stdout).toContain("Release, and back again");
  expect(status).toBe(0);
});
