import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { digestLike } from "./digest.ts";
import { promotionSteps, type Promotion, type PromotionOptions } from "./promotion.ts";
import { connect, imageOf, runAll, seedImage, startRegistry } from "./test-world.ts";

const missing = `sha256:${"0".repeat(64)}`;

function options(images: Promotion[], more: Partial<PromotionOptions> = {}): PromotionOptions {
  return {
    images,
    existing: "move",
    previous: true,
    referrers: false,
    entry: "e1",
    resuming: false,
    now: () => 0,
    sleep: async () => {},
    ...more,
  };
}

function retag(host: string, digest: string, tags = ["production"]): Promotion {
  const target = { host, repository: "cessda/cdc" };
  return { name: "cdc", source: { ...target, digest }, target, tags };
}

describe("within a repository", () => {
  test("a first promotion is 3 requests, and 1 when it is run again", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const { registry, transport } = connect();

    const first = await runAll(promotionSteps(registry, options([retag(host, digest)])));
    expect(transport.sent.map((request) => request.method)).toEqual(["HEAD", "GET", "PUT"]);
    expect(first.values.at(-1)).toEqual({
      effect: "tags",
      image: "cdc",
      digest,
      tags: [{ tag: "production" }],
    });
    expect(standIn.tags("cessda/cdc")).toEqual({ main: digest, production: digest });

    const again = connect();
    const second = await runAll(promotionSteps(again.registry, options([retag(host, digest)])));
    expect(again.transport.sent.map((request) => request.method)).toEqual(["HEAD"]);
    expect(second.results).toEqual(["already-done", "already-done", "already-done"]);
    expect(standIn.requests.filter((request) => request.wrote)).toHaveLength(1);
  });

  test("a displaced digest gets its name before the tag moves, and a re-run leaves it alone", async () => {
    const { standIn, host } = await startRegistry();
    const old = await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const { registry, transport } = connect();

    const run = await runAll(promotionSteps(registry, options([retag(host, digest)])));
    expect(
      standIn.requests.filter((request) => request.wrote).map((request) => request.path),
    ).toEqual([
      "/v2/cessda/cdc/manifests/production-previous",
      "/v2/cessda/cdc/manifests/production",
    ]);
    expect(run.values.slice(1)).toEqual([
      { effect: "previous", image: "cdc", tag: "production-previous", digest: old },
      { effect: "tags", image: "cdc", digest, tags: [{ tag: "production", displaced: old }] },
    ]);
    expect(transport.sent).toHaveLength(6);

    const again = connect();
    await runAll(promotionSteps(again.registry, options([retag(host, digest)])));
    expect(again.transport.sent).toHaveLength(1);
    expect(standIn.tags("cessda/cdc")["production-previous"]).toBe(old);
  });

  test("a run that ended between the two writes goes on with the second", async () => {
    const { standIn, host } = await startRegistry();
    const old = await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    await runAll(promotionSteps(connect().registry, options([retag(host, digest)])).slice(0, 2));
    expect(standIn.tags("cessda/cdc")).toMatchObject({
      production: old,
      "production-previous": old,
    });

    const resumed = await runAll(
      promotionSteps(connect().registry, options([retag(host, digest)])),
    );
    expect(resumed.results).toEqual(["already-done", "already-done", "done"]);
    expect(resumed.values.at(-1)).toMatchObject({ tags: [{ displaced: old }] });
    expect(standIn.requests.filter((request) => request.wrote)).toHaveLength(2);
  });

  test("without `previous` nothing but the tag is written", async () => {
    const { standIn, host } = await startRegistry();
    await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const { registry, transport } = connect();
    await runAll(promotionSteps(registry, options([retag(host, digest)], { previous: false })));
    expect(transport.sent).toHaveLength(3);
    expect(Object.keys(standIn.tags("cessda/cdc")).toSorted()).toEqual(["main", "production"]);
  });

  test("where no tag may move, one look more comes after the write", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const { registry, transport } = connect();
    const waits: number[] = [];
    await runAll(
      promotionSteps(
        registry,
        options([retag(host, digest)], {
          existing: "refuse",
          previous: false,
          sleep: async (milliseconds) => void waits.push(milliseconds),
        }),
      ),
    );
    expect(transport.sent.map(({ method }) => method).join(" ")).toBe("HEAD GET PUT HEAD");
    expect(waits).toEqual([3_000]);
  });

  describe("four tags", () => {
    const tags = ["2.4.0", "2.4", "2", "latest"];
    const promote = async (registryOptions: Parameters<typeof startRegistry>[0], more = {}) => {
      const { standIn, host } = await startRegistry(registryOptions);
      const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
      const { registry, transport } = connect();
      const run = await runAll(
        promotionSteps(registry, options([retag(host, digest, tags)], more)),
      );
      expect(run.results.at(-1)).toBe("done");
      expect(standIn.tags("cessda/cdc")).toEqual(
        Object.fromEntries(["main", ...tags].map((tag) => [tag, digest])),
      );
      return transport.sent.map(({ method }) => method).join(" ");
    };
    const overwrite = { existing: "overwrite" };

    test("cost 2 requests where the registry takes several in one", async () => {
      expect(await promote({}, overwrite)).toBe("GET PUT");
      expect(await promote({})).toBe("HEAD HEAD HEAD HEAD GET PUT");
    });

    test("cost 5 where it calls itself Docker's, which does not take them", async () => {
      const old = { profile: "docker-registry-2.8" as const };
      expect(await promote(old, overwrite)).toBe("GET PUT PUT PUT PUT");
      expect(await promote(old)).toBe("HEAD HEAD HEAD HEAD GET PUT PUT PUT PUT");
    });

    test("are all given where an unknown one takes none of them", async () => {
      const unknown = { quirks: { tagParameters: false } };
      expect(await promote(unknown, overwrite)).toBe("GET PUT PUT PUT PUT PUT");
    });

    test("no more than ten in one request", async () => {
      const { standIn, host } = await startRegistry();
      const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
      const { registry, transport } = connect();
      const many = [...Array(23).keys()].map((number) => `t${number}`);
      const wanted = options([retag(host, digest, many)], { existing: "overwrite" });
      await runAll(promotionSteps(registry, wanted));
      expect(transport.sent).toHaveLength(1 + 3);
      expect(Object.keys(standIn.tags("cessda/cdc"))).toHaveLength(24);
    });

    test("a lost answer: what is missing is given, and nothing else", async () => {
      const { standIn, host } = await startRegistry({ profile: "docker-registry-2.8" });
      const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
      standIn.faults.push({
        matches: ({ method, path }) => method === "PUT" && path.endsWith("/2"),
        when: "after",
        does: { status: 502 },
      });
      const { registry } = connect();
      await runAll(promotionSteps(registry, options([retag(host, digest, tags)])));
      expect(standIn.requests.filter(({ wrote }) => wrote).map(({ path }) => path)).toEqual(
        tags.map((tag) => `/v2/cessda/cdc/manifests/${tag}`),
      );
    });
  });

  test("every key names the entry, and no two are alike", async () => {
    const { host } = await startRegistry();
    const { registry } = connect();
    const keys = promotionSteps(registry, options([retag(host, missing, ["a", "b"])])).map(
      (step) => step.key,
    );
    expect(new Set(keys).size).toBe(4);
    expect(keys.every((key) => key.startsWith("e1/"))).toBe(true);
  });
});

