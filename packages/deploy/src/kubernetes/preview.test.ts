import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { previewApply, renderManifests, type Rendered } from "../index.ts";
import { openStage, render, referenceOf, type Stage } from "../test/stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const preview = async (rendered: Rendered) => previewApply(await stage.connect("admin"), rendered);
const objects = (...list: object[]): Rendered =>
  renderManifests({
    files: [{ path: "all.yml", text: list.map((one) => JSON.stringify(one)).join("\n---\n") }],
    images: [],
    namespace: "catalogue",
    placeholders: {},
    version: "1.0.0",
  });

describe("what applying would do", () => {
  it("is nothing, a new object, or these fields, and nothing is written", async () => {
    expect(await preview(render("1.0.0"))).toEqual([
      { object: "Deployment catalogue/web", effect: "created" },
    ]);
    await stage.roll(render("1.0.0"));
    const from = stage.standIn.requests.length;
    expect(await preview(render("1.0.0"))).toEqual([
      { object: "Deployment catalogue/web", effect: "same" },
    ]);
    const container = {
      env: [
        { name: "PASSWORD", value: "hush" },
        { name: "LEVEL", value: "2" },
      ],
    };
    expect(await preview(render("2.0.0", { replicas: 3, container }))).toEqual([
      {
        object: "Deployment catalogue/web",
        effect: "changed",
        takenOver: false,
        fields: [
          { field: "spec.replicas", before: "2", after: "3" },
          {
            field: "spec.template.spec.containers[web].image",
            before: referenceOf("1.0.0"),
            after: referenceOf("2.0.0"),
          },
          {
            field: "spec.template.spec.containers[web].env",
            after: '[{"name":"PASSWORD","value":"(not shown)"},{"name":"LEVEL","value":"2"}]',
          },
        ],
      },
    ]);
    const requests = stage.standIn.requests.slice(from);
    expect(requests.map(({ method }) => method)).toEqual(["GET", "PATCH", "GET", "PATCH"]);
    expect(requests.some(({ wrote }) => wrote)).toBe(false);
  });

  it("shows no value of a secret", async () => {
    const secret = (value: string) =>
      objects({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "db" },
        stringData: { URL: value },
      });
    await stage.roll(secret("one"), { token: "admin" });
    const [changed] = await preview(secret("two"));
    expect(changed).toMatchObject({
      effect: "changed",
      fields: [{ field: "data.URL", before: "(not shown)", after: "(not shown)" }],
    });
  });

  it("is a refusal with its cause, and all objects are looked at", async () => {
    await stage.roll(render("1.0.0"));
    const spec = { selector: { matchLabels: { tier: "front" } } };
    const settings = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c" },
      data: { a: "1" },
    };
    expect(await preview(render("1.0.0", { spec, more: JSON.stringify(settings) }))).toMatchObject([
      { object: "ConfigMap catalogue/c", effect: "created" },
      { object: "Deployment catalogue/web", effect: "refused", cause: { code: "RA3122" } },
    ]);
  });

  it("cannot be checked for what comes with its own namespace or kind", async () => {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "fresh" } };
    const inside = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c", namespace: "fresh" },
    };
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "caches.example.org" },
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { kind: "Cache", plural: "caches" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object" } },
          },
        ],
      },
    };
    const cache = { apiVersion: "example.org/v1", kind: "Cache", metadata: { name: "c" } };
    expect(await preview(objects(namespace, inside, definition, cache))).toMatchObject([
      { object: "Namespace fresh", effect: "created" },
      {
        object: "ConfigMap fresh/c",
        effect: "created",
        unchecked: "its namespace fresh is part of the release and does not exist yet",
      },
      { object: "CustomResourceDefinition caches.example.org", effect: "created" },
      {
        object: "Cache c",
        effect: "created",
        unchecked: "its kind Cache is part of the release and does not exist yet",
      },
    ]);
  });
});
