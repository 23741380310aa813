import { Readable } from "node:stream";
import { Fault } from "@release-actions/codes";
import { createTransport, type Transport } from "@release-actions/net";
import { runStep } from "@release-actions/plan";
import {
  createZenodoStandIn,
  listen,
  movableClock,
  type PlannedFault,
  type ZenodoStandIn,
} from "@release-actions/stand-ins";
import { afterEach, describe, expect, test } from "vitest";
import {
  createZenodo,
  type Publication,
  type Reservation,
  type ZenodoState,
  type ZenodoSteps,
} from "./index.ts";

const key = "https://github.com/cessda/cdc/releases/tag/2.0.0";
const metadata = {
  title: "CDC searcher",
  upload_type: "software",
  description: "Searches the catalogue",
  creators: [{ name: "Doe, Jane", affiliation: "Atlantis", orcid: "0000-0002-1825-0097" }],
  license: "Apache-2.0",
};
const files = [
  { name: "source.zip", bytes: Buffer.from("the sources") },
  { name: "notes with blank.md", length: 5, open: () => Readable.from([Buffer.from("notes")]) },
];
const first: Publication = { key, version: "2.0.0", metadata, files };
const next: Publication = { ...first, concept: "10.5281/zenodo.1000001" };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Ends a run as `kill -9` would: nothing catches it. */
class Killed extends Error {}

type World = {
  zenodo: ZenodoStandIn;
  url: string;
  /** One run of an action: its own client, and the steps one after another. */
  run(
    make: (zenodo: ReturnType<typeof createZenodo>) => ZenodoSteps,
    options?: { resuming?: boolean; killAt?: number; when?: "before" | "after"; token?: string },
  ): Promise<ZenodoState>;
};

async function start(
  more: { seeded?: boolean; communities?: Record<string, string[]>; limits?: number } = {},
): Promise<World> {
  const limit = { minute: more.limits ?? 10_000, hour: 100_000 };
  const zenodo = createZenodoStandIn({
    clock: movableClock(new Date("2026-01-06T10:00:00Z")),
    tokens: { "t-olga": "olga", "t-tom": "tom" },
    communities: more.communities ?? {},
    limits: { user: limit, guest: limit },
  });
  if (more.seeded) {
    zenodo.seedRecord({
      owner: "olga",
      conceptId: "1000001",
      id: "1000002",
      metadata: {
        ...metadata,
        version: "1.0.0",
        publication_date: "2025-01-01",
        keywords: ["by hand"],
        related_identifiers: [
          {
            identifier: "https://github.com/cessda/cdc/releases/tag/1.0.0",
            relation: "isSupplementTo",
          },
          { identifier: "10.1234/paper", relation: "isDescribedBy" },
        ],
      },
    });
  }
  const server = await listen(zenodo);
  closers.push(server.close);
  return {
    zenodo,
    url: server.url,
    run: async (
      make,
      { resuming = false, killAt = Infinity, when = "before", token = "t-olga" } = {},
    ) => {
      const real = createTransport({
        env: {},
        userAgent: "release-actions-test",
        sleep: async () => {},
      });
      closers.push(() => real.close());
      let sent = 0;
      const transport: Transport = {
        ...real,
        send: async (request) => {
          sent += 1;
          if (sent === killAt && when === "before") throw new Killed();
          const answer = await real.send(request);
          if (sent === killAt) throw new Killed();
          return answer;
        },
      };
      const { steps, state } = make(createZenodo({ transport, server: server.url, token }));
      for (const step of steps) {
        const outcome = await runStep(step, { now: () => 0, sleep: async () => {}, resuming });
        if ("refusal" in outcome) throw new Fault(outcome.refusal.code, outcome.refusal);
      }
      return state();
    },
  };
}

const writes = (zenodo: ZenodoStandIn): string[] =>
  zenodo.requests.filter(({ wrote }) => wrote).map(({ method, path }) => `${method} ${path}`);
const codeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => "passed",
    (error: unknown) => (error instanceof Fault ? error.code : error),
  );

