import { resolve } from "node:path";
import { builtinModules } from "node:module";
import { describe, expect, test } from "vitest";
import { arrows, lazy, layers, openSockets, print } from "./arrows.ts";
import { importsOf, readWorkspaces, type SourceFile, type Workspace } from "./sources.ts";

const scope = "@release-actions/";
const workspaces = readWorkspaces(resolve(import.meta.dirname, "../../.."));
const sockets = /^(node:)?(http|https|http2|net|tls|dgram)$|^undici$/;

/** Every place where a workspace breaks the table. */
function breaches(workspace: Workspace): string[] {
  const allowed = arrows[workspace.name];
  if (!allowed) return [`${workspace.path} is not in the table of arrows`];
  const found: string[] = [];
  for (const name of workspace.dependencies.filter((dependency) => dependency.startsWith(scope))) {
    if (!allowed.includes(name.slice(scope.length)))
      found.push(`${workspace.path}/package.json depends on ${name}`);
  }
  for (const file of workspace.files)
    found.push(...breachesOfFile(workspace, allowed, file).map((what) => `${file.path} ${what}`));
  return found;
}

function breachesOfFile(
  workspace: Workspace,
  allowed: readonly string[],
  file: SourceFile,
): string[] {
  const found: string[] = [];
  for (const { from, lazy: isLazy, type } of file.imports) {
    if (from.startsWith(".")) {
      const target = resolve("/", file.path, "..", from).slice(1);
      if (!file.test && workspace.files.some((other) => other.test && other.path === target))
        found.push(`imports ${from}, which is for tests`);
      if (target.startsWith(`${workspace.path}/`)) continue;
      // What the contract tests of all actions share.
      if (file.test && target.startsWith("actions/test-support/")) continue;
      found.push(`imports ${from}, which is another package's file`);
      continue;
    }
    if (!file.test && !type && sockets.test(from) && !openSockets.includes(workspace.name))
      found.push(`imports ${from}; only ${openSockets.join(", ")} open sockets`);
    if (from.startsWith("node:") || builtinModules.includes(from)) continue;
    const name = from
      .split("/")
      .slice(0, from.startsWith("@") ? 2 : 1)
      .join("/");
    const declared = file.test
      ? [...workspace.dependencies, ...workspace.devDependencies, "vitest", "fast-check", "yaml"]
      : workspace.dependencies;
    if (!declared.includes(name) && name !== scope + workspace.name)
      found.push(`imports ${name}, which package.json does not name`);
    if (!name.startsWith(scope) || name === scope + workspace.name) continue;
    const target = name.slice(scope.length);
    if (from !== name) found.push(`imports ${from}, past the package's index`);
    if (file.test) continue;
    if (!allowed.includes(target)) found.push(`imports ${name}`);
    if (lazy.includes(target) && !isLazy && !lazy.includes(workspace.name))
      found.push(`imports ${name} eagerly`);
  }
  if (
    !file.test &&
    !print.includes(workspace.name) &&
    /\bconsole\.|process\.std(out|err)\b/.test(ownCode(file.text))
  ) {
    found.push(`prints; only ${print.join(", ")} do`);
  }
  if (/\bvi\.(mock|doMock)\(/.test(file.text) && !file.path.endsWith("arrows.test.ts"))
    found.push("mocks a module");
  return found;
}

/** Programs that stand in a template print where they run, not here. */
function ownCode(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$|`(?:\\[^]|[^`\\])*`/gm, "");
}

describe("arrows", () => {
  test.each(workspaces.map((workspace) => [workspace.path, workspace] as const))(
    "%s keeps to the table",
    (_, workspace) => {
      expect(breaches(workspace)).toEqual([]);
    },
  );

  test("the table has every package, once in a layer, and no circle", () => {
    const placed: string[] = layers.flatMap((layer) => [...layer.packages]);
    expect(placed.toSorted()).toEqual(Object.keys(arrows).toSorted());
    for (const name of workspaces.map((workspace) => workspace.name))
      expect(Object.keys(arrows)).toContain(name);
    const reaches = (from: string, seen: string[]): boolean =>
      (arrows[from] ?? []).some((to) => seen.includes(to) || reaches(to, [...seen, to]));
    for (const name of Object.keys(arrows)) expect(reaches(name, [name]), name).toBe(false);
  });
});

describe("the check itself", () => {
  const file = (text: string, path = "packages/ledger/src/entry.ts"): SourceFile => ({
    path,
    text,
    test: path.endsWith(".test.ts"),
    imports: importsOf(text),
  });
  const ledger = (source: SourceFile): Workspace => ({
    name: "ledger",
    path: "packages/ledger",
    dependencies: [`${scope}codes`],
    devDependencies: [],
    files: [source],
  });

  test.each([
    ['import { Fault } from "@release-actions/codes";', []],
    ['import {\n  Fault,\n} from "@release-actions/codes";', []],
    [
      'import { x } from "../../codes/src/fault.ts";',
      [
        "packages/ledger/src/entry.ts imports ../../codes/src/fault.ts, which is another package's file",
      ],
    ],
    [
      'import { request } from "node:https";',
      [
        "packages/ledger/src/entry.ts imports node:https; only net, stand-ins, rehearsal open sockets",
      ],
    ],
    ["export const program = `console.log(1);`;", []],
    ['import type { IncomingMessage } from "node:http";', []],
    [
      'export { x } from "@release-actions/codes/src/x.ts";',
      [
        "packages/ledger/src/entry.ts imports @release-actions/codes/src/x.ts, past the package's index",
      ],
    ],
    [
      'console.log("x");',
      ["packages/ledger/src/entry.ts prints; only runner, cli, rehearsal, build do"],
    ],
    [
      `await ${"import"}("@release-actions/net");`,
      [
        "packages/ledger/src/entry.ts imports @release-actions/net, which package.json does not name",
        "packages/ledger/src/entry.ts imports @release-actions/net",
      ],
    ],
    [
      'import semver from "semver";',
      ["packages/ledger/src/entry.ts imports semver, which package.json does not name"],
    ],
  ])("%s", (text, expected) => {
    expect(breaches(ledger(file(text)))).toEqual(expected);
  });
});