describe("without a look at what is there", () => {
  const overwrite = { existing: "overwrite" as const };

  test("a tag costs 2 requests, and a run that goes on looks", async () => {
    const { standIn, host } = await startRegistry();
    const old = await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const { registry, transport } = connect();
    const steps = promotionSteps(registry, options([retag(host, digest)], overwrite));
    const run = await runAll(steps);
    expect(transport.sent.map((request) => request.method)).toEqual(["GET", "PUT"]);
    expect(run.values.at(-1)).toMatchObject({ tags: [{ tag: "production" }] });
    // Nobody knows what was displaced, and so nothing keeps a name.
    expect(standIn.tags("cessda/cdc")).toEqual({ main: digest, production: digest });
    expect(standIn.manifest("cessda/cdc", old)).toBeDefined();

    const again = connect();
    await runAll(
      promotionSteps(
        again.registry,
        options([retag(host, digest)], { ...overwrite, resuming: true }),
      ),
    );
    expect(again.transport.sent.map((request) => request.method)).toEqual(["HEAD"]);
  });

  test("a write whose answer is lost is looked for", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    standIn.faults.push({
      matches: ({ method }) => method === "PUT",
      when: "after",
      does: { status: 502 },
    });
    const { registry, transport } = connect();
    await runAll(promotionSteps(registry, options([retag(host, digest)], overwrite)));
    expect(transport.sent.map((request) => request.method)).toEqual(["GET", "PUT", "HEAD"]);
  });
});

