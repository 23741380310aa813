import { Fault } from "@release-actions/codes";
import { describe, expect, it } from "vitest";
import { mappingAt, podTemplateOf, textAt } from "./object.ts";
import { renderManifests, type ReleasedImage } from "./rendered.ts";

const digest = `sha256:${"4be7a90f".repeat(8)}`;
const web: ReleasedImage = {
  image: "registry.example.org/catalogue/web",
  reference: `registry.example.org/catalogue/web:2.4.1@${digest}`,
};

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers:
        - name: migrate
          image: registry.example.org/catalogue/web:latest
      containers:
        - name: web
          image: "registry.example.org/catalogue/web"
          args: ["--version=\${version}", "\${HOME} \${1:-x}"]
        - name: proxy
          image: registry.example.org/catalogue/web-proxy:1
`;

function render(text: string, more: Partial<Parameters<typeof renderManifests>[0]> = {}) {
  return renderManifests({
    files: [{ path: "k8s/app.yml", text }],
    images: [web],
    namespace: "catalogue",
    placeholders: { version: "2.4.1", namespace: "catalogue" },
    version: "2.4.1",
    ...more,
  });
}

function faultOf(act: () => unknown): Fault {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("no fault");
}

describe("renderManifests", () => {
  it("writes the released references into the component's containers and into no other", () => {
    const [object] = render(deployment).objects;
    const spec = mappingAt(object, "spec", "template", "spec");
    expect(spec).toMatchObject({
      initContainers: [{ image: web.reference }],
      containers: [
        { image: web.reference },
        { image: "registry.example.org/catalogue/web-proxy:1" },
      ],
    });
  });

  it("fills known placeholders and leaves shell text alone", () => {
    const [object] = render(deployment).objects;
    expect(mappingAt(object, "spec", "template", "spec")).toMatchObject({
      containers: [{ args: ["--version=2.4.1", "${HOME} ${1:-x}"] }, {}],
    });
  });

  it("fills as text: a value cannot become YAML", () => {
    const { objects } = render(
      `${deployment}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  v: \${version}\n`,
      {
        placeholders: { version: "1\nevil: true" },
      },
    );
    expect(objects.find((object) => object.kind === "ConfigMap")?.["data"]).toEqual({
      v: "1\nevil: true",
    });
  });

  it("sets the namespace where one belongs and none is written", () => {
    const { objects } = render(`${deployment}---
apiVersion: v1
kind: ConfigMap
metadata: { name: here, namespace: other }
---
apiVersion: v1
kind: Namespace
metadata: { name: catalogue, namespace: wrong }
---
apiVersion: example.org/v1
kind: Widget
metadata: { name: unknown }
`);
    expect(objects.map((object) => [object.kind, object.metadata.namespace])).toEqual([
      ["Namespace", undefined],
      ["ConfigMap", "other"],
      ["Widget", undefined],
      ["Deployment", "catalogue"],
    ]);
  });

  it("annotates with the version, and the template with its own digest only", () => {
    const one = render(deployment).objects[0];
    const other = render(deployment, { version: "2.4.2" }).objects[0];
    if (!one || !other) throw new Error("nothing rendered");
    expect(one.metadata.annotations).toEqual({ "release-actions/version": "2.4.1" });
    expect(podTemplateOf(one)).toEqual(podTemplateOf(other));
    const changed = render(deployment.replace("--version", "--v")).objects[0];
    const mark = (object: unknown): string =>
      textAt(object, "spec", "template", "metadata", "annotations", "release-actions/template");
    expect(mark(one)).toMatch(/^[0-9a-f]{16}$/);
    expect(mark(changed)).not.toBe(mark(one));
  });

  it("applies in the order of need, takes lists apart and leaves empty documents out", () => {
    const kinds: [string, string][] = [
      ["v1", "Namespace"],
      ["v1", "ResourceQuota"],
      ["v1", "ServiceAccount"],
      ["rbac.authorization.k8s.io/v1", "Role"],
      ["rbac.authorization.k8s.io/v1", "RoleBinding"],
      ["v1", "Secret"],
      ["v1", "PersistentVolumeClaim"],
      ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
      ["caches.example.org/v1", "Cache"],
      ["v1", "Service"],
      ["apps/v1", "Deployment"],
      ["batch/v1", "Job"],
      ["networking.k8s.io/v1", "Ingress"],
      ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
    ];
    const items = kinds
      .filter(([, kind]) => kind !== "Deployment")
      .map(([version, kind]) => `- {apiVersion: ${version}, kind: ${kind}, metadata: {name: x}}`)
      .toReversed()
      .join("\n");
    const { objects } = render(
      `---\n# nothing\n---\n${deployment}---\napiVersion: v1\nkind: List\nitems:\n${items}\n`,
    );
    expect(objects.map((object) => object.kind)).toEqual(kinds.map(([, kind]) => kind));
  });

  it("names the image of a component also where a kind of somebody else's does", () => {
    const cache = `apiVersion: caches.example.org/v1
kind: Cache
metadata: { name: c }
spec: { image: "registry.example.org/catalogue/web:1", parts: [{ image: other.example.org/x }], note: registry.example.org/catalogue/web }
`;
    const [object] = render(cache).objects;
    expect(object?.["spec"]).toEqual({
      image: web.reference,
      parts: [{ image: "other.example.org/x" }],
      note: "registry.example.org/catalogue/web",
    });
  });

  it("reads YAML as kubectl does: octal modes, merge keys, no dates", () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: c }
