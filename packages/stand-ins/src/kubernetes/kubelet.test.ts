import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  deploymentPath,
  exampleCluster,
  isRolledOut,
  until,
  webDeployment,
  webService,
} from "./example-cluster.ts";
import { serverSource } from "./example-image.ts";
import type { KubeObject } from "./object.ts";
import type { ContainerStatus, Deployment, Job, Pod } from "./workloads.ts";

const v1 = "registry.example.org/web:v1";
const images = { [v1]: serverSource("v1") };
const path = deploymentPath("web");

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
afterEach(async () => cluster.close());

const objects = <T extends KubeObject>(kind: string): T[] =>
  cluster.standIn.objects(kind, "default") as T[];
const rolledOut = () =>
  until(async () => (await cluster.call("GET", path)).json as Deployment, isRolledOut);
const statusOf = (pod: Pod | undefined): ContainerStatus | undefined =>
  pod?.status.containerStatuses?.[0];
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A pod of its own, with one container. */
const pod = (name: string, container: object, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: v1, ...container }], ...spec },
});
const podNamed = (name: string) =>
  objects<Pod>("Pod").find(({ metadata }) => metadata.name === name);

test("a container gets the image's and the pod's environment, and nothing of this process", async () => {
  cluster = await exampleCluster({
    [v1]: `console.log(JSON.stringify([process.env, process.cwd(), process.argv.slice(2)]));`,
  });
  process.env["SECRET_OF_THE_TEST"] = "must not be seen";
  cluster.standIn.apply({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { COLOUR: "blue", "app.host": "h" },
  });
  const env = [
    { name: "A", value: "1" },
    { name: "B", value: "$(A)2 $$(A) $(NONE)" },
    { name: "HOST", valueFrom: { configMapKeyRef: { name: "settings", key: "app.host" } } },
    { name: "OPTIONAL", valueFrom: { secretKeyRef: { name: "none", key: "x", optional: true } } },
    { name: "WHO", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
  ];
  const container = {
    env,
    envFrom: [{ prefix: "P_", configMapRef: { name: "settings" } }],
    args: ["$(A)", "/etc/absent"],
    ports: [{ containerPort: 80 }, { containerPort: 90 }],
  };
  cluster.standIn.apply(pod("once", container, { restartPolicy: "Never" }));
  await until(
    () => podNamed("once")?.status.phase,
    (phase) => phase === "Succeeded",
  );
  delete process.env["SECRET_OF_THE_TEST"];
  const [seen, cwd, args] = JSON.parse(cluster.standIn.log("default", "once") ?? "") as [
    Record<string, string>,
    string,
    string[],
  ];
  expect(seen).toEqual({
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    NODE_ENV: "production",
    HOSTNAME: "once",
    P_COLOUR: "blue",
    "P_app.host": "h",
    A: "1",
    B: "12 $(A) $(NONE)",
    HOST: "h",
    WHO: "web",
    PORT: expect.stringMatching(/^\d{5}$/),
    PORT_90: expect.stringMatching(/^\d{5}$/),
  });
  expect(seen["PORT_90"]).not.toBe(seen["PORT"]);
  expect(cwd.startsWith(cluster.directory) && cwd.endsWith("/app")).toBe(true);
  expect(args).toEqual(["1", "/etc/absent"]);
});

test("only programs of the image run: not the machine's, not through a link that leads out", async () => {
  cluster = await exampleCluster(images);
  const standIn = cluster.standIn;
  const reasonOf = (name: string) =>
    until(
      () =>
        statusOf(podNamed(name))?.state.terminated ??
        statusOf(podNamed(name))?.lastState.terminated,
      (terminated) => terminated !== undefined,
    );
  standIn.apply(pod("shell", { command: ["sh", "-c", "id"] }, { restartPolicy: "Never" }));
  standIn.apply(pod("path", { command: ["/bin/sh", "-c", "id"] }, { restartPolicy: "Never" }));
  standIn.apply(pod("out", { command: ["../../../../bin/sh"] }, { restartPolicy: "Never" }));
  expect(await reasonOf("shell")).toMatchObject({
    exitCode: 128,
    reason: "StartError",
    message: expect.stringContaining('exec: "sh": executable file not found in $PATH'),
  });
  expect(await reasonOf("path")).toMatchObject({
    message: expect.stringContaining('exec: "/bin/sh": stat /bin/sh: no such file or directory'),
  });
  expect(await reasonOf("out")).toMatchObject({ reason: "StartError" });
  expect(podNamed("path")?.status.phase).toBe("Failed");
});

test("a program that the image brings runs, a link to one of the machine does not", async () => {
  const source = `#!${process.execPath}\nconsole.log("own program");\n`;
  cluster = await exampleCluster(images, {}, async (directory) => {
    await mkdir(join(directory, "bin"));
    await writeFile(join(directory, "bin/tool"), source, { mode: 0o755 });
    await symlink("/bin/sh", join(directory, "bin/linked"));
  });
  cluster.standIn.apply(pod("tool", { command: ["tool"] }, { restartPolicy: "Never" }));
  cluster.standIn.apply(
    pod("linked", { command: ["linked", "-c", "id"] }, { restartPolicy: "Never" }),
  );
  await until(
    () => podNamed("tool")?.status.phase,
    (phase) => phase === "Succeeded",
  );
  expect(cluster.standIn.log("default", "tool")).toBe("own program\n");
  await until(
    () => podNamed("linked")?.status.phase,
    (phase) => phase === "Failed",
  );
  expect(statusOf(podNamed("linked"))?.state.terminated?.reason).toBe("StartError");
});

test("a failing liveness probe restarts the container; a failing readiness probe takes it out of the Service", async () => {
  cluster = await exampleCluster({
    [v1]: `import { createServer } from "node:http";
      const state = { live: 200, ready: 200 };
      createServer((request, response) => {
        const { pathname } = new URL(request.url, "http://x");
        if (request.method === "POST") state[pathname.slice(1)] = 500;
        response.statusCode = state[pathname.slice(1)] ?? 200;
        response.end();
      }).listen(process.env.PORT);`,
  });
  cluster.standIn.apply(webService());
  const probes = {
    // A slow machine needs more than three looks at 100 ms until its server listens.
    startupProbe: { httpGet: { path: "/", port: "http" }, failureThreshold: 100 },
    readinessProbe: { httpGet: { path: "/ready", port: "http" } },
    livenessProbe: { httpGet: { path: "/live", port: 8080 } },
  };
  await cluster.apply(path, webDeployment(v1, { replicas: 1, container: probes }));
  await rolledOut();
  const [name] = objects<Pod>("Pod").map(({ metadata }) => metadata.name);
  const proxy = `/api/v1/namespaces/default/pods/${name}/proxy`;
  await cluster.call("POST", `${proxy}/ready`);
  await until(
    () => cluster.standIn.endpoints("default", "web"),
    (endpoints) => endpoints?.length === 0,
  );
  expect(
    (await cluster.call("GET", "/api/v1/namespaces/default/services/web/proxy/")).json,
  ).toMatchObject({
    code: 503,
    message: 'no endpoints available for service "web"',
  });
  await cluster.call("POST", `${proxy}/live`);
  await until(
    () => statusOf(objects<Pod>("Pod")[0])?.restartCount,
    (restarts) => restarts === 1,
  );
  await rolledOut();
  expect(statusOf(objects<Pod>("Pod")[0])?.lastState.terminated).toMatchObject({ exitCode: 143 });
  const messages = objects<KubeObject & { message: string }>("Event").map(({ message }) => message);
  expect(messages).toContain("Liveness probe failed: HTTP probe failed with statuscode: 500");
  expect(messages).toContain("Container web failed liveness probe, will be restarted");
});

test("a container that ignores SIGTERM is killed when its grace is over", async () => {
  cluster = await exampleCluster({
    [v1]: `process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log("up");`,
  });
  cluster.standIn.apply(pod("stubborn", {}));
  await until(
    () => cluster.standIn.log("default", "stubborn"),
    (log) => log === "up\n",
  );
  const pid = cluster.standIn.pods("default")[0]?.containers[0]?.pid ?? 0;
  const url = "/api/v1/namespaces/default/pods/stubborn";
  const deleted = await cluster.call("DELETE", url, { body: { gracePeriodSeconds: 1 } });
  expect(deleted.json).toMatchObject({ kind: "Pod", metadata: { deletionGracePeriodSeconds: 1 } });
  await until(
    () => cluster.standIn.log("default", "stubborn"),
    (log) => log === "up\nno\n" || log === undefined,
  );
  expect(alive(pid)).toBe(true);
  await until(
    () => objects("Pod"),
    (pods) => pods.length === 0,
  );
  expect(alive(pid)).toBe(false);
});

test("configuration that is missing is said in the kubelet's words, and read once it is there", async () => {
  cluster = await exampleCluster(images);
  const env = [
    { name: "GREETING", valueFrom: { secretKeyRef: { name: "greeting", key: "text" } } },
  ];
  await cluster.apply(path, webDeployment(v1, { replicas: 1, container: { env } }));
  const waiting = () => statusOf(objects<Pod>("Pod")[0])?.state.waiting;
  await until(waiting, (found) => found?.reason === "CreateContainerConfigError");
  expect(waiting()?.message).toBe('secret "greeting" not found');
  cluster.standIn.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "greeting", namespace: "default" },
    stringData: { other: "x" },
  });
  await until(
    waiting,
    (found) => found?.message === "couldn't find key text in Secret default/greeting",
  );
  cluster.standIn.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "greeting", namespace: "default" },
    stringData: { text: "from a secret" },
  });
  await rolledOut();
  const [pod] = cluster.standIn.pods("default");
  const answer = await cluster.call("GET", `/api/v1/namespaces/default/pods/${pod?.name}/proxy/`);
  expect(answer.json).toMatchObject({ greeting: "from a secret" });
});