test("a digest that the registry knows as sha256 under the tag is the same one", async () => {
  const { standIn, host } = await startRegistry({ quirks: { tagParameters: false } });
  const whole = await imageOf("2.4.0");
  const digest = digestLike("sha512:", whole.index.bytes);
  standIn.putImage("build/cdc", "main", { ...whole, index: { ...whole.index, digest } });
  const wanted = retag(host, digest);
  const image = { ...wanted, source: { ...wanted.source, repository: "build/cdc" } };
  await runAll(promotionSteps(connect().registry, options([image])));
  expect(standIn.tags("cessda/cdc")).toEqual({ production: whole.index.digest });

  for (const existing of ["move", "refuse"] as const) {
    const { registry, transport } = connect();
    const again = await runAll(promotionSteps(registry, options([image], { existing })));
    expect(again.results.filter((result) => result !== "already-done")).toEqual([]);
    expect(again.values.find(({ effect }) => effect === "tags")).toMatchObject({
      tags: [{ tag: "production" }],
    });
    expect(transport.sent.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
  }
});

describe("a source with a tag and a digest", () => {
  test("RA2010: the digest is one platform's part of what the tag names", async () => {
    const { standIn, host } = await startRegistry();
    const whole = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const [part = ""] = standIn.manifests("cessda/cdc").filter((digest) => digest !== whole);
    const wanted = retag(host, part);
    const image = { ...wanted, source: { ...wanted.source, tag: "main" } };
    const run = await runAll(promotionSteps(connect().registry, options([image])));
    expect(run.refusal).toBe("RA2010");
    expect(standIn.requests.filter((request) => request.wrote)).toEqual([]);
  });

  test("costs nothing more where the tag has the digest, and one read where it has moved on", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const wanted = retag(host, digest);
    const image = { ...wanted, source: { ...wanted.source, tag: "main" } };
    const { registry, transport } = connect();
    await runAll(promotionSteps(registry, options([image])));
    expect(transport.sent.map((request) => request.method)).toEqual(["HEAD", "GET", "PUT"]);

    await seedImage(standIn, "cessda/cdc", "main", "2.5.0");
    const later = connect();
    const other = { ...image, tags: ["test"] };
    await runAll(promotionSteps(later.registry, options([other])));
    expect(later.transport.sent.map((request) => request.method)).toEqual([
      "HEAD",
      "GET",
      "GET",
      "PUT",
    ]);
    expect(standIn.tags("cessda/cdc")).toMatchObject({ test: digest });
  });
});

describe("a tag that another run moves while the content is on its way", () => {
  test.each([
    ["to another digest", "2.5.0", "RA2011"],
    ["to the same digest", "2.4.0", undefined],
  ])("%s", async (_, version, code) => {
    const { standIn, host } = await startRegistry();
    await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const digest = await seedImage(standIn, "build/cdc", "main", "2.4.0");
    const wanted = retag(host, digest);
    const image = { ...wanted, source: { ...wanted.source, repository: "build/cdc" } };
    let seconds = 0;
    const { registry } = connect();
    const steps = promotionSteps(
      registry,
      options([image], { previous: false, now: () => seconds * 1000 }),
    );
    await runAll(steps.slice(0, 1));
    seconds = 60;
    const moved = await seedImage(standIn, "cessda/cdc", "production", version);
    const end = runAll(steps.slice(1));
    if (code === undefined) await end;
    else await expect(end).rejects.toMatchObject({ code });
    expect(standIn.tags("cessda/cdc")["production"]).toBe(moved);
  });
});

describe("refusals come before any write", () => {
  test("RA2003: the digest is not there, not even for the second of two images", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    const { registry } = connect();
    const target = { host, repository: "cessda/searcher" };
    const second = {
      name: "searcher",
      source: { ...target, digest: missing },
      target,
      tags: ["production"],
    };
    const run = await runAll(promotionSteps(registry, options([retag(host, digest), second])));
    expect(run.refusal).toBe("RA2003");
    expect(standIn.requests.filter((request) => request.wrote)).toEqual([]);
  });

  test("RA2008: another digest than expected, without a request", async () => {
    const { registry, transport } = connect();
    const steps = promotionSteps(
      registry,
      options([retag("registry.example.org", missing)], {
        expectDigest: `sha256:${"1".repeat(64)}`,
      }),
    );
    expect((await runAll(steps)).refusal).toBe("RA2008");
    expect(transport.sent).toEqual([]);
  });

  test("RA2009: the tag has another digest and must not move; the same digest is fine", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const { registry } = connect();
    const refused = await runAll(
      promotionSteps(registry, options([retag(host, digest)], { existing: "refuse" })),
    );
    expect(refused.refusal).toBe("RA2009");
    expect(standIn.requests.filter((request) => request.wrote)).toEqual([]);
    const same = await runAll(
      promotionSteps(registry, options([retag(host, digest, ["main"])], { existing: "refuse" })),
    );
    expect(same.refusal).toBeUndefined();
  });

  test("a source without digest is a fault before the first request", () => {
    const target = { host: "registry.example.org", repository: "a" };
    const images = [{ name: "a", source: { ...target, tag: "main" }, target, tags: ["x"] }];
    expect(() => promotionSteps(connect().registry, options(images))).toThrow(/RA2001.*no digest/);
  });
});