base: &base { a: 1 }
mode: 0644
merged: { <<: *base, b: 2 }
time: 2026-11-21
port: 12:30
`;
    const [object] = render(text, { images: [] }).objects;
    expect(object).toMatchObject({
      mode: 420,
      merged: { a: 1, b: 2 },
      time: "2026-11-21",
      port: "12:30",
    });
  });

  it("takes out what an export adds", () => {
    const text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, uid: u, resourceVersion: '5', managedFields: [], creationTimestamp: null}\nstatus: {}\n";
    expect(render(text, { images: [] }).objects).toEqual([
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: "c",
          namespace: "catalogue",
          annotations: { "release-actions/version": "2.4.1" },
        },
      },
    ]);
  });

  it("refuses a release whose image no manifest names, and says which are named", () => {
    const fault = faultOf(() =>
      render(deployment, {
        images: [web, { ...web, image: "registry.example.org/catalogue/api" }],
      }),
    );
    expect(fault.code).toBe("RA3007");
    expect(fault.saw).toContain("registry.example.org/catalogue/api is in no container");
    expect(fault.saw).toContain("registry.example.org/catalogue/web-proxy:1");
  });

  it("refuses a reference without a digest", () => {
    expect(
      faultOf(() => render(deployment, { images: [{ ...web, reference: `${web.image}:2.4.1` }] }))
        .code,
    ).toBe("RA1002");
  });

  it.each([
    ["a: [1, 2", "RA3005", "k8s/app.yml:1:9"],
    [
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  name: d\n",
      "RA3005",
      "k8s/app.yml:5:3",
    ],
    ["---\n---\n\njust text\n", "RA3005", "k8s/app.yml:4: the document is not a mapping"],
    ["kind: ConfigMap\nmetadata: {name: c}\n", "RA3005", "no apiVersion"],
    [
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b, a: c}\n",
      "RA3005",
      "k8s/app.yml:4:14: Map keys must be unique",
    ],
    [
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: c-}\n",
      "RA3005",
      "no metadata.name",
    ],
    ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ../../x}\n", "RA3005", "does not allow"],
    [
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: a/b}\n",
      "RA3005",
      "does not allow",
    ],
    [
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
      "RA3005",
      "is already in k8s/app.yml:1",
    ],
    ["apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "RA3006", "kustomize"],
  ])("refuses %j", (text, code, saw) => {
    const fault = faultOf(() => render(text, { images: [] }));
    expect(fault.code).toBe(code);
    expect(fault.saw).toContain(saw);
  });

  it("reads a ConfigMap of very many keys", () => {
    const data = Array.from({ length: 50_000 }, (_, at) => `  k${at}: x\n`).join("");
    const { objects } = render(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n${data}`,
      { images: [] },
    );
    expect(Object.keys(mappingAt(objects[0] ?? {}, "data"))).toHaveLength(50_000);
  });

  it("refuses an alias bomb and files that are too large", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`;
    expect(faultOf(() => render(bomb, { images: [] })).code).toBe("RA3005");
    expect(faultOf(() => render("#".repeat(1024 * 1024 + 1), { images: [] })).saw).toContain(
      "larger than",
    );
  });
});
