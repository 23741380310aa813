import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { caseTable, type TestedFile } from "./case-table.ts";
import { generate, staleFiles } from "./generate.ts";
import { publishRelease } from "./publish.ts";
import { writeReadmeWorkflows } from "./readme-workflows.ts";
import { buildReleaseTree, refreshReleaseTree } from "./release-tree.ts";

type VitestReport = Record<"numPassedTests" | "numPendingTests" | "numTodoTests", number> & {
  testResults: TestedFile[];
};
type Task = (root: string, options: string[]) => Promise<number>;

/** What `npm run …` calls, by name. Each returns the exit code. */
const tasks: Record<string, Task> = {
  test: testAll,
  "test-slow": testSlow,
  "bad-input": badInput,
  peers: testPeers,
  lint: async (root) =>
    Math.max(tool(root, "oxlint", ["--deny-warnings"]), tool(root, "oxfmt", ["--check", "."])),
  format: async (root) => tool(root, "oxfmt", ["."]),
  generate: async (root) => {
    const written = generate(root);
    console.log(
      written.length === 0
        ? "Nothing to write."
        : `Written:\n${written.map((path) => `  ${path}`).join("\n")}`,
    );
    return 0;
  },
  "check-generated": async (root) => checkGenerated(root),
  "readme-workflows": async (root) => {
    const names = writeReadmeWorkflows(root, join(root, "out/readme-workflows"));
    console.log(`out/readme-workflows: ${names.join(", ")}`);
    return 0;
  },
  unused: async (root) => tool(root, "knip", []),
  "check-types": async (root) => tool(root, "tsc", ["-b"]),
  "release-tree": releaseTree,
  publish,
  rehearse: async (root, options) => {
    refreshReleaseTree(root);
    return node(root, [join(root, "packages/rehearsal/src/main.ts"), ...options]);
  },
  bench: async (root, options) => {
    refreshReleaseTree(root);
    return node(root, [join(root, "actions/test-support/bench/main.ts"), ...options]);
  },
  planted: async (root, options) => {
    refreshReleaseTree(root);
    return node(root, [join(root, "packages/rehearsal/src/planted/main.ts"), ...options]);
  },
  "second-runner": async (root, options) => {
    refreshReleaseTree(root);
    return node(root, [join(root, "packages/rehearsal/src/second-runner/main.ts"), ...options]);
  },
  "stand-in": (root, options) =>
    server(root, [join(root, "packages/rehearsal/src/stand-in/main.ts"), ...options]),
};

export async function runTask(root: string, name: string, options: string[]): Promise<number> {
  const task = tasks[name];
  if (!task) {
    console.error(
      `There is no task ${JSON.stringify(name)}. There are: ${Object.keys(tasks).join(", ")}.`,
    );
    return 2;
  }
  try {
    return await task(root, options);
  } catch (error) {
    console.error(error instanceof Error ? `${name}: ${error.message}` : error);
    return 1;
  }
}

async function releaseTree(root: string, options: string[]): Promise<number> {
  const at = options.indexOf("--out");
  const out = at < 0 ? join(root, "out/release") : options[at + 1];
  if (!out) throw new Error("--out needs a folder");
  const { files, bytes } = buildReleaseTree(root, out);
  console.log(`${out}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB`);
  return 0;
}

/** Builds the tree twice, in two folders, and publishes it if both are the same. */
async function publish(root: string, [remote = "origin"]: string[]): Promise<number> {
  const trees = ["out/release", "out/release-again"].map((folder) => join(root, folder));
  for (const tree of trees) buildReleaseTree(root, tree);
  const [one, other] = trees.map((tree) => readFileSync(join(tree, "SHA256SUMS"), "utf8"));
  if (one !== other)
    throw new Error("two builds differ; see SHA256SUMS in out/release and out/release-again");
  const { tag, commit, source, done } = publishRelease(
    root,
    join(root, "out/release"),
    remote,
    process.env["GITHUB_TOKEN"],
  );
  console.log(
    `${tag}: ${commit}, built from ${source}\n${done.map((line) => `  ${line}`).join("\n")}`,
  );
  return 0;
}

