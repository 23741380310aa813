// The first thing that every npm script runs. It works on Node 20 and before anything is installed: it installs what
// package-lock.json asks for, then hands the task to the Node 24 that came with it.
//   node packages/build/setup.mjs <task> [options]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const node24 = join(root, "node_modules/node/bin/node");
const main = join(root, "packages/build/src/main.ts");

/** True when node_modules is what package-lock.json says; npm keeps its own copy of the lock beside what it installed. */
function installed() {
  const copy = join(root, "node_modules/.package-lock.json");
  if (!existsSync(copy)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const found = JSON.parse(readFileSync(copy, "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, integrity, optional, link }]) => {
    const have = found[path];
    // Packages for other systems are optional and absent.
    if (path === "" || (optional && !have)) return true;
    return (
      have !== undefined &&
      have.version === version &&
      have.integrity === integrity &&
      Boolean(have.link) === Boolean(link)
    );
  });
}

function npm(...options) {
  const { status } = spawnSync("npm", options, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(
      `npm ${options.join(" ")} failed. Next: look at its message above; it needs git, npm and access to a package registry.`,
    );
    process.exit(1);
  }
}

if (!installed()) {
  console.log("Installing what package-lock.json asks for (npm ci) …");
  npm("ci", "--no-audit", "--no-fund");
}
// Left out where install scripts are switched off.
if (!existsSync(node24)) npm("rebuild", "node");
if (!existsSync(node24)) {
  console.error(
    "Node 24 did not come with the package `node`. Next: allow its install script, and run `npm ci` again.",
  );
  process.exit(1);
}

const path = [join(root, "node_modules/.bin"), dirname(node24), process.env.PATH].join(delimiter);
const child = spawn(node24, ["--conditions=source", main, ...process.argv.slice(2)], {
  stdio: "inherit",
  // What was compiled once is read the next time: the tasks run hundreds of sources unbuilt.
  env: { NODE_COMPILE_CACHE: join(root, "out/compile-cache"), ...process.env, PATH: path },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (status, signal) => {
  process.exitCode = signal ? 1 : (status ?? 1);
});
