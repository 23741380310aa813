import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { rehearse } from "./command.ts";

/** A shipped pipeline with one thing taken away must fail, name it, and say the line that brings it back. */
const root = resolve(import.meta.dirname, "../../..");
const pipeline = join(root, "docs/pipelines/cessda");
const folder = mkdtempSync(join(tmpdir(), "missing-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// What is built meanwhile changes nothing here.
const actions = join(folder, "release");
cpSync(join(root, "out/release"), actions, { recursive: true });

let copies = 0;

/** The shortest scenario in which a release goes the whole way, from the request to its publication. */
const wholeWay = "The owner opened the issue by hand";

/** What is needed only when something goes another way. */
function scenarioOf(job: string, permission = ""): string {
  if (job === "tell") return "Refused with a reason, then approved";
  if (permission === "actions: read")
    return job === "rollback" ? "A dead rollback is taken over" : "Dead runs are taken over";
  // The first version has no other to be compared with.
  if (job === "publish" && permission === "pull-requests: read") return "The good release";
  return job === "rollback" ? "Rollback by a comment of the owner" : wholeWay;
}

/** Beside the pipeline's own scenarios: only here does a rollback meet the lock of a run that died. */
const deadRollback = `
  - name: A dead rollback is taken over
    acts:
      - prelude: 2.4.1 in production
      - fault: {at: kubernetes production, method: PATCH, path: /deployments/indexer, when: after, does: kill}
      - comment: {titled: Release version 2.4.1 of CDC, body: /rollback Facets are empty}
        by: olga
        as: first
      - comment: {titled: Release version 2.4.1 of CDC, body: /rollback The runner was lost}
        by: pia
        as: second
    expect:
      - name: the first run died
        run: {of: first, is: cancelled}
      - name: the second is green
        run: {of: second, is: success}
      - name: production runs 2.4.0
        running: {cluster: production, is: build 2.4.0, replicas: 2}

`;

/** Rehearses a scenario of the pipeline, or of one with a line taken away; what was printed, and the exit code. */
async function rehearsed(
  scenario: string,
  without?: { file: string; line: number },
): Promise<{ code: number; printed: string }> {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(pipeline, copy, { recursive: true });
  if (without) {
    const path = join(copy, without.file);
    const lines = readFileSync(path, "utf8").split("\n");
    lines.splice(without.line, 1);
    writeFileSync(path, lines.join("\n"));
  }
  const own = join(copy, "rehearsal.yml");
  const language = readFileSync(own, "utf8");
  writeFileSync(
    own,
    language.replace(/^faults:/m, (line) => `${deadRollback.slice(1)}${line}`),
  );
  const printed: string[] = [];
  const place = {
    actions: { "org/release-actions": actions },
    pipelines: folder,
    reports: join(folder, "reports"),
  };
  const code = await rehearse([copy, "--scenario", scenario], place, {
    line: (text) => printed.push(text),
    colour: false,
  });
  return { code, printed: printed.join("\n") };
}

type Line = { text: string; line: number };

function linesOf(file: string): Line[] {
  return readFileSync(join(pipeline, file), "utf8")
    .split("\n")
    .map((text, line) => ({ text, line }));
}

/** The key that a line stands under: the last line before it that is a key with two spaces in front and nothing behind. */
function ownerOf(lines: readonly Line[], line: number): string {
  const found = lines.slice(0, line).findLast(({ text }) => /^ {2}[a-z-]+:( #.*)?$/.test(text));
  return found?.text.trim().split(":")[0] ?? "";
}

const workflows = readdirSync(join(pipeline, ".github/workflows")).map(
  (name) => `.github/workflows/${name}`,
);
const permissions = workflows.flatMap((file) => {
  const lines = linesOf(file);
  return lines.flatMap(({ text, line }) => {
    const permission = /^ {6}([a-z-]+: (?:read|write)) #/.exec(text)?.[1];
    return permission ? [{ file, line, job: ownerOf(lines, line), permission }] : [];
  });
});
const settings = linesOf("rehearsal.yml");
const secrets = settings.flatMap(({ text, line }) => {
  const name = /^ {6}([A-Z][A-Z_]+): \{/.exec(text)?.[1];
  return name ? [{ line, name, environment: ownerOf(settings, line) }] : [];
});
const variables = settings.filter(({ text }) => /^vars: \{[A-Z_]+: \d+\}$/.test(text));
const start = settings.findIndex(({ text }) => text === "hosts:");
const hosts = settings
  .slice(
    start + 1,
    settings.findIndex(({ text }, line) => line > start && text === ""),
  )
  .map(({ text, line }) => ({ line, host: text.trim().split(":")[0] ?? "" }));

/** How many of them each key has. */
function counted(keys: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(keys)].map((key) => [key, keys.filter((other) => other === key).length]),
  );
}

// Counted by a person in the pipeline's files. A line that the expressions above do not see makes one of these wrong.
test("what is taken away below is all that the pipeline has", () => {
  expect(counted(permissions.map(({ file, job }) => `${file.split("/").at(-1)} ${job}`))).toEqual({
    "prepare.yml prepare": 3,
    "staging.yml promote": 6,
    "production.yml promote": 4,
    "commands.yml command": 2,
    "commands.yml tell": 2,
    "commands.yml rollback": 4,
    "commands.yml publish": 3,
  });
  expect(counted(secrets.map(({ environment }) => environment))).toEqual({
    staging: 4,
    production: 4,
    publication: 4,
  });
  expect(variables).toHaveLength(1);
  expect(hosts).toHaveLength(8);
});

test("the scenario that is added passes", async () => {
  const { code, printed } = await rehearsed("A dead rollback is taken over");
  expect(printed).toContain("A dead rollback is taken over: passed");
  expect(code).toBe(0);
});

describe("a permission", { timeout: 300_000 }, () => {
  test.concurrent.each(permissions)(
    "$permission of $job in $file",
    async ({ file, line, job, permission }) => {
      const { code, printed } = await rehearsed(scenarioOf(job, permission), { file, line });
      expect(code).toBe(1);
      expect(printed).toContain(`Job ${job} lacks \`${permission}\``);
      expect(printed).toContain(
        `Add \`${permission}\` under permissions: of job ${job} in ${file}.`,
      );
    },
  );
});

describe("a secret", () => {
  test.concurrent.each(secrets)("$name of $environment", async ({ line, name, environment }) => {
    const { code, printed } = await rehearsed(wholeWay, { file: "rehearsal.yml", line });
    expect(code).toBe(1);
    expect(printed).toContain(
      `uses the secret ${name}, which neither the environment ${environment}`,
    );
    expect(printed).toContain(`Add \`${name}:\` under environments: ${environment}: secrets:`);
  });
});

describe("a variable", () => {
  test.concurrent.each(variables)("$text", async ({ line }) => {
    const { code, printed } = await rehearsed(wholeWay, { file: "rehearsal.yml", line });
    expect(code).toBe(1);
    expect(printed).toContain("uses the variable RELEASE_APP_ID");
    expect(printed).toContain("Add `RELEASE_APP_ID:` under environments: publication: vars:");
  });
});

describe("a declared host", () => {
  test.concurrent.each(hosts)("$host", async ({ line, host }) => {
    const { code, printed } = await rehearsed(wholeWay, { file: "rehearsal.yml", line });
    expect(code).toBe(1);
    expect(printed).toContain("RA9026");
    expect(printed).toContain(`Add \`${host}: `);
  });
});
