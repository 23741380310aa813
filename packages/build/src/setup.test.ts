import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let root: string;
const lock = {
  "": {},
  "node_modules/left": { version: "1.0.0", integrity: "sha512-a" },
  "node_modules/left-win32": { version: "1.0.0", optional: true },
};
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const installed = (packages: object): void =>
  write("node_modules/.package-lock.json", JSON.stringify({ packages }));

/** A clone with an npm that only notes what it is asked and, for `ci`, installs. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "setup-"));
  write("package-lock.json", JSON.stringify({ packages: lock }));
  write(
    "packages/build/src/main.ts",
    "const given: string[] = process.argv.slice(2);\nconsole.log(`ran ${given.join(' ')}`);\nprocess.exitCode = given.length;\n",
  );
  copyFileSync(
    resolve(import.meta.dirname, "../setup.mjs"),
    join(root, "packages/build/setup.mjs"),
  );
  write(
    "bin/npm",
    `#!/bin/sh
echo "$*" >> ${root}/asked
[ -e ${root}/broken ] && exit 1
mkdir -p ${root}/node_modules/node/bin && ln -sf ${process.execPath} ${root}/node_modules/node/bin/node
cp ${root}/package-lock.json ${root}/node_modules/.package-lock.json
`,
  );
  chmodSync(join(root, "bin/npm"), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function setup(...options: string[]): { status: number | null; stdout: string; asked: string[] } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "packages/build/setup.mjs"), ...options],
    {
      encoding: "utf8",
      env: { PATH: `${join(root, "bin")}:/usr/bin:/bin` },
    },
  );
  const asked = existsSync(join(root, "asked"))
    ? readFileSync(join(root, "asked"), "utf8").trim().split("\n")
    : [];
  return { status, stdout, asked };
}
const nodeIsThere = (): void => {
  mkdirSync(join(root, "node_modules/node/bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "node_modules/node/bin/node"));
};

test("the first command after a clone installs, says so in one line, and runs the task with its options and exit code", () => {
  const first = setup("test", "a b");
  expect(first).toEqual({
    status: 2,
    stdout: "Installing what package-lock.json asks for (npm ci) …\nran test a b\n",
    asked: ["ci --no-audit --no-fund"],
  });
  expect(setup("rehearse").asked.length).toBe(1);
});

test("what is installed is not installed again, and packages for other systems are not missed", () => {
  nodeIsThere();
  installed({ "node_modules/left": lock["node_modules/left"] });
  expect(setup("test")).toEqual({ status: 1, stdout: "ran test\n", asked: [] });
});

test.each([
  ["another version", { "node_modules/left": { version: "0.9.0", integrity: "sha512-a" } }],
  ["another content", { "node_modules/left": { version: "1.0.0", integrity: "sha512-b" } }],
  ["a missing package", {}],
])("%s than the lock file's is installed", (_, packages) => {
  nodeIsThere();
  installed(packages);
  expect(setup("test").asked).toEqual(["ci --no-audit --no-fund"]);
});

test("a Node that install scripts were not allowed to bring is brought", () => {
  installed({ "node_modules/left": lock["node_modules/left"] });
  expect(setup("test")).toMatchObject({ stdout: "ran test\n", asked: ["rebuild node"] });
});

test("a failed install ends the command", () => {
  write("broken", "");
  expect(setup("test")).toMatchObject({
    status: 1,
    stdout: "Installing what package-lock.json asks for (npm ci) …\n",
  });
});
