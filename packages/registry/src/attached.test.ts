import type { RegistryStandIn } from "@release-actions/stand-ins";
import { describe, expect, test } from "vitest";
import { digestLike } from "./digest.ts";
import type { Manifest } from "./manifest.ts";
import { promotionSteps, type Promotion } from "./promotion.ts";
import { connect, runAll, seedImage, startRegistry } from "./test-world.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const content = (mediaType: string, bytes: Buffer): Manifest => ({
  mediaType,
  bytes,
  digest: digestLike("sha256:", bytes),
});
const empty = content("application/vnd.oci.empty.v1+json", Buffer.from("{}"));

/** Puts an artifact about `subject` in place: by its digest, and by a tag where one is given. */
function attach(
  standIn: RegistryStandIn,
  repository: string,
  given: { subject?: string; artifactType: string; says: string; tag?: string },
): string {
  const layer = content("text/plain", Buffer.from(given.says));
  const manifest = content(
    manifestType,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        artifactType: given.artifactType,
        config: { mediaType: empty.mediaType, digest: empty.digest, size: 2 },
        layers: [{ mediaType: "text/plain", digest: layer.digest, size: layer.bytes.length }],
        ...(given.subject
          ? { subject: { mediaType: indexType, digest: given.subject, size: 1 } }
          : {}),
        annotations: { says: given.says },
      }),
    ),
  );
  standIn.putImage(repository, given.tag ?? manifest.digest, {
    index: manifest,
    manifests: [],
    blobs: [empty, layer],
  });
  return manifest.digest;
}

function promotion(host: string, digest: string, to: { host: string; repository: string }) {
  const promoted: Promotion = {
    name: "cdc",
    source: { host, repository: "build/cdc", digest },
    target: to,
    tags: ["production"],
  };
  return {
    images: [promoted],
    existing: "move" as const,
    previous: false,
    referrers: true,
    entry: "e1",
    resuming: false,
    now: () => 0,
    sleep: async () => {},
  };
}

/** A signature and an SBOM of the image, a signature of the SBOM, a statement about one platform, and a signature of the old kind. */
async function signedImage(options: Parameters<typeof startRegistry>[0] = {}) {
  const source = await startRegistry(options);
  const digest = await seedImage(source.standIn, "build/cdc", "main", "2.4.0");
  const children = source.standIn.manifests("build/cdc").filter((manifest) => manifest !== digest);
  const bySubject = new Map<string, { mediaType: string; digest: string; size: number }[]>();
  const put = (subject: string, artifactType: string, says: string) => {
    const made = attach(source.standIn, "build/cdc", { subject, artifactType, says });
    const size = source.standIn.manifest("build/cdc", made)?.bytes.length ?? 0;
    const descriptor = { mediaType: manifestType, digest: made, size };
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), descriptor]);
    return made;
  };
  const sbom = put(digest, "application/spdx+json", "sbom");
  const referrers = [
    put(digest, "application/vnd.dev.sigstore.bundle.v0.3+json", "signature"),
    sbom,
    put(sbom, "application/vnd.dev.sigstore.bundle.v0.3+json", "signature of the sbom"),
    put(children[0] ?? "", "application/vnd.in-toto+json", "about one platform"),
  ];
  const old = attach(source.standIn, "build/cdc", {
    artifactType: "application/vnd.oci.image.config.v1+json",
    says: "old signature",
    tag: `${digest.replace(":", "-")}.sig`,
  });
  return { ...source, digest, children, referrers, bySubject, old };
}

async function referrersIn(
  host: string,
  repository: string,
  digest: string,
): Promise<string[] | undefined> {
  const found = await connect().registry.referrers({ host, repository }, digest);
  return found?.map((one) => one.digest).toSorted();
}

