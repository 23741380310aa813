import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { writeExamplePipeline } from "../world/example-pipeline.ts";
import { planted } from "./planted.ts";

const example = writeExamplePipeline();
const root = mkdtempSync(join(tmpdir(), "planted-"));
afterAll(() => {
  example.remove();
  rmSync(root, { recursive: true });
});

/** The example's action, as if it had been bundled from a module of packages/. */
const module = "packages/probe/src/probe.ts";
const tree = example.actions["tools/probe"] ?? "";
const bundle = join(tree, "index.mjs");
const built = readFileSync(bundle, "utf8");
mkdirSync(join(root, "packages/probe/build"), { recursive: true });
writeFileSync(join(root, "packages/probe/build/probe.js"), built);
const bundled = `import "node:fs";\n\n;// CONCATENATED MODULE: ./packages/probe/build/probe.js\n${built}\n;// CONCATENATED MODULE: ./packages/other/build/other.js\nconst other = '"user-agent": "probe"';\n`;

const rehearsal = join(example.pipeline, "rehearsal.yml");
const written = readFileSync(rehearsal, "utf8");
const lines = (requirements: Record<string, string[]>): string =>
  written.slice(0, written.indexOf("requirements:")) +
  stringify({
    requirements: Object.entries(requirements).map(([id, holds]) => ({
      id,
      text: id,
      proof: [{ scenario: "effects that are there", holds }],
    })),
  });

beforeEach(() => {
  writeFileSync(bundle, bundled);
  writeFileSync(rehearsal, lines({ "S-1": ["requests"], "S-2": ["commit tag"] }));
});

/** Asks a wrong address, and so is seen by the expectation `requests`. */
const wrongAddress = {
  line: "S-1",
  bug: "another address is asked",
  module,
  from: 'request(input("url")',
  to: 'request(input("url").replace("/ref/", "/refs/")',
};
/** The same by the people: they tag another image. */
const wrongTag = {
  line: "S-2",
  bug: "the build gets no tag",
  file: "rehearsal.yml",
  from: "- {build: {of: first, version: 1.0.0}, as: built}",
  to: "- {commit: {message: More, files: {b.txt: b}}, by: ann, as: more}\n      - {build: {of: more, version: 1.0.0}, as: built}",
};

let longest = 60_000;

async function run(bugs: object[], ...only: string[]): Promise<{ code: number; text: string }> {
  writeFileSync(join(example.pipeline, "planted-bugs.yml"), stringify({ bugs }));
  const printed: string[] = [];
  const copies = join(root, "copies");
  const code = await planted(
    only,
    {
      root,
      actions: example.actions,
      pipeline: example.pipeline,
      copies,
      table: join(root, "planted.md"),
      longest,
    },
    { line: (line) => printed.push(line), colour: false },
  );
  expect(existsSync(copies) ? readdirSync(copies) : []).toEqual([]);
  return { code, text: printed.join("\n") };
}

