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

test("a registry is served until it is told to end", async () => {
  const child = start("stand-in", "registry");
  const [address] = (await once(child.stdout, "data")) as [Buffer];
  expect((await fetch(`${address.toString().trim()}/v2/`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("an unknown command is answered with those that there are", async () => {
  const child = start("deploy");
  const [said] = (await once(child.stderr, "data")) as [Buffer];
  expect(said.toString()).toMatch(/no command "deploy"[\s\S]*rehearse[\s\S]*stand-in registry/);
  expect(await once(child, "exit")).toEqual([2, null]);
});
