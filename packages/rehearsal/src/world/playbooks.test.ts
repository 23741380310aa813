import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createKubernetesStandIn,
  listen,
  type KubernetesStandIn,
} from "@release-actions/stand-ins";
import { expect, onTestFinished, test } from "vitest";
import { startAwx } from "./playbooks.ts";

const clock = { now: () => new Date("2026-01-06T10:00:00Z") };
const objects = `apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: '{{ stack_namespace }}'}
data: {image: '{{stack_image}}'}
`;

async function start() {
  const directory = mkdtempSync(join(tmpdir(), "playbooks-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const cluster = createKubernetesStandIn({
    clock,
    name: "cluster",
    directory,
    tokens: {},
    pull: () => Promise.reject(new Error("nothing is pulled here")),
  });
  onTestFinished(() => cluster.close());
  cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "staging-stack" } });
  const awx = startAwx(
    {
      accounts: ["pipeline"],
      templates: {
        Stack: { cluster: "main", applies: ["playbook.yml"], "asks-for-variables": true },
      },
    },
    {
      clock,
      tokens: { pipeline: "t0ken" },
      filesAt: () => ({ "playbook.yml": Buffer.from(objects) }),
      clusters: { main: cluster },
      saved: undefined,
    },
  );
  const served = await listen(awx);
  onTestFinished(served.close);
  const launch = async (extra_vars: Record<string, string>) => {
    await fetch(`${served.url}/api/v2/job_templates/7/launch/`, {
      method: "POST",
      headers: { authorization: "Bearer t0ken", "content-type": "application/json" },
      body: JSON.stringify({ extra_vars }),
    });
    await awx.quiet();
    return awx.jobs.at(-1);
  };
  return { cluster, launch };
}

/** Every namespace has a ConfigMap of its own besides. */
const web = (cluster: KubernetesStandIn) =>
  cluster.objects("ConfigMap", "staging-stack").filter(({ metadata }) => metadata.name === "web");

test("a playbook applies the objects of its template with the job's variables", async () => {
  const { cluster, launch } = await start();
  const job = await launch({ stack_namespace: "staging-stack", stack_image: "x@sha256:1" });
  expect(job?.status).toBe("successful");
  expect(web(cluster)).toMatchObject([
    { metadata: { name: "web" }, data: { image: "x@sha256:1" } },
  ]);
});

test("a variable that is not there fails its task, and so does an object that the cluster refuses", async () => {
  const { cluster, launch } = await start();
  expect(await launch({ stack_namespace: "staging-stack" })).toMatchObject({
    status: "failed",
    tasks: [{ task: "Render the objects", msg: "'stack_image' is undefined" }],
  });
  expect(await launch({ stack_namespace: "elsewhere", stack_image: "x" })).toMatchObject({
    status: "failed",
    tasks: [{ task: "Apply the objects", result: "failed" }],
  });
  expect(web(cluster)).toEqual([]);
});
