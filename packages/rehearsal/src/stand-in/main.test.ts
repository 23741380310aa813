import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const start = (...args: string[]) => {
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
};

test.each(["SIGINT", "SIGTERM"] as const)("the registry ends cleanly at %s", async (signal) => {
  const child = start("registry");
  const [address] = (await once(child.stdout, "data")) as [Buffer];
  expect((await fetch(`${address.toString().trim()}/v2/`)).status).toBe(200);
  child.kill(signal);
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("another stand-in is not served", async () => {
  const child = start("zenodo");
  const [said] = (await once(child.stderr, "data")) as [Buffer];
  expect(said.toString()).toContain('There is no stand-in "zenodo" to serve.');
  expect(await once(child, "exit")).toEqual([2, null]);
});