function checkGenerated(root: string): number {
  const stale = staleFiles(root);
  for (const { path, difference } of stale)
    console.error(`${path} is not what \`npm run generate\` writes:\n${difference}`);
  if (stale.length === 0) console.log("Generated files: up to date.");
  return stale.length === 0 ? 0 : 1;
}

type Sum = { passed: number; failed: number; skipped: number };

/** Everything that has to hold, counted; the last line is the sum. */
async function testAll(root: string, options: string[]): Promise<number> {
  const steps: [string, () => number | void][] = [
    ["types", () => tool(root, "tsc", ["-b"])],
    ["generated files", () => checkGenerated(root)],
    ["release tree", () => refreshReleaseTree(root)],
  ];
  const held = steps.filter(([name, step]) => {
    if (holds(step)) return true;
    console.error(`FAILED: ${name}`);
    return false;
  });
  const tests = runTests(root, options);
  return end({
    ...tests,
    passed: tests.passed + held.length,
    failed: tests.failed + steps.length - held.length,
  });
}

/** The tests that take minutes: the rehearsal with one thing after the other taken away. */
async function testSlow(root: string, options: string[]): Promise<number> {
  refreshReleaseTree(root);
  process.env["TESTS"] = "slow";
  return end(runTests(root, options));
}

/** The built promote-image and our client beside real clients and a real registry. */
async function testPeers(root: string, options: string[]): Promise<number> {
  refreshReleaseTree(root);
  process.env["TESTS"] = "peers";
  return end(runTests(root, options));
}

/** Every input, key and foreign answer with what is hostile to it, on the built actions; how many cases of which kind. */
async function badInput(root: string, options: string[]): Promise<number> {
  refreshReleaseTree(root);
  process.env["TESTS"] = "hostile";
  const sum = runTests(root, options);
  const { testResults } = JSON.parse(readFileSync(reportPath(root), "utf8")) as VitestReport;
  console.log(caseTable(root, testResults));
  return end(sum);
}

const reportPath = (root: string): string => join(root, "out/vitest.json");

function runTests(root: string, options: string[]): Sum {
  const report = reportPath(root);
  rmSync(report, { force: true });
  const status = tool(root, "vitest", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...options,
  ]);
  const { failures, ...counts } = readReport(root, report);
  if (status !== 0 && failures.length === 0) failures.push(`vitest ended with exit code ${status}`);
  // The last thing that is printed is the first that is looked for.
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  return { ...counts, failed: failures.length };
}

/**
 * What vitest's JSON report counts, and each failure with the first line of why. A file that does not load has no tests
 * to fail and is one failure itself.
 */
function readReport(root: string, report: string): Omit<Sum, "failed"> & { failures: string[] } {
  if (!existsSync(report))
    return { passed: 0, skipped: 0, failures: ["the tests ended without a report"] };
  const { numPassedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  ) as VitestReport;
  const failures = testResults
    .filter((file) => file.status === "failed")
    .flatMap((file) => {
      const path = relative(root, file.name);
      const failed = file.assertionResults.filter((result) => result.status === "failed");
      return failed.length === 0
        ? [`${path} does not load`]
        : failed.map(
            (result) =>
              `${path}: ${result.fullName}: ${(result.failureMessages?.[0] ?? "").split("\n")[0]}`,
          );
    });
  return { passed: numPassedTests, skipped: numPendingTests + numTodoTests, failures };
}

function end({ passed, failed, skipped }: Sum): number {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

function holds(step: () => number | void): boolean {
  try {
    return (step() ?? 0) === 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  }
}

/** Runs a tool of node_modules with this Node. */
function tool(root: string, name: string, options: string[]): number {
  return (
    spawnSync(join(root, "node_modules/.bin", name), options, { cwd: root, stdio: "inherit" })
      .status ?? 1
  );
}

function node(root: string, options: string[]): number {
  return (
    spawnSync(process.execPath, ["--conditions=source", ...options], {
      cwd: root,
      stdio: "inherit",
    }).status ?? 1
  );
}

/** As `node`, for what goes on until a signal: it gets the signal too, and ends in its own way. */
function server(root: string, options: string[]): Promise<number> {
  const child = spawn(process.execPath, ["--conditions=source", ...options], {
    cwd: root,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status ?? 1));
  });
}
