import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadPipeline } from "./world/pipeline.ts";
import { play } from "./world/scenario.ts";

/*
 * Every system that a release speaks to, exempted from the proxy in turn: then the built actions go to it themselves,
 * which the rehearsal refuses and names, and to all others through the proxy.
 */
const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "no-proxy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// What is built meanwhile changes nothing here.
const actions = join(folder, "release");
cpSync(join(root, "out/release"), actions, { recursive: true });

/** CESSDA's pipeline with `no_proxy` in the environment of its workflows. */
function pipelineWith(exempt: readonly string[], only?: string): string {
  const copy = mkdtempSync(join(folder, "pipeline-"));
  cpSync(join(root, "docs/pipelines/cessda"), copy, { recursive: true });
  const workflows = join(copy, ".github/workflows");
  for (const name of readdirSync(workflows).filter((one) => one === (only ?? one))) {
    const text = readFileSync(join(workflows, name), "utf8");
    const changed = text.replace(/^jobs:$/m, `env: {no_proxy: '${exempt.join(", ")}'}\njobs:`);
    if (changed === text) throw new Error(`${name} has no line \`jobs:\``);
    writeFileSync(join(workflows, name), changed);
  }
  return copy;
}

const rows: [what: string, hosts: Record<string, number>, only?: string][] = [
  // The other workflows ask for an App's token first, which the rehearsal itself plays.
  ["the API of GitHub", { "api.github.com": 443 }, "commands.yml"],
  ["the registry", { "registry.example.org": 443 }],
  ["a cluster", { "production.k8s.example.org": 443 }],
  ["the service itself", { "cdc.example.org": 443 }],
  ["Zenodo", { "zenodo.org": 443 }],
  ["archives of GitHub", { "codeload.github.com": 443 }],
  // Nothing waits for a notice, so that both are tried.
  ["a channel and mail", { "hooks.slack.com": 443, "smtp.example.org": 465 }],
];

test.concurrent.each(rows)("%s", { timeout: 300_000 }, async (_, hosts, only) => {
  const pipeline = loadPipeline(pipelineWith(Object.keys(hosts), only));
  const whole = "The owner opened the issue by hand";
  const scenario = pipeline.file.scenarios.find(({ name }) => name === whole);
  if (!scenario) throw new Error(`there is no scenario ${whole}`);
  const { gaps } = await play(pipeline, scenario, {
    machine: { actions: { "org/release-actions": actions }, nodeBinary: process.execPath },
    tell: () => undefined,
  });
  expect(new Set(gaps.map(({ code }) => code))).toEqual(new Set(["RA9030"]));
  const past = gaps.map(({ saw }) => / connected to (\S+) itself/.exec(saw)?.[1]);
  expect(new Set(past)).toEqual(
    new Set(Object.entries(hosts).map(([host, port]) => `${host}:${port}`)),
  );
});
