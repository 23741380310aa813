import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, openStage, referenceOf, type Stage } from "../test/stage.ts";
import { lookForImages, verifyImages } from "./verify.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const image = "registry.example.org/catalogue/web";
const expected = (version: string, more: { name: string; image: string }[] = []) => ({
  namespace: "catalogue",
  images: [{ name: "web", image }, ...more].map((one) => ({ ...one, digest: digestOf(version) })),
});
const options = { timeout: 15_000, now: Date.now, steady: 300, patience: { grace: 500 } };

/** What a team's own script makes: no annotation of ours, an image by tag and digest or by tag alone. */
function script(reference: string, name = "web", replicas = 2): void {
  stage.standIn.apply({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "catalogue" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: "web", image: reference }],
        },
      },
    },
  });
}

describe("after a script", () => {
  it("waits until every workload of the image runs the digest, through a rolling update", async () => {
    const cluster = await stage.connect("admin");
    script(referenceOf("1.0.0"));
    script(referenceOf("1.0.0"), "web-admin", 1);
    expect(await verifyImages(cluster, expected("1.0.0"), options)).toMatchObject({
      passed: true,
      workloads: [
        { name: "web", ready: 2, images: [{ digest: digestOf("1.0.0") }] },
        { name: "web-admin", ready: 1 },
      ],
    });
    script(referenceOf("2.0.0"));
    script(referenceOf("2.0.0"), "web-admin", 1);
    const second = await verifyImages(cluster, expected("2.0.0"), options);
    expect(second).toMatchObject({ passed: true });
    expect(second.workloads.map((one) => one.images.map(({ digest }) => digest))).toEqual([
      [digestOf("2.0.0")],
      [digestOf("2.0.0")],
    ]);
  });

  it("goes on past the crashing pods of the release before", async () => {
    const cluster = await stage.connect("admin");
    script(referenceOf("crash"));
    const crashed = await verifyImages(cluster, expected("crash"), options);
    expect(crashed).toMatchObject({ passed: false, cause: { code: "RA3108" } });
    expect(crashed.cause?.log?.join("\n")).toContain("FATAL: no database");
    script(referenceOf("2.0.0"));
    expect(await verifyImages(cluster, expected("2.0.0"), options)).toMatchObject({ passed: true });
  });

  it("names the pod that runs another digest than the release's", async () => {
    // A script that takes a tag: the node says what the tag was.
    await stage.close();
    stage = await openStage((reference) =>
      reference.replace(/:latest$/, `:1.0.0@${digestOf("1.0.0")}`),
    );
    const cluster = await stage.connect("admin");
    script(`${image}:latest`, "web", 1);
    const wrong = await verifyImages(cluster, expected("2.0.0"), options);
    const [pod] = stage.standIn.pods("catalogue");
    expect(wrong).toMatchObject({
      passed: false,
      cause: { code: "RA3115", object: `Pod catalogue/${pod?.name}`, container: "web" },
    });
    expect(wrong.cause?.plain).toContain(digestOf("1.0.0"));
    expect(await verifyImages(cluster, expected("1.0.0"), options)).toMatchObject({ passed: true });
  });

  it("names a workload that is told to run another digest, without waiting", async () => {
    const cluster = await stage.connect("admin");
    script(referenceOf("1.0.0"));
    const wrong = await verifyImages(cluster, expected("2.0.0"), { ...options, timeout: 600_000 });
    expect(wrong).toMatchObject({
      passed: false,
      cause: { code: "RA3115", object: "Deployment catalogue/web" },
    });
  });

  it("names a component that no workload holds", async () => {
    const cluster = await stage.connect("admin");
    script(referenceOf("1.0.0"));
    const more = [{ name: "indexer", image: "registry.example.org/catalogue/indexer" }];
    expect(await verifyImages(cluster, expected("1.0.0", more), options)).toMatchObject({
      passed: false,
      cause: {
        code: "RA3203",
        plain:
          "No Deployment, StatefulSet or DaemonSet in namespace catalogue holds the image of indexer (registry.example.org/catalogue/indexer).",
      },
    });
  });

  it("an image that cannot be pulled is told by the node's reason", async () => {
    const cluster = await stage.connect("admin");
    script(`${image}:gone@${digestOf("gone")}`);
    const wrong = await verifyImages(cluster, expected("gone"), options);
    expect(wrong.passed).toBe(false);
    expect(wrong.cause?.code).toMatch(/^RA310[14]$/);
  });
});

describe("one look", () => {
  it("tells whether the namespace runs exactly these digests", async () => {
    const cluster = await stage.connect("admin");
    expect(await lookForImages(cluster, expected("1.0.0"))).toMatchObject({
      workloads: [],
      missing: [{ name: "web" }],
      asExpected: false,
    });
    script(referenceOf("1.0.0"));
    await verifyImages(cluster, expected("1.0.0"), options);
    const from = stage.standIn.requests.length;
    expect(await lookForImages(cluster, expected("1.0.0"))).toMatchObject({
      workloads: [{ name: "web", ready: 2, images: [{ digest: digestOf("1.0.0") }] }],
      missing: [],
      asExpected: true,
    });
    expect(stage.asked(from).every((line) => line.startsWith("GET "))).toBe(true);
    expect(await lookForImages(cluster, expected("2.0.0"))).toMatchObject({ asExpected: false });
  });

  it("names the rule that is missing", async () => {
    await expect(
      lookForImages(await stage.connect("reader"), expected("1.0.0")),
    ).rejects.toMatchObject({ code: "RA3120" });
  });
});
