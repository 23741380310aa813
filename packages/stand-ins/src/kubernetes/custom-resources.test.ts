import { afterEach, beforeEach, expect, it } from "vitest";
import { exampleCluster, until } from "./example-cluster.ts";
import { at } from "./object.ts";

let cluster: Awaited<ReturnType<typeof exampleCluster>>;
beforeEach(async () => {
  cluster = await exampleCluster({});
});
afterEach(() => cluster.close());

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "caches.example.org" },
  spec: {
    group: "example.org",
    scope: "Namespaced",
    names: { kind: "Cache", plural: "caches", shortNames: ["ca"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["size"],
                properties: {
                  size: { type: "integer", minimum: 1 },
                  mode: { type: "string", enum: ["lru", "fifo"], default: "lru" },
                  port: { "x-kubernetes-int-or-string": true },
                  extra: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                },
              },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        },
      },
    ],
  },
};
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const path = "/apis/example.org/v1/namespaces/default/caches/c";
const cache = (spec: object) => ({
  apiVersion: "example.org/v1",
  kind: "Cache",
  metadata: { name: "c" },
  spec,
});

async function define(): Promise<void> {
  expect((await cluster.call("GET", "/apis/example.org/v1")).status).toBe(404);
  expect((await cluster.apply(`${definitions}/caches.example.org`, definition)).status).toBe(201);
  await until(
    () => cluster.call("GET", "/apis/example.org/v1"),
    ({ status }) => status === 200,
  );
}

it("serves a kind from its definition on, with defaults, and its status apart", async () => {
  await define();
  expect(
    at((await cluster.call("GET", "/apis/example.org/v1")).json, "resources", 0),
  ).toMatchObject({
    name: "caches",
    kind: "Cache",
    namespaced: true,
    shortNames: ["ca"],
  });
  const watch = cluster.watch("/apis/example.org/v1/namespaces/default/caches?watch=true");
  const made = await cluster.apply(path, cache({ size: 2, extra: { any: ["thing"] } }));
  expect(made.status).toBe(201);
  expect(at(made.json, "spec")).toEqual({ size: 2, mode: "lru", extra: { any: ["thing"] } });
  const body = { status: { phase: "Up" }, spec: { size: 9 } };
  const type = "application/merge-patch+json";
  const told = await cluster.call("PATCH", `${path}/status`, { body, type });
  expect(told.json).toMatchObject({ spec: { size: 2 }, status: { phase: "Up" } });
  const resized = await cluster.apply(path, cache({ size: 3 }));
  expect(resized.json).toMatchObject({ metadata: { generation: 2 }, status: { phase: "Up" } });
  expect(at(resized.json, "spec")).toEqual({ size: 3, mode: "lru" });
  await until(
    () => watch.events.map(({ type, object }) => [type, at(object, "spec", "size")]),
    (seen) => seen.length === 3,
  );
  expect(watch.events.map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "MODIFIED"]);
  watch.stop();
});

it("refuses what the schema does not allow", async () => {
  await define();
  const refused = async (spec: object) => {
    const { status, json } = await cluster.apply(path, cache(spec));
    return [status, at(json, "message")];
  };
  expect(await refused({})).toEqual([
    422,
    'Cache.example.org "c" is invalid: spec.size: Required value',
  ]);
  expect(await refused({ size: 0 })).toEqual([
    422,
    'Cache.example.org "c" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
  ]);
  expect(await refused({ size: 1, mode: "mru" })).toEqual([
    422,
    'Cache.example.org "c" is invalid: spec.mode: Unsupported value: "mru": supported values: "lru", "fifo"',
  ]);
  expect(await refused({ size: 1, colour: "red" })).toEqual([
    500,
    "failed to create typed patch object (default/c; example.org/v1, Kind=Cache): .spec.colour: field not declared in schema",
  ]);
});

it("does not take a kind that is there already, and lets the objects go with the definition", async () => {
  await define();
  await cluster.apply(path, cache({ size: 1 }));
  const twin = {
    ...definition,
    metadata: { name: "stores.example.org" },
    spec: { ...definition.spec, names: { kind: "Cache", plural: "stores" } },
  };
  await cluster.apply(`${definitions}/stores.example.org`, twin);
  await until(
    () =>
      cluster.standIn
        .objects("CustomResourceDefinition")
        .find(({ metadata }) => metadata.name === "stores.example.org"),
    (found) => at(found, "status", "conditions", 0, "reason") === "KindConflict",
  );
  await cluster.call("DELETE", `${definitions}/caches.example.org`);
  await until(
    () => cluster.call("GET", path),
    ({ status }) => status === 404,
  );
  await cluster.call("DELETE", `${definitions}/stores.example.org`);
  await cluster.apply(`${definitions}/caches.example.org`, definition);
  await until(
    () => cluster.call("GET", path),
    ({ json }) => at(json, "reason") === "NotFound",
  );
});
