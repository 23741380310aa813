import { Fault } from "@release-actions/codes";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerPostRenderer, placePostRenderer } from "./post-renderer.ts";

let data = "";
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "post-renderer-"));
});
afterAll(() => rm(data, { recursive: true, force: true }));

/** Starts the program as helm does, with a text. */
async function run(
  args: string[],
  text: string,
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, args);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
  child.stdin.end(text);
  const code = await new Promise<number>((ended) => child.once("close", ended));
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

test("hands each text on and gives back the answer, or what is wrong with it", async () => {
  const { folder, options } = await placePostRenderer(3, data);
  const args = options.filter((_, index) => index > 1 && index % 2 === 1);
  const ended = new AbortController();
  const large = "x".repeat(300_000);
  const answering = answerPostRenderer(
    folder,
    (text) => {
      if (text === "wrong") throw new Fault("RA3005", { saw: "it is no object" });
      return text.toUpperCase();
    },
    ended.signal,
  );
  expect(await Promise.all([run(args, "a: é\n"), run(args, large), run(args, "wrong")])).toEqual([
    { code: 0, out: "A: É\n", err: "" },
    { code: 0, out: large.toUpperCase(), err: "" },
    { code: 1, out: "", err: "it is no object" },
  ]);
  ended.abort();
  await answering;
});

test("fails when whoever should answer is gone", async () => {
  const { options } = await placePostRenderer(3, data);
  const [script = "", folder = ""] = options.filter((_, index) => index > 1 && index % 2 === 1);
  const gone = spawn(process.execPath, ["-e", ""]);
  await new Promise((ended) => gone.once("close", ended));
  expect(await run([script, folder, String(gone.pid)], "a")).toMatchObject({ code: 1, out: "" });
});

test("is a plugin for Helm 4", async () => {
  const { options } = await placePostRenderer(4, data);
  expect(options).toEqual(["--post-renderer", "release-actions"]);
  const plugin = await readFile(join(data, "plugins/release-actions/plugin.yaml"), "utf8");
  expect(JSON.parse(plugin)).toMatchObject({
    type: "postrenderer/v1",
    name: "release-actions",
    runtimeConfig: { platformCommand: [{ command: process.execPath }] },
  });
});