describe("requests of a clean run", () => {
  test("a first record: n + 2, and 1 when it is run again", async () => {
    const { zenodo, run } = await start();
    const state = await run((client) => client.publish(first));
    expect(zenodo.requests).toHaveLength(files.length + 2);
    expect(state).toMatchObject({
      state: "published",
      doi: "10.5281/zenodo.20000001",
      conceptDoi: "10.5281/zenodo.20000000",
    });

    zenodo.requests.length = 0;
    const again = await run(
      (client) => client.publish({ ...first, depositionId: state.depositionId }),
      { resuming: true },
    );
    expect(zenodo.requests).toHaveLength(1);
    expect(again).toEqual(state);
    zenodo.requests.length = 0;
    expect(await run((client) => client.publish({ ...first, resuming: true }))).toEqual(state);
    expect(zenodo.requests).toHaveLength(1);
    expect(writes(zenodo)).toEqual([]);
  });

  test("a new version: n + 4 where the previous record is known, one more to ask for it, and no write when run again", async () => {
    const { zenodo, run } = await start({ seeded: true });
    const state = await run((client) => client.publish({ ...next, latest: "1000002" }));
    expect(zenodo.requests).toHaveLength(files.length + 4);
    expect(state.conceptDoi).toBe("10.5281/zenodo.1000001");
    expect(zenodo.records().map(({ index, metadata: { version } }) => [index, version])).toEqual([
      [1, "1.0.0"],
      [2, "2.0.0"],
    ]);

    zenodo.requests.length = 0;
    expect(await run((client) => client.publish(next))).toEqual(state);
    expect(zenodo.requests).toHaveLength(2);
    expect(writes(zenodo)).toEqual([]);

    zenodo.requests.length = 0;
    const third = { ...next, version: "3.0.0", key: key.replace("2.0.0", "3.0.0") };
    await run((client) => client.publish(third));
    expect(zenodo.requests).toHaveLength(files.length + 5);
  });
});

test("the DOI is reserved before the tag and kept until publication", async () => {
  const { zenodo, run } = await start({ seeded: true });
  const reservation: Reservation = {
    key,
    version: "2.0.0",
    metadata,
    concept: "https://doi.org/10.5281/zenodo.1000001",
  };
  const reserved = await run((client) => client.reserve(reservation));
  expect(reserved).toMatchObject({ state: "reserved", doi: "10.5281/zenodo.20000000" });
  expect(zenodo.records()).toHaveLength(1);
  expect(await run((client) => client.reserve(reservation))).toEqual(reserved);
  const dated = {
    ...next,
    metadata: { ...metadata, publication_date: "2026-02-03" },
    depositionId: reserved.depositionId,
  };
  const published = await run((client) => client.publish(dated));
  expect(published).toMatchObject({ doi: reserved.doi, state: "published" });
  const record = zenodo.records()[1];
  expect(record?.metadata).toMatchObject({
    publication_date: "2026-02-03",
    version: "2.0.0",
    keywords: ["by hand"],
  });
  expect(record?.files.map(({ name, content }) => [name, content.toString()])).toEqual([
    ["source.zip", "the sources"],
    ["notes with blank.md", "notes"],
  ]);
  // The previous release's own key is replaced, what people added stays.
  expect(record?.metadata["related_identifiers"]).toMatchObject([
    { identifier: key },
    { identifier: "10.1234/paper" },
  ]);
});

describe("exactly once, whatever breaks", () => {
  const faults: [name: string, fault: Pick<PlannedFault, "when" | "does">][] = [
    ["reset before", { when: "before", does: "reset" }],
    ["reset after", { when: "after", does: "reset" }],
    ["500 after", { when: "after", does: { status: 500 } }],
    ["502 after", { when: "after", does: { status: 502 } }],
    ["429", { when: "before", does: { status: 429, headers: { "retry-after": "1" } } }],
  ];
  const cases = [
    { what: "first record", seeded: false, publication: first, requests: files.length + 2 },
    { what: "new version", seeded: true, publication: next, requests: files.length + 5 },
  ];

  test.each(cases.flatMap((one) => faults.map(([name, fault]) => ({ ...one, name, fault }))))(
    "$what, $name, at every request",
    async ({ seeded, publication, requests, fault }) => {
      for (let at = 1; at <= requests; at += 1) {
        const world = await start({ seeded });
        let seen = 0;
        world.zenodo.faults.push({ ...fault, matches: () => (seen += 1) === at });
        await runToTheEnd(world, publication);
        expectOneRecord(world, seeded, `fault at request ${at}`);
      }
    },
  );

  test.each(
    cases.flatMap((one) => (["before", "after"] as const).map((when) => ({ ...one, when }))),
  )("$what, killed $when every request", async ({ seeded, publication, requests, when }) => {
    for (let killAt = 1; killAt <= requests; killAt += 1) {
      const world = await start({ seeded });
      // A followed redirect is one call of the transport.
      await world
        .run((client) => client.publish(publication), { killAt, when })
        .catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
      await runToTheEnd(world, publication);
      expectOneRecord(world, seeded, `killed at request ${killAt}`);
    }
  });

  test("a lost answer is read within the run: no write is sent twice", async () => {
    for (const { seeded, publication, requests } of cases) {
      for (let at = 1; at <= requests; at += 1) {
        const world = await start({ seeded });
        let seen = 0;
        world.zenodo.faults.push({
          when: "after",
          does: { status: 504 },
          matches: () => (seen += 1) === at,
        });
        expect((await world.run((client) => client.publish(publication))).state).toBe("published");
        const sent = world.zenodo.requests
          .filter(({ method }) => method !== "GET")
          .map(({ method, path }) => `${method} ${path}`);
        // Opening the new version is the one write that is repeated: Zenodo answers with the draft that is there.
        const once = sent.filter((request) => !request.endsWith("/versions"));
        expect(new Set(once).size, `504 at request ${at}`).toBe(once.length);
      }
    }
  });

  async function runToTheEnd(world: World, publication: Publication): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await world.run(
          (client) =>
            client.publish({
              ...publication,
              resuming: attempt > 1 || world.zenodo.requests.length > 0,
            }),
          { resuming: attempt > 1 },
        );
        return;
      } catch (error) {
        if (!(error instanceof Fault) || error.outcome !== "unknown" || attempt >= 4) throw error;
      }
    }
  }

  function expectOneRecord({ zenodo }: World, seeded: boolean, where: string): void {
    const ours = zenodo.records().filter(({ metadata: { version } }) => version === "2.0.0");
    expect(ours, where).toHaveLength(1);
    expect(zenodo.records(), where).toHaveLength(seeded ? 2 : 1);
    expect(zenodo.drafts(), where).toEqual([]);
    expect(
      ours[0]?.files.map(({ content }) => content.toString()),
      where,
    ).toEqual(["the sources", "notes"]);
    const publications = zenodo.requests.filter(
      ({ path, wrote }) => wrote && path.endsWith("/actions/publish"),
    );
    expect(publications, where).toHaveLength(1);
    expect(
      zenodo.requests.filter(({ method }) => method === "DELETE"),
      where,
    ).toEqual([]);
  }
});