describe("into another repository", () => {
  // 2 platforms and 2 attestations: 4 child manifests; layer, 2 configs, 2 statements with 2 configs: 7 blobs.
  const [children, blobs] = [4, 7];

  test("of the same registry: every manifest once, every blob mounted, no bytes moved", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "build/cdc", "main", "2.4.0");
    const { registry, transport } = connect();
    const images: Promotion[] = [
      {
        name: "cdc",
        source: { host, repository: "build/cdc", digest },
        target: { host, repository: "cessda/cdc" },
        tags: ["production"],
      },
    ];
    await runAll(promotionSteps(registry, options(images)));
    expect(transport.sent).toHaveLength(2 * (children + 1) + blobs + 1);
    expect(standIn.requests.filter((request) => /\/blobs\/sha256/.test(request.path))).toEqual([]);
    expect(standIn.manifest("cessda/cdc", "production")?.bytes).toEqual(
      standIn.manifest("build/cdc", "main")?.bytes,
    );
    // The tag is the last thing written.
    expect(standIn.requests.findLast((request) => request.wrote)?.path).toBe(
      "/v2/cessda/cdc/manifests/production",
    );

    const again = connect();
    await runAll(promotionSteps(again.registry, options(images)));
    expect(again.transport.sent).toHaveLength(1);
  });

  test("of another registry: blobs are streamed, and an interrupted copy does not send them twice", async () => {
    const source = await startRegistry();
    const target = await startRegistry();
    const digest = await seedImage(source.standIn, "build/cdc", "main", "2.4.0");
    const images: Promotion[] = [
      {
        name: "cdc",
        source: { host: source.host, repository: "build/cdc", digest },
        target: { host: target.host, repository: "cessda/cdc" },
        tags: ["production"],
      },
    ];
    // Killed at the tag: everything but the tag is there.
    const killed = connect();
    await runAll(promotionSteps(killed.registry, options(images)).slice(0, 1));
    const cold = 2 * (children + 1) - 1 + 3 * blobs + 1;
    expect(killed.transport.sent).toHaveLength(cold);
    expect(target.standIn.tags("cessda/cdc")).toEqual({});

    const resumed = connect();
    await runAll(promotionSteps(resumed.registry, options(images)));
    expect(resumed.transport.sent).toHaveLength(2 * (children + 1) + blobs + 1);
    expect(target.standIn.manifest("cessda/cdc", "production")?.digest).toBe(digest);
  });

  test("an index of indexes is brought from the leaves up", async () => {
    const { standIn, host } = await startRegistry();
    const inner = await imageOf("2.4.0");
    const { mediaType } = inner.index;
    const child = { mediaType, digest: inner.index.digest, size: inner.index.bytes.length };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [child] }));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const manifests = [...inner.manifests, inner.index];
    standIn.putImage("build/cdc", "main", {
      ...inner,
      manifests,
      index: { mediaType, bytes, digest },
    });
    const { registry } = connect();
    const images: Promotion[] = [
      {
        name: "cdc",
        source: { host, repository: "build/cdc", digest },
        target: { host, repository: "cessda/cdc" },
        tags: ["production"],
      },
    ];
    const run = await runAll(promotionSteps(registry, options(images)));
    expect(run.results).toEqual(["done", "already-done", "done"]);
    expect(standIn.tags("cessda/cdc")).toEqual({ production: digest });
  });

  test("without a tag the digest itself is put", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "build/cdc", "main", "2.4.0");
    const { registry, transport } = connect();
    const images: Promotion[] = [
      {
        name: "cdc",
        source: { host, repository: "build/cdc", digest },
        target: { host, repository: "cessda/cdc" },
        tags: [],
      },
    ];
    await runAll(promotionSteps(registry, options(images)));
    expect(standIn.manifest("cessda/cdc", digest)?.digest).toBe(digest);
    const before = transport.sent.length;
    await runAll(promotionSteps(registry, options(images)));
    expect(transport.sent.length - before).toBe(1);
  });
});