describe("planted bugs", () => {
  test("a bug of the product and one of the people are caught, each by its own line", async () => {
    const { code, text } = await run([wrongAddress, wrongTag]);
    expect(text).toContain(
      `| S-1 | another address is asked | ${module} | effects that are there: requests | caught |`,
    );
    expect(text).toContain(
      "| S-2 | the build gets no tag | rehearsal.yml of the pipeline | effects that are there: commit tag | caught |",
    );
    expect(text.endsWith("\n2 planted bugs, 2 caught, 0 missed")).toBe(true);
    expect(code).toBe(0);
    expect(readFileSync(join(root, "planted.md"), "utf8")).toContain("| S-2 | the build gets no");
    expect(readFileSync(bundle, "utf8")).toBe(bundled);
  });

  test("a bug that nothing sees is missed", async () => {
    const { code, text } = await run(
      [{ ...wrongAddress, from: '"user-agent": "probe"', to: '"user-agent": "x"' }],
      "S-1",
    );
    expect(text).toContain("**missed**: S-1 stays green");
    expect(text).toContain("1 planted bugs, 0 caught, 1 missed");
    expect(code).toBe(1);
  });

  test("a line without a bug fails the command, unless other lines were asked for", async () => {
    const all = await run([wrongAddress]);
    expect(all.text).toContain("| S-2 |  |  |  | **no bug is planted for it** |");
    expect(all.code).toBe(1);
    const one = await run([wrongAddress], "S-1");
    expect(one.code).toBe(0);
    const other = await run([wrongAddress], "S-9");
    expect(other.text).toBe("S-9: no line of small. There are: S-1, S-2");
    expect(other.code).toBe(1);
  });

  test.each([
    ["a text that is gone", { from: "never written" }, "probe.js has its text not any more"],
    ["a text that is there twice", { from: "input(" }, /probe\.js has its text \d+ times/],
    ["a module that is gone", { module: "packages/probe/src/gone.ts" }, "there is no packages"],
    ["a text that breaks the program", { to: "request((" }, "is no JavaScript: SyntaxError"],
  ])("%s makes the bug stale", async (_, change, says) => {
    const { code, text } = await run([{ ...wrongAddress, ...change }], "S-1");
    expect(text).toMatch(/\*\*missed\*\*: it is stale: /);
    expect(text).toMatch(says);
    expect(code).toBe(1);
  });

  test("a module that no bundle holds, or holds otherwise, makes the bug stale", async () => {
    writeFileSync(bundle, built);
    expect((await run([wrongAddress], "S-1")).text).toContain("stale: no bundle holds packages");
    writeFileSync(bundle, bundled.replace("request(input", "ask(input"));
    const { text, code } = await run([wrongAddress]);
    // The rehearsal itself is red then, and says so before anything is planted.
    expect(text).toContain("Nothing was planted: without a bug these scenarios fail");
    expect(code).toBe(1);
  });

  test("another line that goes red has to be named, and one that is named has to go red", async () => {
    writeFileSync(rehearsal, lines({ "S-1": ["requests"], "S-2": ["requests", "commit tag"] }));
    const unnamed = await run([wrongAddress], "S-1");
    expect(unnamed.text).toContain("`also` does not name them: S-2");
    expect(unnamed.code).toBe(1);
    const named = await run([{ ...wrongAddress, also: { "S-2": "same request" } }], "S-1");
    expect(named.text).toContain("effects that are there: requests<br>also S-2: same request");
    expect(named.code).toBe(0);
    writeFileSync(rehearsal, lines({ "S-1": ["requests"], "S-2": ["commit tag"] }));
    const needless = await run([{ ...wrongAddress, also: { "S-2": "same request" } }], "S-1");
    expect(needless.text).toContain("`also` names lines that stay green: S-2");
    expect(needless.code).toBe(1);
  });

  test("a scenario that breaks off shows nothing of the line", async () => {
    const { text, code } = await run(
      [
        {
          ...wrongTag,
          to: "- {build: {of: first, version: 1.0.0}, as: built}\n      - {dispatch: {workflow: issue.yml}, by: bob}",
        },
      ],
      "S-2",
    );
    expect(text).toMatch(
      /\*\*missed\*\*: "effects that are there" was not played to its end: RA9022/,
    );
    expect(code).toBe(1);
  });

  test("an action that crashes shows nothing of the line", async () => {
    const crash = "console.log('::error title=RA1004 An unexpected error::x is not defined'); ";
    const { text, code } = await run([{ ...wrongAddress, to: crash + wrongAddress.to }], "S-1");
    expect(text).toContain("an action crashed: x is not defined");
    expect(code).toBe(1);
  });

  test("a scenario that does not end in time is given up", async () => {
    longest = 1;
    const { text, code } = await run([wrongAddress], "S-1");
    longest = 60_000;
    expect(text).toContain('**missed**: "effects that are there" did not end in');
    expect(code).toBe(1);
  });

  test("a file of bugs that says something impossible is refused with its lines", async () => {
    const { text, code } = await run([
      { ...wrongAddress, line: "S-7" },
      { ...wrongAddress, file: "rehearsal.yml" },
      { ...wrongAddress, in: ["comments"], also: { "S-1": "x", "S-8": "y" } },
    ]);
    expect(code).toBe(1);
    expect(text).toContain("S-7 is no requirement of small");
    expect(text).toContain("it needs either `module` or `file`");
    expect(text).toContain('"comments" does not prove S-1');
    expect(text).toContain("S-8 is no requirement of small");
    expect(text).toContain("its own line is not another one");
    expect(text).toContain("RA9020 planted-bugs.yml:2:5: bugs.0.line");
  });
});