describe("what is not ours is left alone", () => {
  test("another open draft of the record is refused and kept", async () => {
    const { zenodo, run, url } = await start({ seeded: true });
    const headers = { authorization: "Bearer t-olga", "content-type": "application/json" };
    const opened = (await (
      await fetch(`${url}/api/records/1000002/versions`, { method: "POST", headers })
    ).json()) as { id: number };
    const body = JSON.stringify({ metadata: { ...metadata, version: "1.5.0" } });
    await fetch(`${url}/api/deposit/depositions/${opened.id}`, { method: "PUT", headers, body });
    const before = structuredClone(zenodo.drafts());
    expect(await codeOf(run((client) => client.publish(next)))).toBe("RA7007");
    expect(zenodo.drafts()).toEqual(before);
    expect(
      await codeOf(run((client) => client.publish({ ...next, depositionId: String(opened.id) }))),
    ).toBe("RA7008");
  });

  test("a file that people put into the draft stops the publication", async () => {
    const { zenodo, run, url } = await start();
    const reserved = await run((client) => client.reserve(first));
    const headers = { authorization: "Bearer t-olga" };
    const draft = (await (
      await fetch(`${url}/api/deposit/depositions/${reserved.depositionId}`, { headers })
    ).json()) as { links: { bucket: string } };
    await fetch(`${draft.links.bucket}/data.csv`, { method: "PUT", headers, body: "1,2" });
    expect(
      await codeOf(
        run((client) => client.publish({ ...first, depositionId: reserved.depositionId })),
      ),
    ).toBe("RA7010");
    expect(zenodo.records()).toEqual([]);
    expect(zenodo.drafts()[0]?.files.map(({ name }) => name)).toContain("data.csv");
  });

  test("a published record with other bytes is reported, not changed", async () => {
    const { zenodo, run } = await start({ seeded: true });
    expect(await codeOf(run((client) => client.publish({ ...next, version: "1.0.0" })))).toBe(
      "RA7010",
    );
    expect(writes(zenodo)).toEqual([]);
  });

  test("two drafts with the key are not guessed between", async () => {
    const { zenodo, run } = await start();
    await run((client) => client.reserve(first));
    await run((client) => client.reserve(first));
    expect(zenodo.drafts()).toHaveLength(2);
    expect(await codeOf(run((client) => client.publish({ ...first, resuming: true })))).toBe(
      "RA7009",
    );
    const [kept] = zenodo.drafts();
    const state = await run((client) =>
      client.publish({ ...first, resuming: true, depositionId: String(kept?.id) }),
    );
    expect(state).toMatchObject({ state: "published", depositionId: kept?.id });
  });

  test("a lagging search makes no second draft within a run", async () => {
    const { zenodo, run } = await start();
    zenodo.staleReads = 3;
    zenodo.faults.push({
      when: "after",
      does: { status: 502 },
      matches: ({ method }) => method === "POST",
    });
    const state = await run((client) => client.publish(first));
    expect(state.state).toBe("published");
    expect(zenodo.drafts()).toEqual([]);
    expect(zenodo.records()).toHaveLength(1);
  });
});

