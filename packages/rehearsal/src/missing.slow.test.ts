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

let copies = 0;

/** What only a run that died makes necessary. */
const afterDeath = "actions: read";

/** Rehearses a scenario with one line of a file taken away; what was printed, and the exit code. */
async function without(
  file: string,
  line: number,
  scenario = "The good release",
): Promise<{ code: number; printed: string }> {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(pipeline, copy, { recursive: true });
  const lines = readFileSync(join(copy, file), "utf8").split("\n");
  lines.splice(line, 1);
  // A key whose last child was taken away holds an empty mapping, not nothing.
  const parent = lines[line - 1] ?? "";
  const indent = /^\s*/.exec(lines[line] ?? "")?.[0].length ?? 0;
  if (/:\s*$/.test(parent) && indent <= (/^\s*/.exec(parent)?.[0].length ?? 0))
    lines[line - 1] = `${parent} {}`;
  writeFileSync(join(copy, file), lines.join("\n"));
  const printed: string[] = [];
  const place = {
    actions: { "org/release-actions": join(root, "out/release") },
    pipelines: folder,
    reports: join(folder, "reports"),
  };
  const code = await rehearse([copy, "--scenario", scenario], place, {
    line: (text) => printed.push(text),
    colour: false,
  });
  return { code, printed: printed.join("\n") };
}

function linesOf(file: string): { text: string; line: number }[] {
  return readFileSync(join(pipeline, file), "utf8")
    .split("\n")
    .map((text, line) => ({ text, line }));
}

const workflows = readdirSync(join(pipeline, ".github/workflows")).map(
  (name) => `.github/workflows/${name}`,
);
const permissions = workflows.flatMap((file) =>
  linesOf(file).flatMap(({ text, line }) => {
    const found = /^ {6}([a-z-]+): (read|write) #/.exec(text);
    const job = linesOf(file)
      .slice(0, line)
      .findLast((before) => /^ {2}[a-z-]+:$/.test(before.text))
      ?.text.trim()
      .slice(0, -1);
    return found && job ? [{ file, line, job, permission: `${found[1]}: ${found[2]}` }] : [];
  }),
);
const secrets = linesOf("rehearsal.yml").flatMap(({ text, line }) => {
  const name = /^ {6}([A-Z][A-Z_]+): \{/.exec(text)?.[1];
  return name ? [{ line, name }] : [];
});
const start = linesOf("rehearsal.yml").findIndex(({ text }) => text === "hosts:");
const hosts = linesOf("rehearsal.yml")
  .slice(
    start + 1,
    linesOf("rehearsal.yml").findIndex(({ text }, line) => line > start && text === ""),
  )
  .map(({ text, line }) => ({ line, host: text.trim().split(":")[0] ?? "" }));

test("the pipeline has what is taken away below", () => {
  expect(permissions.length).toBeGreaterThan(8);
  expect(secrets.length).toBeGreaterThan(5);
  expect(hosts.length).toBe(6);
});

describe("a permission", () => {
  test.concurrent.each(permissions)(
    "$permission of $job in $file",
    async ({ file, line, job, permission }) => {
      const { code, printed } = await without(
        file,
        line,
        permission === afterDeath ? "Dead runs are taken over" : undefined,
      );
      expect(code).toBe(1);
      expect(printed).toContain(`Job ${job} lacks \`${permission}\``);
      expect(printed).toContain(
        `Add \`${permission}\` under permissions: of job ${job} in ${file}.`,
      );
    },
  );
});

describe("a secret", () => {
  test.concurrent.each(secrets)("$name in line $line", async ({ line, name }) => {
    const { code, printed } = await without("rehearsal.yml", line);
    expect(code).toBe(1);
    expect(printed).toContain(`uses the secret ${name}`);
    expect(printed).toContain(`Add \`${name}:\``);
  });
});

describe("a declared host", () => {
  test.concurrent.each(hosts)("$host", async ({ line, host }) => {
    const { code, printed } = await without("rehearsal.yml", line);
    expect(code).toBe(1);
    expect(printed).toContain("RA9026");
    expect(printed).toContain(`Add \`${host}: `);
  });
});
