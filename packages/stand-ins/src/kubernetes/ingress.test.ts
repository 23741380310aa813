import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exampleCluster, until, webDeployment, webService } from "./example-cluster.ts";
import { serverSource } from "./example-image.ts";

const image = (name: string): string => `registry.example.org/${name}:1`;
const names = ["site", "api", "exact", "any", "wild", "rest"];

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
let url = "";
const door = createServer((request, response) => cluster.standIn.ingress()(request, response));

beforeAll(async () => {
  cluster = await exampleCluster(
    Object.fromEntries(names.map((name) => [image(name), serverSource(name)])),
  );
  for (const name of names) {
    cluster.standIn.apply(webDeployment(image(name), { name, replicas: name === "site" ? 2 : 1 }));
    cluster.standIn.apply(webService(name));
  }
  const backend = (name: string, port: object = { number: 80 }) => ({ service: { name, port } });
  const ingress = (name: string, spec: object) =>
    cluster.standIn.apply({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name, namespace: "default" },
      spec,
    });
  const path = (path: string, pathType: string, name: string) => ({
    path,
    pathType,
    backend: backend(name),
  });
  ingress("main", {
    rules: [
      {
        host: "www.example.org",
        http: {
          paths: [
            path("/", "Prefix", "site"),
            path("/api", "Prefix", "api"),
            path("/api/one", "Exact", "exact"),
          ],
        },
      },
      { host: "*.example.org", http: { paths: [path("/", "ImplementationSpecific", "wild")] } },
      { http: { paths: [path("/any", "Prefix", "any")] } },
      { host: "broken.example.org", http: { paths: [path("/", "Prefix", "absent")] } },
    ],
  });
  ingress("rest", { defaultBackend: backend("rest", { name: "http" }) });
  await until(
    () => cluster.standIn.pods("default"),
    (pods) => pods.length === 7 && pods.every(({ ready }) => ready),
  );
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
});
afterAll(async () => {
  door.closeAllConnections();
  door.close();
  await cluster.close();
});

type Visit = { status: number; version?: string; pod?: string };

const visit = (host: string, path: string): Promise<Visit> =>
  new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { headers: { host } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({
          status: answer.statusCode ?? 0,
          ...(text.startsWith("{") ? (JSON.parse(text) as object) : {}),
        });
      });
    });
    sent.on("error", reject);
    sent.end();
  });

test.each([
  ["www.example.org", "/", "site"],
  ["WWW.example.org:8443", "/apis", "site"],
  ["www.example.org", "/api", "api"],
  ["www.example.org", "/api/two?x=/api/one", "api"],
  ["www.example.org", "/api/one", "exact"],
  ["www.example.org", "/api/one/more", "api"],
  ["other.example.org", "/api", "wild"],
  ["a.b.example.org", "/any/thing", "any"],
  ["elsewhere.example", "/", "rest"],
])("%s%s goes to %s", async (host, path, version) => {
  expect(await visit(host, path)).toMatchObject({ status: 200, version });
});

test("a Service that is not there, or has no ready pod, is 503; a pod that does not answer is 502", async () => {
  expect(await visit("broken.example.org", "/")).toMatchObject({ status: 503 });
  const pod = cluster.standIn.pods("default").find(({ name }) => name.startsWith("api-"));
  process.kill(pod?.containers[0]?.pid ?? 0, "SIGSTOP");
  process.kill(pod?.containers[0]?.pid ?? 0, "SIGKILL");
  const { status } = await visit("www.example.org", "/api");
  expect([502, 503]).toContain(status);
  await until(
    () => visit("www.example.org", "/api"),
    (answer) => answer.status === 200,
  );
});

test("pods of one Service take turns", async () => {
  const pods = [];
  for (let visits = 0; visits < 4; visits++) pods.push((await visit("www.example.org", "/")).pod);
  expect(new Set(pods).size).toBe(2);
  expect(pods[0]).toBe(pods[2]);
  expect(pods[1]).toBe(pods[3]);
});

test("a pod that is gone before its Service knows is no gap: the next one answers", async () => {
  const [first] = cluster.standIn.pods("default").filter(({ name }) => name.startsWith("site-"));
  process.kill(first?.containers[0]?.pid ?? 0, "SIGKILL");
  for (let visits = 0; visits < 4; visits++)
    expect(await visit("www.example.org", "/")).toMatchObject({ status: 200, version: "site" });
});
