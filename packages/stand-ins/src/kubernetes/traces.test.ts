import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  deploymentPath,
  exampleCluster,
  isRolledOut,
  progressOf,
  until,
  webDeployment,
  type Answer,
  type WatchEvent,
} from "./example-cluster.ts";
import { crashingSource, serverSource } from "./example-image.ts";
import { isFields, type Fields } from "./object.ts";
import type { Deployment, Pod } from "./workloads.ts";

// What a real 1.36.3 control plane (API server, controllers, simulated nodes) answered to the same requests.
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8"));

type Edge = {
  step: string;
  method: string;
  url: string;
  contentType?: string;
  body?: unknown;
  status: number;
  answer: Fields;
};

describe("answers of a real API server", () => {
  let cluster: Awaited<ReturnType<typeof exampleCluster>>;
  beforeAll(async () => {
    cluster = await exampleCluster(
      { "registry.example.org/tr:v1": serverSource("v1") },
      {
        ci: {
          user: "system:serviceaccount:default:ci",
          rules: [{ apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get"] }],
        },
      },
    );
  });
  afterAll(async () => cluster.close());

  test.each(fixture("edges.json") as Edge[])("$step", async (edge) => {
    const settled = edge.step.includes("no-op") || edge.step.includes("dry run");
    const before = settled
      ? await until(
          async () => (await cluster.call("GET", deploymentPath("tr"))).json as Deployment,
          isRolledOut,
        )
      : undefined;
    const token =
      { "bad token (401)": "nobody", "no permission (403)": "ci" }[edge.step] ?? "admin";
    const answer = await cluster.call(edge.method, edge.url, {
      token,
      ...(edge.body === undefined ? {} : { body: edge.body }),
      ...(edge.contentType ? { type: edge.contentType } : {}),
    });
    expect(answer.status).toBe(edge.status);
    const got = bodyOf(answer);
    if (edge.answer["kind"] !== "Deployment") {
      expect(withoutNumbers(got)).toEqual(withoutNumbers(edge.answer));
      return;
    }
    const [real, ours] = [edge.answer, got as unknown as Deployment];
    expect(ours.spec).toEqual(real["spec"]);
    const { metadata } = real as unknown as Deployment;
    expect(ours.metadata.generation).toBe(metadata.generation);
    expect(ours.metadata.annotations).toEqual(metadata.annotations);
    if (metadata.managedFields)
      expect(ours.metadata.managedFields?.map(withoutTime)).toEqual(
        metadata.managedFields.map(withoutTime),
      );
    if (before) {
      expect(ours.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      expect((await cluster.call("GET", deploymentPath("tr"))).json).toEqual(before);
    }
  });
});

type Trace = {
  deployment: {
    observed: number | null;
    conditions: Record<string, string>;
    counts: Record<string, number>;
  }[];
  pods: { type: string; phase: string; ready: boolean; deleting: boolean; state: string }[];
};

describe("what a real cluster's watches told, in the same order", () => {
  const traces = fixture("rollouts.json") as Record<string, Trace>;
  const image = (name: string): string => `registry.example.org/web:${name}`;
  let cluster: Awaited<ReturnType<typeof exampleCluster>>;
  beforeAll(async () => {
    cluster = await exampleCluster({
      [image("v1")]: serverSource("v1"),
      [image("v2")]: serverSource("v2"),
      [image("crash")]: crashingSource,
    });
  });
  afterAll(async () => cluster.close());

  test.each([
    { name: "first rollout", image: image("v1"), ends: isRolledOut },
    { name: "second rollout", image: image("v2"), ends: isRolledOut },
    { name: "bad image", image: image("absent"), ends: isLate },
    { name: "crash", image: image("crash"), ends: isLate },
  ])("$name", async ({ name, image, ends }) => {
    const path = deploymentPath("web");
    const patched = (
      await cluster.apply(path, webDeployment(image, { spec: { progressDeadlineSeconds: 2 } }))
    ).json as Deployment;
    const from = patched.metadata.resourceVersion;
    const deployments = cluster.watch(
      `/apis/apps/v1/namespaces/default/deployments?watch=true&fieldSelector=metadata.name%3Dweb&resourceVersion=${from}`,
    );
    const pods = cluster.watch(
      `/api/v1/namespaces/default/pods?watch=true&labelSelector=app%3Dweb&resourceVersion=${from}`,
    );
    await until(async () => (await cluster.call("GET", path)).json as Deployment, ends);
    const isOver = (): boolean => {
      const last = deployments.events.at(-1)?.object as Deployment | undefined;
      return (
        last !== undefined &&
        ends(last) &&
        (last.status.terminatingReplicas ?? 0) === 0 &&
        podsAreOver(pods.events, name)
      );
    };
    await until(isOver, (over) => over);
    [deployments, pods].forEach((watch) => watch.stop());

    const trace = traces[name];
    if (!trace) throw new Error(`no trace ${name}`);
    const ours = deployments.events.map(({ object }) => object as Deployment);
    expect(changes(ours.map(conditionsOf))).toEqual(
      changes(trace.deployment.map(({ conditions }) => conditions)),
    );
    expect(countsOf(ours.at(-1))).toEqual(trace.deployment.at(-1)?.counts);
    // Surge and unavailability stay within their bounds at every moment.
    const counts = ours.map(countsOf).filter((count) => count["replicas"] !== undefined);
    expect(counts.every((count) => (count["replicas"] ?? 0) <= 4)).toBe(true);
    if (name !== "first rollout")
      expect(counts.every((count) => (count["availableReplicas"] ?? 0) >= 3)).toBe(true);
    expect(podStory(pods.events)).toEqual(
      [
        ...new Set(trace.pods.filter(({ type }) => type !== "DELETED").map(({ state }) => state)),
      ].filter((state) => state !== "none"),
    );
    if (ends === isLate)
      await cluster.apply(
        path,
        webDeployment("registry.example.org/web:v2", { spec: { progressDeadlineSeconds: 2 } }),
      );
    await until(async () => (await cluster.call("GET", path)).json as Deployment, isRolledOut);
    await until(
      () => cluster.standIn.objects("Pod", "default"),
      (left) => left.length === 3,
    );
  });
});

const isLate = (deployment: Deployment): boolean =>
  deployment.status.observedGeneration === deployment.metadata.generation &&
  progressOf(deployment) === "ProgressDeadlineExceeded";

function podsAreOver(events: WatchEvent[], name: string): boolean {
  const reasons = podStory(events);
  if (name === "bad image") return reasons.includes("ImagePullBackOff");
  if (name === "crash") return reasons.includes("CrashLoopBackOff");
  return name === "first rollout" || events.filter(({ type }) => type === "DELETED").length === 3;
}

/** The states of the pods that came into being, each once, in the order in which they were first seen. */
function podStory(events: WatchEvent[]): string[] {
  const seen = events
    .filter(
      ({ type, object }) => type !== "DELETED" && object.metadata.deletionTimestamp === undefined,
    )
    .map(({ object }) => (object as Pod).status.containerStatuses?.[0]?.state ?? {})
    .map(
      (state) =>
        state.waiting?.reason ?? state.terminated?.reason ?? (state.running ? "running" : "none"),
    );
  // The nodes of the trace had no moment between placing and running; a crashing one was never seen running.
  const crashed = seen.includes("Error");
  return [...new Set(seen)].filter(
    (state) =>
      state !== "none" && state !== "ContainerCreating" && !(crashed && state === "running"),
  );
}

const conditionsOf = ({ status }: Deployment): Record<string, string> =>
  Object.fromEntries(
    (status.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );

function countsOf(deployment: Deployment | undefined): Record<string, number> {
  const { conditions: _, observedGeneration: __, ...counts } = deployment?.status ?? {};
  return counts;
}

/** The different ones, in order. */
const changes = <T>(list: T[]): T[] =>
  list.filter(
    (one, index) =>
      index === 0 || JSON.stringify(sorted(one)) !== JSON.stringify(sorted(list[index - 1])),
  );
const sorted = (value: unknown): unknown =>
  isFields(value)
    ? Object.entries(value).sort(([one], [other]) => one.localeCompare(other))
    : value;

const withoutTime = <T extends { time: string }>({ time: _, ...rest }: T) => rest;

function bodyOf(answer: Answer): Fields {
  const parsed: unknown = answer.json ?? JSON.parse(answer.text.split("\n")[0] ?? "");
  return parsed as Fields;
}

/** Versions and uids differ from server to server. */
const withoutNumbers = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replace(/"uid":"[^"]+"/g, '"uid":"…"')
      .replace(/too old resource version: \d+ \(\d+\)/, "too old resource version: …")
      .replace(/current: \d+/, "current: …"),
  );
