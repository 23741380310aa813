import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  exampleCluster,
  until,
  webDeployment,
  webService,
  type Answer,
} from "./example-cluster.ts";
import type { KubeObject } from "./object.ts";

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
let namespace = "";
let count = 0;

const deployer = {
  user: "system:serviceaccount:team-1:deployer",
  rules: [
    {
      apiGroups: ["apps"],
      resources: ["deployments"],
      verbs: ["get", "patch"],
      resourceNames: ["web"],
    },
    {
      apiGroups: [""],
      resources: ["pods", "pods/log", "configmaps"],
      verbs: ["get", "list", "watch"],
      namespaces: ["team-1"],
    },
  ],
};
beforeAll(async () => {
  cluster = await exampleCluster({}, { deployer });
});
afterAll(async () => cluster.close());
beforeEach(() => {
  count += 1;
  namespace = `team-${count}`;
  cluster.standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
});

const maps = (name = ""): string =>
  `/api/v1/namespaces/${namespace}/configmaps${name && `/${name}`}`;
const map = (name: string, data: object = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});
const body = (answer: Answer): KubeObject & { message: string; items: KubeObject[] } =>
  answer.json as KubeObject & { message: string; items: KubeObject[] };
const namesOf = (answer: Answer): string[] =>
  body(answer).items.map(({ metadata }) => metadata.name);

test("objects are created once, replaced when current, deleted once", async () => {
  const created = await cluster.call("POST", maps(), {
    body: map("a", { x: "1" }),
    headers: { "user-agent": "tool/1.0" },
  });
  expect(created.status).toBe(201);
  expect(body(created).metadata.managedFields).toMatchObject([
    { manager: "tool", operation: "Update", fieldsV1: { "f:data": { "f:x": {} } } },
  ]);
  expect(await cluster.call("POST", maps(), { body: map("a") })).toMatchObject({
    status: 409,
    json: {
      reason: "AlreadyExists",
      message: 'configmaps "a" already exists',
      details: { name: "a", kind: "configmaps" },
    },
  });
  const { resourceVersion, uid } = body(created).metadata;
  const replaced = await cluster.call("PUT", maps("a"), {
    body: map("a", { x: "2" }, { resourceVersion }),
  });
  expect(replaced).toMatchObject({ status: 200, json: { data: { x: "2" }, metadata: { uid } } });
  expect(Number(body(replaced).metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion));
  expect(
    await cluster.call("PUT", maps("a"), { body: map("a", { x: "3" }, { resourceVersion }) }),
  ).toMatchObject({ status: 409, json: { reason: "Conflict" } });
  expect(await cluster.call("PUT", maps("none"), { body: map("none") })).toMatchObject({
    status: 404,
  });
  expect(
    await cluster.call("DELETE", maps("a"), { body: { preconditions: { uid: "other" } } }),
  ).toMatchObject({ status: 409 });
  expect(await cluster.call("DELETE", maps("a"))).toMatchObject({
    status: 200,
    json: { status: "Success", details: { name: "a", uid } },
  });
  expect(await cluster.call("DELETE", maps("a"))).toMatchObject({
    status: 404,
    json: { message: 'configmaps "a" not found' },
  });
});

test("a dry run answers as the write would, and stores nothing", async () => {
  expect(await cluster.call("POST", `${maps()}?dryRun=All`, { body: map("a") })).toMatchObject({
    status: 201,
    json: { metadata: { name: "a" } },
  });
  expect((await cluster.call("GET", maps("a"))).status).toBe(404);
  await cluster.call("POST", maps(), { body: map("a", { x: "1" }) });
  const changed = await cluster.call("PATCH", `${maps("a")}?dryRun=All`, {
    body: { data: { x: "2" } },
    type: "application/merge-patch+json",
  });
  expect(changed.json).toMatchObject({ data: { x: "2" } });
  await cluster.call("DELETE", `${maps("a")}?dryRun=All`);
  expect((await cluster.call("GET", maps("a"))).json).toMatchObject({ data: { x: "1" } });
  const writes = cluster.standIn.requests.filter(
    ({ path, wrote }) => path.includes("dryRun") && wrote,
  );
  expect(writes).toEqual([]);
});