test("deleting the Deployment deletes what it owns; closing ends every process and removes their files", async () => {
  cluster = await exampleCluster(images);
  await cluster.apply(path, webDeployment(v1, { replicas: 2 }));
  await rolledOut();
  const pids = cluster.standIn.pods("default").map((pod) => pod.containers[0]?.pid ?? 0);
  expect((await cluster.call("DELETE", path)).json).toMatchObject({
    status: "Success",
    details: { name: "web", group: "apps", kind: "deployments" },
  });
  await until(
    () => objects("Pod"),
    (pods) => pods.length === 0,
  );
  expect(objects("ReplicaSet")).toEqual([]);
  expect(pids.filter(alive)).toEqual([]);

  await cluster.apply(path, webDeployment(v1, { replicas: 1 }));
  await rolledOut();
  const [pod] = cluster.standIn.pods("default");
  const pid = pod?.containers[0]?.pid ?? 0;
  expect(alive(pid)).toBe(true);
  await cluster.standIn.close();
  expect(alive(pid)).toBe(false);
  expect(existsSync(`${cluster.directory}/n1`)).toBe(false);
});

test("a Job runs its process to its end", async () => {
  cluster = await exampleCluster({
    [v1]: `console.log("migrated"); process.exit(Number(process.env.CODE ?? "0"));`,
  });
  const job = (name: string, code: string) => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "default" },
    spec: {
      backoffLimit: 1,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "job", image: v1, env: [{ name: "CODE", value: code }] }],
        },
      },
    },
  });
  cluster.standIn.apply(job("good", "0"));
  cluster.standIn.apply(job("bad", "7"));
  const end = (name: string) =>
    until(
      () => objects<Job>("Job").find((one) => one.metadata.name === name),
      (one) => (one?.status.conditions ?? []).length > 0,
    );
  expect((await end("good"))?.status).toMatchObject({
    succeeded: 1,
    conditions: [{ type: "Complete", status: "True" }],
  });
  expect((await end("bad"))?.status).toMatchObject({
    failed: 2,
    conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }],
  });
  const pod = cluster.standIn.pods("default").find(({ name }) => name.startsWith("good-"));
  expect(cluster.standIn.log("default", pod?.name ?? "")).toBe("migrated\n");
});
