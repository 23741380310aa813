import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { RunResult, WorkflowRequest } from "./contract.ts";
import { printed, runSteps } from "./fixture.ts";

const execute = promisify(execFile);

/** github.com is a folder here: git is told so in its own configuration. */
let machine: Record<string, string>;
let sha: { first: string; second: string; side: string };

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "checkout-"));
  const work = join(root, "work");
  const git = async (...args: string[]): Promise<string> =>
    (
      await execute("git", ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", ...args], {
        cwd: work,
      })
    ).stdout.trim();
  await execute("git", ["init", "--quiet", "--initial-branch=main", work]);
  const commit = async (text: string): Promise<string> => {
    await writeFile(join(work, "file.txt"), text);
    await git("add", ".");
    await git("commit", "--quiet", "-m", text);
    return git("rev-parse", "HEAD");
  };
  const first = await commit("first");
  await git("tag", "-a", "1.0.0", "-m", "one");
  const second = await commit("second");
  await git("checkout", "--quiet", "-b", "side");
  const side = await commit("side");
  await git("checkout", "--quiet", "main");
  sha = { first, second, side };
  await execute("git", ["clone", "--quiet", "--bare", work, join(root, "github/example/shop")]);
  await execute("git", [
    "-C",
    join(root, "github/example/shop"),
    "config",
    "uploadpack.allowAnySHA1InWant",
    "true",
  ]);
  const config = join(root, "gitconfig");
  await writeFile(config, `[url "file://${root}/github/"]\n\tinsteadOf = https://github.com/\n`);
  machine = { GIT_CONFIG_GLOBAL: config };
});

/** What the scripts print, without what git and the checkout say. */
function own(result: RunResult): string[] {
  return printed(result).filter(
    (line) => !/^\[command\]|^HEAD is now|^[0-9a-f]{40}\t|^ref: |^commit /.test(line),
  );
}

async function checkOut(
  inputs: string,
  changes: Partial<WorkflowRequest> = {},
): Promise<{ lines: string[]; result: RunResult }> {
  const result = await runSteps(
    `- {id: c, uses: actions/checkout@v6, with: {${inputs}}}\n- run: |\n    cat file.txt; echo\n    git log --format=%H | wc -l\n    git status --porcelain --branch | head -1\n    echo "\${{ steps.c.outputs.commit }}"\n    git tag --list\n    git cat-file -t 1.0.0 2>/dev/null || true\n- run: git config --get-all http.https://github.com/.extraheader | cut -c1-21 || true`,
    { env: machine, sha: sha.second, ...changes },
  );
  return { lines: own(result), result };
}

describe("actions/checkout", () => {
  test("the run's commit on its branch, one commit deep, with the token in git's configuration until the post step", async () => {
    const { lines, result } = await checkOut("");
    expect(lines).toEqual([
      "second",
      "1",
      "## main...origin/main",
      sha.second,
      "AUTHORIZATION: basic ",
    ]);
    expect(result.jobs["a"]?.steps.at(-1)).toMatchObject({
      name: "Post Run actions/checkout@v6",
      outcome: "success",
    });
    const folder = join(machineFolder(result), "shop");
    expect(await readFile(join(folder, ".git/config"), "utf8")).not.toContain("git-credentials");
    expect(result.log).not.toContain("token-of-a");
  });

  test("persist-credentials: false, the whole history", async () => {
    const { lines } = await checkOut("persist-credentials: false, fetch-depth: 0");
    expect(lines).toEqual(["second", "2", "## main...origin/main", sha.second, "1.0.0", "tag"]);
  });

  test("a tag stays annotated", async () => {
    const { lines } = await checkOut("persist-credentials: false", {
      ref: "refs/tags/1.0.0",
      refType: "tag",
      sha: sha.first,
    });
    expect(lines).toEqual(["first", "1", "## HEAD (no branch)", sha.first, "1.0.0", "tag"]);
  });

  test.each<[inputs: string, file: string, branch: string]>([
    ["ref: side", "side", "## side...origin/side"],
    ["ref: refs/heads/side", "side", "## side...origin/side"],
    ["ref: 1.0.0", "first", "## HEAD (no branch)"],
    ["ref: '${{ github.sha }}'", "second", "## HEAD (no branch)"],
    ["repository: Example/Shop", "second", "## main...origin/main"],
  ])("%s", async (inputs, file, branch) => {
    const { lines } = await checkOut(
      `persist-credentials: false, ${inputs}`.replace("Example/Shop", "example/shop"),
    );
    expect([lines[0], lines[2]]).toEqual([file, branch]);
  });

  test("into a folder, beside what is there", async () => {
    const result = await runSteps(
      "- run: echo mine > own.txt\n- {uses: actions/checkout@v6, with: {path: sub/shop}}\n- run: cat own.txt sub/shop/file.txt",
      { env: machine, sha: sha.second },
    );
    expect(own(result)).toEqual(["mine", "second"]);
  });

  test.each<[inputs: string, message: RegExp]>([
    ["ref: nowhere", /A branch or tag with the name 'nowhere' could not be found/],
    ["repository: example/other", /exit code 128/],
    ["repository: '--upload-pack=x'", /Invalid repository/],
    ["path: ../out", /is not under/],
    ["submodules: recursive", /submodules: recursive cannot be rehearsed/],
  ])("%s fails", async (inputs, message) => {
    const { result } = await checkOut(inputs);
    expect(
      result.jobs["a"]?.annotations.map((annotation) => annotation.message).join("\n"),
    ).toMatch(message);
    expect(result.jobs["a"]?.steps[0]?.outcome).toBe("failure");
  });

  test("then local actions are found", async () => {
    const result = await runSteps(
      "- {uses: actions/checkout@v6}\n- run: |\n    mkdir -p tool && echo 'runs: {using: composite, steps: [{shell: bash, run: echo local}]}' > tool/action.yml\n- uses: ./tool",
      { env: machine, sha: sha.second },
    );
    expect(result.jobs["a"]?.steps[2]?.log).toContain("local");
    expect(result.conclusion).toBe("success");
  });

  test("no credentials file is left behind", async () => {
    const { result } = await checkOut("");
    const temp = join(machineFolder(result), "..", "_temp");
    expect((await readdir(temp)).filter((name) => name.startsWith("git-credentials"))).toEqual([]);
  });
});

/** The folder that holds the workspace, read from the log of the run. */
function machineFolder(result: RunResult): string {
  const found = /\[command\]git init --quiet (\S+)\/shop$/m.exec(result.log);
  return found?.[1] ?? "";
}
