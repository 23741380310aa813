import { Fault } from "@release-actions/codes";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Helm hands the rendered objects to a program. This one hands them on to us, by files, and gives back what we answer; when we
 * are gone it fails, and helm ends without having written anything.
 */
const program = `const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const [folder, parent] = process.argv.slice(2);
const at = folder + "/" + process.pid;
writeFileSync(at + ".part", readFileSync(0));
renameSync(at + ".part", at + ".in");
(function look() {
  if (existsSync(at + ".out")) return process.stdout.write(readFileSync(at + ".out"));
  if (existsSync(at + ".no")) {
    process.stderr.write(readFileSync(at + ".no"));
    process.exitCode = 1;
    return;
  }
  try {
    process.kill(Number(parent), 0);
  } catch {
    process.exit(1);
  }
  setTimeout(look, 10);
})();
`;

/** Where the texts come and go, and what helm is told. Helm 4 takes plugins only, and finds them in its data folder. */
export async function placePostRenderer(
  major: 3 | 4,
  data: string,
): Promise<{ folder: string; options: string[] }> {
  const name = "release-actions";
  const place = join(data, "plugins", name);
  const folder = join(place, "texts");
  await mkdir(folder, { recursive: true });
  const script = join(place, "post-render.cjs");
  await writeFile(script, program, { mode: 0o600 });
  const args = [script, folder, String(process.pid)];
  if (major === 3)
    return {
      folder,
      options: [
        "--post-renderer",
        process.execPath,
        ...args.flatMap((arg) => ["--post-renderer-args", arg]),
      ],
    };
  const plugin = {
    apiVersion: "v1",
    type: "postrenderer/v1",
    name,
    version: "1.0.0",
    runtime: "subprocess",
    runtimeConfig: { platformCommand: [{ command: process.execPath, args }] },
  };
  await writeFile(join(place, "plugin.yaml"), JSON.stringify(plugin));
  return { folder, options: ["--post-renderer", name] };
}

/** Answers every text that helm hands on until the signal. A Fault of `change` becomes helm's error. */
export async function answerPostRenderer(
  folder: string,
  change: (text: string) => string,
  ended: AbortSignal,
): Promise<void> {
  const answered = new Set<string>();
  while (!ended.aborted) {
    const waiting = (await readdir(folder)).filter((name) => name.endsWith(".in"));
    for (const name of waiting.filter((one) => !answered.has(one))) {
      answered.add(name);
      const at = join(folder, name.slice(0, -".in".length));
      const [text, end] = answerTo(await readFile(join(folder, name), "utf8"), change);
      await writeFile(`${at}.part`, text);
      await rename(`${at}.part`, `${at}.${end}`);
    }
    await wait(10, undefined, { signal: ended }).catch(() => undefined);
  }
}

function answerTo(text: string, change: (text: string) => string): [string, "out" | "no"] {
  try {
    return [change(text), "out"];
  } catch (error) {
    if (error instanceof Fault) return [error.saw, "no"];
    throw error;
  }
}
