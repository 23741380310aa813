import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { imagesByName } from "../kubernetes/rendered.ts";
import { pinManifest, strayHooks } from "./pin-manifest.ts";

const digest = `sha256:${"a".repeat(64)}`;
const images = imagesByName([
  {
    image: "registry.example.org:5000/shop/web",
    reference: `registry.example.org:5000/shop/web:1.0.0@${digest}`,
  },
]);
const pin = (text: string) => pinManifest(text, images, "1.0.0");

const deployment = `---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {mode: "0644", "on": "yes"}}
spec:
  template:
    spec:
      initContainers: [{name: migrate, image: "registry.example.org:5000/shop/web:latest"}]
      containers:
        - {name: web, image: registry.example.org:5000/shop/web@sha256:${"b".repeat(64)}}
        - {name: proxy, image: registry.example.org:5000/shop/web-proxy:1}
`;

test("a container that names the image gets the release's reference, whatever its tag, and others keep theirs", () => {
  const { text, objects, used } = pin(deployment);
  const reference = `registry.example.org:5000/shop/web:1.0.0@${digest}`;
  const [document] = parseAllDocuments(text);
  expect(Array.isArray(document) ? undefined : document?.toJS()).toEqual(objects[0]);
  expect(objects[0]).toMatchObject({
    metadata: {
      labels: { mode: "0644", on: "yes" },
      annotations: { "release-actions/version": "1.0.0" },
    },
    spec: {
      template: {
        metadata: { annotations: { "release-actions/template": expect.any(String) as string } },
        spec: {
          initContainers: [{ image: reference }],
          containers: [
            { image: reference },
            { image: "registry.example.org:5000/shop/web-proxy:1" },
          ],
        },
      },
    },
  });
  expect(text).toMatch(/^---\n# Source: shop\/templates\/web\.yaml\n/);
  expect([...used]).toEqual(["registry.example.org:5000/shop/web"]);
});

test("a document without pods stays as it was written, to the last character", () => {
  const map = `
# Source: shop/templates/map.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: map} # as it is
data:
  image: |
    image: registry.example.org:5000/shop/web:latest
    ---not a document
  mode: "0644"
`;
  expect(pin(`---${map}${deployment}`).text).toContain(`---${map}---\n`);
});

test("documents that begin on the separator's line, empty ones and JSON are read as helm reads them", () => {
  const account = '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"a"}}';
  const { text, objects } = pin(
    `${account}\n---\n# nothing\n--- ${account.replace('"a"', '"b"')}\n---\n`,
  );
  expect(objects.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
  expect(
    parseAllDocuments(text).flatMap((one) => {
      const value = one.toJS() as { metadata: { name: string } } | null;
      return value === null ? [] : [value.metadata.name];
    }),
  ).toEqual(["a", "b"]);
});

test("a hook is pinned and stands apart: no image of a component is found in hooks alone", () => {
  const hook = deployment.replace(
    "{name: web, labels",
    '{name: web, annotations: {"helm.sh/hook": test}, labels',
  );
  const { objects, hooks, used, text } = pin(hook);
  expect([objects.length, hooks.length, used.size]).toEqual([0, 1, 0]);
  expect(text).toContain(`shop/web:1.0.0@${digest}`);
  expect(strayHooks(hook, images)).toEqual([
    "Deployment web (registry.example.org:5000/shop/web:latest)",
    `Deployment web (registry.example.org:5000/shop/web@sha256:${"b".repeat(64)})`,
  ]);
  expect(strayHooks(text, images)).toEqual([]);
});

test("the same release gives the same template, another image another", () => {
  const mark = (text: string): string => /release-actions\/template: "?(\w+)/.exec(text)?.[1] ?? "";
  expect(mark(pin(deployment).text)).toMatch(/^[0-9a-f]{16}$/);
  expect(mark(pin(deployment).text)).toBe(mark(pin(deployment).text));
  expect(mark(pin(deployment.replace("web-proxy:1", "web-proxy:2")).text)).not.toBe(
    mark(pin(deployment).text),
  );
});

test("what is no object is told with its template", () => {
  expect(() => pin("# Source: shop/templates/x.yaml\na: b\n")).toThrow(/shop\/templates\/x\.yaml/);
});