describe("faults", () => {
  const isTagPut = (request: { method: string; path: string }): boolean =>
    request.method === "PUT" && request.path.endsWith("/manifests/production");

  test.each([
    ["502 after the tag was put", { when: "after" as const, does: { status: 502 } }, 1],
    [
      "the connection breaks after the tag was put",
      { when: "after" as const, does: "reset" as const },
      1,
    ],
    ["503 before the tag was put", { when: "before" as const, does: { status: 503 } }, 2],
    [
      "the connection breaks before the tag was put",
      { when: "before" as const, does: "reset" as const },
      2,
    ],
    [
      "429 with Retry-After",
      { when: "before" as const, does: { status: 429, headers: { "retry-after": "1" } } },
      2,
    ],
  ])("%s: the tag is looked at and put once with effect", async (_name, fault, puts) => {
    const { standIn, host } = await startRegistry();
    const old = await seedImage(standIn, "cessda/cdc", "production", "2.3.0");
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    standIn.faults.push({ matches: isTagPut, ...fault });
    const { registry } = connect();
    const run = await runAll(promotionSteps(registry, options([retag(host, digest)])));
    expect(run.results.at(-1)).toBe("done");
    expect(run.values.at(-1)).toEqual({
      effect: "tags",
      image: "cdc",
      digest,
      tags: [{ tag: "production", displaced: old }],
    });
    expect(standIn.requests.filter(isTagPut)).toHaveLength(puts);
    expect(standIn.tags("cessda/cdc")).toMatchObject({
      production: digest,
      "production-previous": old,
    });
  });

  test("the look after a 502 says done", async () => {
    const { standIn, host } = await startRegistry();
    const digest = await seedImage(standIn, "cessda/cdc", "main", "2.4.0");
    standIn.faults.push({ matches: isTagPut, when: "after", does: { status: 502 } });
    const { registry } = connect();
    const tag = promotionSteps(registry, options([retag(host, digest)])).at(-1);
    expect(await tag?.look()).toEqual({ state: "todo" });
    await expect(tag?.act()).rejects.toMatchObject({ code: "RA8002", outcome: "unknown" });
    expect(await tag?.look()).toMatchObject({ state: "done", value: { digest } });
  });

  test.each([
    ["500 on an upload", "PUT", { when: "before" as const, does: { status: 500 } }],
    ["a broken upload", "PUT", { when: "before" as const, does: "reset" as const }],
    ["a lost answer to an upload", "PUT", { when: "after" as const, does: "reset" as const }],
    ["503 on the start of an upload", "POST", { when: "before" as const, does: { status: 503 } }],
    ["a broken read", "GET", { when: "after" as const, does: "reset" as const }],
  ])("%s of a blob between registries", async (_name, method, fault) => {
    const source = await startRegistry();
    const target = await startRegistry();
    const digest = await seedImage(source.standIn, "build/cdc", "main", "2.4.0");
    const where = method === "GET" ? source.standIn : target.standIn;
    where.faults.push({
      matches: (request) => request.method === method && request.path.includes("/blobs/"),
      ...fault,
    });
    const { registry } = connect();
    const images: Promotion[] = [
      {
        name: "cdc",
        source: { host: source.host, repository: "build/cdc", digest },
        target: { host: target.host, repository: "cessda/cdc" },
        tags: ["production"],
      },
    ];
    await runAll(promotionSteps(registry, options(images)));
    expect(where.faults).toEqual([]);
    expect(target.standIn.tags("cessda/cdc")).toEqual({ production: digest });
  });

  test("content that the source garbled is not passed on", async () => {
    const source = await startRegistry();
    const target = await startRegistry();
    const digest = await seedImage(source.standIn, "build/cdc", "main", "2.4.0");
    const isBlob = (request: { method: string; path: string }): boolean =>
      request.method === "GET" && request.path.includes("/blobs/");
    for (let times = 0; times < 20; times += 1) {
      source.standIn.faults.push({
        matches: isBlob,
        when: "before",
        does: { status: 200, body: "garbled" },
      });
    }
    const { registry } = connect();
    const images: Promotion[] = [
      {
        name: "cdc",
        source: { host: source.host, repository: "build/cdc", digest },
        target: { host: target.host, repository: "cessda/cdc" },
        tags: ["production"],
      },
    ];
    await expect(runAll(promotionSteps(registry, options(images)))).rejects.toMatchObject({
      code: "RA2006",
    });
    expect(target.standIn.tags("cessda/cdc")).toEqual({});
  });
});