test("the record tells a write that changed something from one that did not", async () => {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
  const web = {
    ...webDeployment("registry.example.org/none:1", { replicas: 0 }),
    metadata: { name: "web" },
  };
  await cluster.apply(path, web);
  await until(
    async () => (await cluster.call("GET", path)).json as { status: object },
    ({ status }) => "observedGeneration" in status,
  );
  await cluster.apply(path, web);
  const wrote = cluster.standIn.requests
    .filter((request) => request.path.startsWith(path) && request.method === "PATCH")
    .map((request) => request.wrote);
  expect(wrote).toEqual([true, false]);
});

test("wrong objects are refused with every cause", async () => {
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const good = webDeployment("registry.example.org/web:1");
  const wrong = {
    ...good,
    metadata: { name: "Web_1" },
    spec: {
      ...good.spec,
      selector: { matchLabels: { app: "other" } },
      template: { metadata: {}, spec: { containers: [{ name: "web" }] } },
    },
  };
  const answer = await cluster.call("POST", deployments, { body: wrong });
  expect(answer).toMatchObject({ status: 422, json: { reason: "Invalid" } });
  const causes = (answer.json as { details: { causes: { field: string }[] } }).details.causes;
  expect(causes.map(({ field }) => field)).toEqual([
    "metadata.name",
    "spec.template.metadata.labels",
    "spec.template.spec.containers[0].image",
  ]);

  const misspelt = { ...good, metadata: { name: "web" }, spec: { ...good.spec, replicaz: 3 } };
  const strict = await cluster.call("POST", `${deployments}?fieldValidation=Strict`, {
    body: misspelt,
  });
  expect(strict).toMatchObject({
    status: 400,
    json: {
      message:
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replicaz"',
    },
  });
  const warned = await cluster.call("POST", `${deployments}?dryRun=All`, { body: misspelt });
  expect(warned.status).toBe(201);
  expect(warned.headers["warning"]).toBe('299 - "unknown field \\"spec.replicaz\\""');
  expect(
    (
      await cluster.call("POST", deployments, {
        body: { ...good, spec: { ...good.spec, replicas: "3" } },
      })
    ).status,
  ).toBe(400);
  expect(
    (
      await cluster.call("POST", deployments, {
        body: { ...good, metadata: { name: "web", namespace: "default" } },
      })
    ).status,
  ).toBe(400);
  expect((await cluster.call("POST", deployments, { body: "{" })).status).toBe(400);
  expect(
    (
      await cluster.call("POST", deployments, {
        body: "x",
        type: "application/vnd.kubernetes.protobuf",
      })
    ).status,
  ).toBe(415);
  expect(
    (
      await cluster.call("PATCH", `${deployments}/web`, {
        body: "x: [",
        type: "application/apply-patch+yaml",
      })
    ).status,
  ).toBe(422);
  expect((await cluster.apply(`${deployments}/web`, "x: [")).status).toBe(400);
});

test("lists are selected, and come in pages", async () => {
  for (const [name, tier] of [
    ["a", "front"],
    ["b", "back"],
    ["c", "front"],
  ] as const)
    await cluster.call("POST", maps(), { body: map(name, {}, { labels: { tier } }) });
  const select = async (query: string) => namesOf(await cluster.call("GET", `${maps()}?${query}`));
  await until(
    () => select(""),
    (names) => names.includes("kube-root-ca.crt"),
  );
  expect(await select("labelSelector=tier%3Dfront")).toEqual(["a", "c"]);
  expect(await select("labelSelector=tier+in+(back,x)")).toEqual(["b"]);
  expect(await select("labelSelector=tier,tier!%3Dback")).toEqual(["a", "c"]);
  expect(await select("labelSelector=!tier")).toEqual(["kube-root-ca.crt"]);
  expect(await select("fieldSelector=metadata.name%3Db")).toEqual(["b"]);
  expect((await cluster.call("GET", `${maps()}?labelSelector=(`)).status).toBe(400);
  const first = await cluster.call("GET", `${maps()}?limit=3`);
  expect(namesOf(first)).toEqual(["a", "b", "c"]);
  const { metadata } = first.json as { metadata: { continue: string; remainingItemCount: number } };
  expect(metadata.remainingItemCount).toBe(1);
  expect(await select(`limit=3&continue=${metadata.continue}`)).toEqual(["kube-root-ca.crt"]);
});