describe("signatures, SBOMs and attestations", () => {
  test("come along into another repository, before the tag is given", async () => {
    const { standIn, host, digest, children, referrers, old } = await signedImage();
    const { registry, transport } = connect();
    const to = { host, repository: "cessda/cdc" };
    const run = await runAll(promotionSteps(registry, promotion(host, digest, to)));

    expect(run.values[0]).toMatchObject({ effect: "content", uploaded: 0, left: [] });
    const carried = run.values.flatMap((value) =>
      value.effect === "content" ? value.carried : [],
    );
    expect(carried.map((one) => one.digest).toSorted()).toEqual([...referrers, old].toSorted());
    expect(await referrersIn(host, "cessda/cdc", digest)).toEqual(referrers.slice(0, 2).toSorted());
    expect(await referrersIn(host, "cessda/cdc", referrers[1] ?? "")).toEqual([referrers[2]]);
    expect(await referrersIn(host, "cessda/cdc", children[0] ?? "")).toEqual([referrers[3]]);
    expect(standIn.tags("cessda/cdc")).toEqual({
      production: digest,
      [`${digest.replace(":", "-")}.sig`]: old,
    });
    const writes = standIn.requests.filter((request) => request.wrote).map(({ path }) => path);
    expect(writes.at(-1)).toBe("/v2/cessda/cdc/manifests/production");

    // Image: 5 manifests read and put, 7 blobs mounted, 1 look. Attached: a listing for each of 5 manifests and 4 referrers,
    // one of the tags; 5 manifests read and put, 6 blobs more (5 texts and the empty config), and a look at the tag in the target.
    expect(transport.sent).toHaveLength(2 * 5 + 7 + 1 + (5 + 4) + 1 + 2 * 5 + 6 + 1);

    const again = connect();
    await runAll(promotionSteps(again.registry, promotion(host, digest, to)));
    expect(again.transport.sent).toHaveLength(1);
  });

  test("come along into another registry", async () => {
    const { host, digest, referrers } = await signedImage();
    const target = await startRegistry();
    const { registry } = connect();
    const to = { host: target.host, repository: "cessda/cdc" };
    const run = await runAll(promotionSteps(registry, promotion(host, digest, to)));
    expect(run.values[0]).toMatchObject({ effect: "content", mounted: 0, uploaded: 13 });
    expect(await referrersIn(target.host, "cessda/cdc", digest)).toHaveLength(2);
    for (const referrer of referrers)
      expect(target.standIn.manifest("cessda/cdc", referrer)?.digest).toBe(referrer);
  });

  test("come along from and to registries that list no referrers, as tags", async () => {
    const source = await signedImage({ profile: "ghcr" });
    const fallback = (digest: string) => digest.replace(":", "-");
    // What a client leaves in such a registry: an index a subject.
    for (const [subject, about] of source.bySubject)
      source.standIn.putImage("build/cdc", fallback(subject), {
        index: content(
          indexType,
          Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: about })),
        ),
        manifests: [],
        blobs: [],
      });
    const target = await startRegistry({ profile: "ghcr" });
    // One is known there already, by another's hand.
    const theirs = attach(target.standIn, "cessda/cdc", { artifactType: "x", says: "theirs" });
    const index = {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [{ mediaType: manifestType, digest: theirs, size: 1 }],
      annotations: { kept: "yes" },
    };
    target.standIn.putImage("cessda/cdc", fallback(source.digest), {
      index: content(indexType, Buffer.from(JSON.stringify(index))),
      manifests: [],
      blobs: [],
    });

    const { registry, transport } = connect();
    const to = { host: target.host, repository: "cessda/cdc" };
    const run = await runAll(promotionSteps(registry, promotion(source.host, source.digest, to)));
    expect(run.results.at(-1)).toBe("done");
    const listed = target.standIn.manifest("cessda/cdc", fallback(source.digest));
    expect(JSON.parse(String(listed?.bytes))).toMatchObject({
      annotations: { kept: "yes" },
      manifests: [
        { digest: theirs },
        ...(source.bySubject.get(source.digest) ?? []).map(({ digest }) => ({
          digest,
          artifactType: expect.any(String),
        })),
      ],
    });
    for (const [subject, about] of source.bySubject) {
      const there = target.standIn.manifest("cessda/cdc", fallback(subject));
      for (const { digest } of about) expect(String(there?.bytes)).toContain(digest);
    }
    expect(target.standIn.tags("cessda/cdc")[`${fallback(source.digest)}.sig`]).toBe(source.old);
    // Asked for a listing once; the tags say the rest.
    expect(transport.sent.filter(({ url }) => url.includes("/referrers/"))).toHaveLength(1);
  });

  test("are not asked for within a repository, nor where they are not wished for", async () => {
    const { standIn, host, digest } = await signedImage();
    const { registry, transport } = connect();
    const to = { host, repository: "build/cdc" };
    await runAll(promotionSteps(registry, promotion(host, digest, to)));
    expect(transport.sent.map(({ method }) => method)).toEqual(["HEAD", "GET", "PUT"]);

    const without = connect();
    const elsewhere = promotion(host, digest, { host, repository: "plain/cdc" });
    await runAll(promotionSteps(without.registry, { ...elsewhere, referrers: false }));
    expect(without.transport.sent.some(({ url }) => /referrers|tags\/list/.test(url))).toBe(false);
    expect(standIn.manifests("plain/cdc")).toHaveLength(5);
  });

  test("a signature of the old kind that the target has already stays as it is", async () => {
    const { standIn, host, digest } = await signedImage();
    const tag = `${digest.replace(":", "-")}.sig`;
    const own = attach(standIn, "cessda/cdc", { artifactType: "x", says: "the target's own", tag });
    const to = { host, repository: "cessda/cdc" };
    const run = await runAll(promotionSteps(connect().registry, promotion(host, digest, to)));
    expect(run.values[0]).toMatchObject({ left: [tag] });
    expect(standIn.tags("cessda/cdc")).toEqual({ production: digest, [tag]: own });
  });

  test("one that is listed and gone is not missed", async () => {
    const { standIn, host, digest, referrers } = await signedImage();
    standIn.faults.push({
      matches: ({ path }) => path.endsWith(`/manifests/${referrers[0]}`),
      when: "before",
      does: { status: 404, body: "{}" },
    });
    const to = { host, repository: "cessda/cdc" };
    const run = await runAll(promotionSteps(connect().registry, promotion(host, digest, to)));
    expect(run.results.at(-1)).toBe("done");
    expect(await referrersIn(host, "cessda/cdc", digest)).toEqual([referrers[1]]);
  });
});
