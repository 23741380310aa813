import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReleaseTree } from "./release-tree.ts";
import { sampleFiles, writeSample } from "./sample-repository.ts";

const tools = resolve(import.meta.dirname, "../../../node_modules");
/** More than webpack would rather repeat than share. */
const large = `import { fetch } from "undici";\nexport const send = () => fetch("http://127.0.0.1:1/");\nexport const pad = (text) => "only-in-left " + text;\nexport const filler = ${JSON.stringify("x".repeat(30_000))};\n`;
let folder: string;
let here: string;
let there: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "release-tree-"));
  here = writeSample(join(folder, "here"), tools, { "node_modules/left/index.js": large });
  there = writeSample(join(folder, "another/and deeper/there"), tools, {
    "node_modules/left/index.js": large,
  });
  for (const root of [here, there])
    cpSync(join(tools, "@vercel/ncc"), join(root, "node_modules/@vercel/ncc"), { recursive: true });
  buildReleaseTree(here, join(here, "out/release"));
  buildReleaseTree(there, join(folder, "elsewhere"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (path: string): string => readFileSync(join(here, "out/release", path), "utf8");

/** Runs an entry of the tree and tells what it left behind. */
function start(path: string): string {
  const script = `await import(${JSON.stringify(join(here, "out/release", path))}); console.log(globalThis.said);`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  }).trim();
}

describe("the release tree", () => {
  test("holds what runs and nothing else", () => {
    const files = readdirSync(join(here, "out/release"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name).slice(join(here, "out/release").length + 1),
      );
    const chunks = files.filter((file) => /^bundle\/.*index\.js$/.test(file));
    expect(files.filter((file) => !chunks.includes(file)).toSorted()).toEqual(
      [
        "LICENSE",
        "README.md",
        "SHA256SUMS",
        "action.yml",
        "bundle/left-out.cjs",
        "bundle/release-actions.js",
        "licenses.txt",
        "package.json",
        "promote/README.md",
        "promote/action.yml",
        "promote/index.js",
        "validate-tag/README.md",
        "validate-tag/action.yml",
        "validate-tag/index.js",
      ].toSorted(),
    );
  });

  test("is the same byte for byte from another folder", () => {
    expect(readFileSync(join(folder, "elsewhere/SHA256SUMS"), "utf8")).toBe(read("SHA256SUMS"));
    execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
      cwd: join(here, "out/release"),
    });
    execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
      cwd: join(folder, "elsewhere"),
    });
  });

  test("holds no path of this machine", () => {
    const found = spawnSync(
      "grep",
      ["-rlF", "-e", folder, "-e", tools, join(here, "out/release")],
      { encoding: "utf8" },
    );
    expect(found.stdout).toBe("");
  });

  test("starts each action and the command", () => {
    expect(start("promote/index.js")).toBe("only-in-left promote");
    expect(start("validate-tag/index.js")).toBe("only-in-left validate-tag");
    expect(start("bundle/release-actions.js")).toBe("cli");
  });

  test("has what two actions share only once, and loads an action's own code with it alone", () => {
    const bundled = readdirSync(join(here, "out/release/bundle")).map((name) =>
      read(`bundle/${name}`),
    );
    expect(bundled.filter((text) => text.includes("only-in-left")).length).toBe(1);
    expect(read("bundle/index.js")).not.toContain("globalThis.said");
  });

  test("has no undici, and says so to who would use it", async () => {
    const { Agent, fetch } = (await import(join(here, "out/release/bundle/left-out.cjs"))) as {
      Agent: new () => object;
      fetch: () => void;
    };
    expect(() => new Agent()).not.toThrow();
    expect(fetch).toThrow("undici is not in a release");
    expect(read("licenses.txt")).not.toContain("undici");
  });

  test("has promote at its root, for the Marketplace", () => {
    expect(read("action.yml")).toBe(
      read("promote/action.yml").replace("main: index.js", "main: promote/index.js"),
    );
    expect(read("action.yml")).toContain("main: promote/index.js");
  });

  test("is a package with the command, and carries the licences of what is bundled", () => {
    expect(JSON.parse(read("package.json"))).toMatchObject({
      name: "release-actions",
      version: "1.2.3",
      type: "module",
      bin: { "release-actions": "bundle/release-actions.js" },
    });
    expect(read("licenses.txt")).toContain("left 1.0.0 (MIT)\n\nCopyright Left");
    expect(read("LICENSE")).toBe("the licence\n");
  });

  test("has links that lead somewhere from the tree", () => {
    expect(read("README.md")).toContain(
      "[promote](promote/README.md) [glossary](../main/docs/glossary.md)",
    );
    expect(read("promote/README.md")).toContain("[errors](../../main/docs/reference/errors.md)");
  });
});

describe("buildReleaseTree", () => {
  test("leaves a folder alone that is no release tree", () => {
    const foreign = join(folder, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "letter.txt"), "mine");
    expect(() => buildReleaseTree(here, foreign)).toThrow(/is no release tree/);
    expect(readdirSync(foreign)).toEqual(["letter.txt"]);
  });

  test("says what does not type check, and keeps the tree of before", () => {
    const broken = writeSample(join(folder, "broken"), tools, {
      "packages/cli/src/main.ts": 'const n: number = "x";\n',
    });
    expect(() => buildReleaseTree(broken, join(broken, "out/release"))).toThrow(
      /tsc -b failed:[^]*main\.ts/,
    );
    expect(readdirSync(broken)).not.toContain("out");
  });

  test("names an action without an entry", () => {
    const files = {
      "actions/promote/src/main.ts": "",
      "actions/gate/action.yml": sampleFiles["actions/promote/action.yml"] ?? "",
      "actions/gate/action-types.yml": sampleFiles["actions/promote/action-types.yml"] ?? "",
    };
    const lacking = writeSample(join(folder, "lacking"), tools, files);
    expect(() => buildReleaseTree(lacking, join(lacking, "out/release"))).toThrow(
      "there is no src/main.ts for: gate",
    );
  });
});