describe("refusals of Zenodo", () => {
  test.each([
    ["an unknown token", { ...next }, "wrong", "RA7001"],
    ["another account's record", { ...next }, "t-tom", "RA7002"],
    ["a record that does not exist", { ...next, concept: "10.5281/zenodo.99" }, "t-olga", "RA7004"],
    [
      "a version's DOI in the concept's place",
      { ...next, concept: "10.5281/zenodo.1000002" },
      "t-olga",
      "RA7020",
    ],
    ["a concept that is no DOI", { ...next, concept: "CDC searcher" }, "t-olga", "RA7020"],
    [
      "metadata without creators",
      { ...first, metadata: { title: "CDC searcher" } },
      "t-olga",
      "RA7003",
    ],
  ])("%s", async (_, publication, token, code) => {
    const { zenodo, run } = await start({ seeded: true });
    expect(await codeOf(run((client) => client.publish(publication), { token }))).toBe(code);
    expect(zenodo.records()).toHaveLength(1);
  });

  test("the field errors are named", async () => {
    const { run } = await start();
    const failed = run((client) =>
      client.publish({ ...first, metadata: { title: "CDC", upload_type: "software" } }),
    );
    await expect(failed).rejects.toThrow("metadata.creators: Missing data for required field.");
  });

  test("the limit of requests is waited for", async () => {
    const { zenodo, run } = await start({ limits: 2 });
    expect(await codeOf(run((client) => client.publish(first)))).toBe("RA7005");
    expect(zenodo.records()).toEqual([]);
  });

  test("a file that arrives changed is not published", async () => {
    const { zenodo, run } = await start();
    const wrong = {
      ...first,
      files: [{ name: "a", bytes: Buffer.from("a"), md5: "0".repeat(32) }],
    };
    expect(await codeOf(run((client) => client.publish(wrong)))).toBe("RA7021");
    expect(zenodo.records()).toEqual([]);
  });

  test("the token is in one header and nowhere else, also when a link leads away", async () => {
    const { zenodo, run } = await start();
    await run((client) => client.publish(first));
    for (const request of zenodo.requests) {
      expect(request.headers["user-agent"]).toBe("release-actions-test");
      expect(request.path).not.toContain("t-olga");
      expect(request.body.toString()).not.toContain("t-olga");
    }
    const foreign = JSON.stringify({
      id: 1,
      conceptrecid: "2",
      metadata: { prereserve_doi: { doi: "10.5281/zenodo.1" } },
      links: { bucket: "https://elsewhere.example.org/b" },
    });
    zenodo.faults.push({
      when: "before",
      matches: () => true,
      does: { status: 201, headers: { "content-type": "application/json" }, body: foreign },
    });
    zenodo.faults.push({
      when: "before",
      matches: () => true,
      does: { status: 200, headers: { "content-type": "application/json" }, body: foreign },
    });
    await expect(run((client) => client.publish(first))).rejects.toThrow(
      "elsewhere.example.org, which is another server",
    );
  });
});

describe("a community", () => {
  test("reviews a first record; when it is accepted, the re-run finds it published", async () => {
    const { zenodo, run } = await start({ communities: { cessda: ["pia"] } });
    const publication = { ...first, community: "cessda" };
    const state = await run((client) => client.publish(publication));
    expect(state.state).toBe("in-review");
    expect(zenodo.drafts()[0]?.review).toBe("submitted");
    const before = writes(zenodo).length;
    expect(
      await run((client) => client.publish({ ...publication, depositionId: state.depositionId })),
    ).toEqual(state);
    expect(writes(zenodo)).toHaveLength(before);
    zenodo.decideReview(state.depositionId, true);
    expect(
      (await run((client) => client.publish({ ...publication, depositionId: state.depositionId })))
        .state,
    ).toBe("published");
    expect(zenodo.records()[0]?.communities).toEqual(["cessda"]);
  });

  test("is published at once by its own curator, and a refusal of the curators is told", async () => {
    const { zenodo, run } = await start({ communities: { cessda: ["olga"], other: ["pia"] } });
    expect((await run((client) => client.publish({ ...first, community: "cessda" }))).state).toBe(
      "published",
    );
    const publication = { ...first, key: `${key}-b`, community: "other" };
    const state = await run((client) => client.publish(publication));
    zenodo.decideReview(state.depositionId, false);
    expect(
      await codeOf(
        run((client) => client.publish({ ...publication, depositionId: state.depositionId })),
      ),
    ).toBe("RA7018");
    expect(
      await codeOf(
        run((client) => client.publish({ ...first, key: `${key}-c`, community: "none" })),
      ),
    ).toBe("RA7004");
  });
});
