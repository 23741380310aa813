import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadPipeline } from "./world/pipeline.ts";
import { play, type ScenarioResult } from "./world/scenario.ts";

/** CESSDA's good release on a GitHub Enterprise Server, and on one that is older than what github.com has. */
const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "enterprise-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// What is built meanwhile changes nothing here.
const actions = join(folder, "release");
cpSync(join(root, "out/release"), actions, { recursive: true });

/** The bases of a server of one's own, and what is asked of it by its pages' addresses: git, and nothing else. */
const bases = {
  REST: "^/api/v3/repos/cessda/cdc/",
  GraphQL: "^/api/graphql$",
  archives: "^/_codeload/cessda/cdc/",
  elsewhere: "^/(?!api/v3/|api/graphql$|_codeload/|cessda/)",
};
/** That none of them is asked: what does not hold was asked. */
const unasked = Object.entries(bases)
  .map(
    ([name, path]) =>
      `      - {name: ${name}, requests: {to: github, path: '${path}', count: 0}}\n`,
  )
  .join("");

/** Plays the pipeline's good release with a server in its rehearsal, and expectations of where GitHub was asked. */
async function released(
  server: string,
  edit: (workflow: string) => string,
): Promise<{ result: ScenarioResult; texts: string }> {
  const copy = mkdtempSync(join(folder, "pipeline-"));
  cpSync(join(root, "docs/pipelines/cessda"), copy, { recursive: true });
  const change = (path: string, how: (text: string) => string): void =>
    writeFileSync(join(copy, path), how(readFileSync(join(copy, path), "utf8")));
  for (const name of readdirSync(join(copy, ".github/workflows")))
    change(join(".github/workflows", name), edit);
  change("rehearsal.yml", (text) =>
    text
      .replace(/^start:/m, () => `github: ${server}\nstart:`)
      .replace(
        /^ {2}- name: The good release\n[^]*?\n {4}expect:\n/m,
        (beginning) => beginning + unasked,
      ),
  );
  const pipeline = loadPipeline(copy);
  const scenario = pipeline.file.scenarios.find(({ name }) => name === "The good release");
  if (!scenario) throw new Error("there is no good release");
  const result = await play(pipeline, scenario, {
    machine: { actions: { "org/release-actions": actions }, nodeBinary: process.execPath },
    tell: () => undefined,
  });
  const told = result.runs.flatMap((run) => Object.values(run.result?.jobs ?? {}));
  return {
    result,
    texts: JSON.stringify([
      result.issues,
      result.messages,
      told.map(({ summary, log }) => [summary, log]),
    ]),
  };
}

/** For servers that do not read the keys yet: GitHub's own deployment then stands beside ours, and runs may displace each other. */
const withoutNewKeys = (workflow: string): string =>
  workflow.replaceAll(", deployment: false", "").replaceAll(", queue: max", "");

const wrong = ({ checks, gaps, violations, fault }: ScenarioResult): string[] => [
  ...checks.filter(({ holds }) => !holds).map(({ name, saw }) => `${name}: ${saw}`),
  ...gaps.map(({ saw }) => saw),
  ...violations,
  ...(fault ? [fault.saw] : []),
];

describe("a good release on an enterprise server", { timeout: 300_000 }, () => {
  test.concurrent.each(["3.16", "3.22"])("%s", async (version) => {
    const { result, texts } = await released(
      `{server: ghe.example.org, version: '${version}'}`,
      withoutNewKeys,
    );
    expect(wrong(result).map((one) => one.split(":")[0])).toEqual(["REST", "GraphQL", "archives"]);
    expect(result.runs.map((run) => run.result?.conclusion)).not.toContain("failure");
    // No link leads to another GitHub than the one that was asked.
    expect(texts).toContain("https://ghe.example.org/cessda/cdc/");
    expect(texts).not.toContain("github.com");
  });

  test.concurrent("one that is older than the oldest says what it lacks", async () => {
    const { result, texts } = await released(
      "{server: ghe.example.org, version: '3.15'}",
      withoutNewKeys,
    );
    expect(result.passed).toBe(false);
    expect(texts).toContain("RA5014");
    expect(texts).toContain(
      "enterprise-server@3.15.0 answered: Field 'subIssues' doesn't exist on type 'Issue'",
    );
  });

  test.concurrent("a workflow file with a key that the server does not know is refused with its line", async () => {
    const { result } = await released("{server: ghe.example.org, version: '3.21'}", (text) => text);
    const said = result.gaps.map(({ saw }) => saw).join("\n");
    expect(said).toMatch(
      /prepare\.yml:12:\d+: Unexpected value 'deployment': an enterprise server 3\.21 does not know environment\.deployment, 3\.22 and newer do/,
    );
    expect(said).toMatch(/prepare\.yml:13:\d+: Unexpected value 'queue'/);
  });
});