test("a watch goes on from a version, shows what comes into view and out of it, and ends in time", async () => {
  const created = body(
    await cluster.call("POST", maps(), { body: map("a", {}, { labels: { tier: "front" } }) }),
  );
  const patch = (labels: object) =>
    cluster.call("PATCH", maps("a"), {
      body: { metadata: { labels } },
      type: "application/merge-patch+json",
    });
  await patch({ tier: "back" });
  const watch = cluster.watch(
    `${maps()}?watch=1&labelSelector=tier%3Dfront&resourceVersion=${created.metadata.resourceVersion}&allowWatchBookmarks=true`,
  );
  await until(
    () => watch.events,
    (events) => events.length === 1,
  );
  await patch({ tier: "front" });
  await patch({ other: "x" });
  await cluster.call("DELETE", maps("a"));
  await until(
    () => watch.events,
    (events) => events.length === 4,
  );
  expect(watch.events.map(({ type }) => type)).toEqual(["DELETED", "ADDED", "MODIFIED", "DELETED"]);
  const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
  expect(versions).toEqual(versions.toSorted((one, other) => one - other));
  watch.stop();

  await cluster.call("POST", maps(), { body: map("b") });
  const short = await cluster.call(
    "GET",
    `${maps()}?watch=true&fieldSelector=metadata.name%3Db&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
  );
  const events = short.text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; object: KubeObject });
  expect(events.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK"]);
  expect(events[1]?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });

  cluster.standIn.compact();
  const old = await cluster.call(
    "GET",
    `${maps()}?watch=true&resourceVersion=${created.metadata.resourceVersion}`,
  );
  expect(JSON.parse(old.text)).toMatchObject({
    type: "ERROR",
    object: { code: 410, reason: "Expired" },
  });
});

test("a token may do what its rules say, in the words of the real refusals", async () => {
  const path = "/apis/apps/v1/namespaces/team-1/deployments/web";
  const web = {
    ...webDeployment("registry.example.org/none:1", { replicas: 0 }),
    metadata: { name: "web" },
  };
  const options = { token: "deployer", body: web, type: "application/apply-patch+yaml" };
  const may = await cluster.call("PATCH", `${path}?fieldManager=x`, options);
  // To apply what is not there yet is to create it.
  expect(may).toMatchObject({
    status: 403,
    json: {
      message:
        'deployments.apps "web" is forbidden: User "system:serviceaccount:team-1:deployer" cannot create resource "deployments" in API group "apps" in the namespace "team-1"',
    },
  });
  await cluster.apply(path, web);
  expect((await cluster.call("PATCH", `${path}?fieldManager=x`, options)).status).toBe(200);
  expect(await cluster.call("GET", "/api/v1/pods", { token: "deployer" })).toMatchObject({
    status: 403,
    json: {
      message:
        'pods is forbidden: User "system:serviceaccount:team-1:deployer" cannot list resource "pods" in API group "" at the cluster scope',
    },
  });
  expect(
    (await cluster.call("GET", "/api/v1/namespaces/team-1/pods", { token: "deployer" })).status,
  ).toBe(200);
  expect(
    (await cluster.call("GET", "/api/v1/namespaces/team-1/pods/x/proxy/", { token: "deployer" }))
      .json,
  ).toMatchObject({
    code: 403,
    message: expect.stringContaining('cannot get resource "pods/proxy"'),
  });
  expect(
    (await cluster.call("GET", "/api/v1/namespaces/default/pods", { token: "deployer" })).status,
  ).toBe(403);
  expect((await cluster.call("DELETE", path, { token: "deployer" })).status).toBe(403);
  expect(await cluster.call("GET", path, { token: null })).toMatchObject({
    status: 403,
    json: { message: expect.stringContaining('User "system:anonymous" cannot get resource') },
  });
  expect(await cluster.call("GET", "/apis", { token: null })).toMatchObject({
    status: 403,
    json: { message: 'forbidden: User "system:anonymous" cannot get path "/apis"' },
  });
  const review = (verb: string) => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: {
      resourceAttributes: {
        verb,
        group: "apps",
        resource: "deployments",
        namespace: "team-1",
        name: "web",
      },
    },
  });
  const ask = async (verb: string) =>
    (
      await cluster.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        token: "deployer",
        body: review(verb),
      })
    ).json;
  expect(await ask("patch")).toMatchObject({ status: { allowed: true } });
  expect(await ask("delete")).toMatchObject({ status: { allowed: false } });
});

test("discovery lists what there is, and what is not there is a plain 404", async () => {
  expect((await cluster.call("GET", "/version", { token: null })).json).toMatchObject({
    gitVersion: "v1.36.3",
  });
  expect((await cluster.call("GET", "/apis/apps/v1")).json).toMatchObject({
    kind: "APIResourceList",
    groupVersion: "apps/v1",
    resources: expect.arrayContaining([
      expect.objectContaining({
        name: "deployments",
        kind: "Deployment",
        namespaced: true,
        shortNames: ["deploy"],
      }),
      expect.objectContaining({ name: "deployments/scale" }),
      expect.objectContaining({ name: "deployments/status" }),
      expect.objectContaining({ name: "replicasets" }),
    ]),
  });
  const groups = (await cluster.call("GET", "/apis")).json as { groups: { name: string }[] };
  expect(groups.groups.map(({ name }) => name)).toEqual([
    "apiextensions.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "authorization.k8s.io",
  ]);
  const sets = `/apis/apps/v1/namespaces/${namespace}/nosuchsets`;
  expect(await cluster.call("GET", sets)).toMatchObject({
    status: 404,
    text: "404 page not found\n",
  });
  expect((await cluster.apply(`${sets}/x`, {})).status).toBe(404);
  expect((await cluster.call("GET", "/readyz", { token: null })).text).toBe("ok");
  const system = (await cluster.call("GET", "/api/v1/namespaces/kube-system")).json as KubeObject;
  expect(system.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
});

test("a Service gets its address once; finalizers hold a deletion; a namespace takes its contents with it", async () => {
  const services = `/api/v1/namespaces/${namespace}/services`;
  const service = { ...webService(), metadata: { name: "web" } };
  const made = (await cluster.call("POST", services, { body: service })).json as KubeObject & {
    spec: { clusterIP: string; ports: object[] };
  };
  expect(made.spec).toMatchObject({
    clusterIP: expect.stringMatching(/^10\.0\./),
    type: "ClusterIP",
    ports: [{ port: 80, targetPort: "http", protocol: "TCP" }],
  });
  const moved = await cluster.call("PATCH", `${services}/web`, {
    body: { spec: { clusterIP: "10.9.9.9" } },
    type: "application/merge-patch+json",
  });
  expect(moved).toMatchObject({
    status: 422,
    json: { message: expect.stringContaining("may not change once set") },
  });

  await cluster.call("POST", maps(), {
    body: map("held", {}, { finalizers: ["example.org/hold"] }),
  });
  await cluster.call("DELETE", maps("held"));
  expect(body(await cluster.call("GET", maps("held"))).metadata.deletionTimestamp).toBeDefined();
  await cluster.call("PATCH", maps("held"), {
    body: { metadata: { finalizers: null } },
    type: "application/merge-patch+json",
  });
  expect((await cluster.call("GET", maps("held"))).status).toBe(404);

  await cluster.call("DELETE", `/api/v1/namespaces/${namespace}`);
  await until(
    async () => (await cluster.call("GET", `/api/v1/namespaces/${namespace}`)).status,
    (status) => status === 404,
  );
  expect(cluster.standIn.objects("Service", namespace)).toEqual([]);
  await wait(20);
  expect(await cluster.call("POST", maps(), { body: map("late") })).toMatchObject({
    status: 404,
    json: { message: `namespaces "${namespace}" not found` },
  });
});
