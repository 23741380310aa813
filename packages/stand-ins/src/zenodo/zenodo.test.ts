import { afterEach, describe, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createZenodoStandIn, type ZenodoStandIn } from "./zenodo.ts";

const rdm = "application/vnd.inveniordm.v1+json";
const metadata = {
  title: "CDC searcher",
  upload_type: "software",
  description: "Searches the catalogue",
  publication_date: "2026-01-05",
  creators: [{ name: "Doe, Jane", affiliation: "Atlantis", orcid: "0000-0002-1825-0097" }],
};

type Answer = { status: number; headers: Headers; body: unknown };

/** What the answer's JSON holds at a path such as `errors.0.field`. */
function at(answer: Answer, path: string): unknown {
  let value = answer.body;
  for (const part of path.split("."))
    value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(more: Partial<Parameters<typeof createZenodoStandIn>[0]> = {}) {
  const clock = movableClock(new Date("2026-01-06T10:00:30Z"));
  const zenodo = createZenodoStandIn({
    clock,
    tokens: { "t-olga": "olga", "t-tom": "tom" },
    communities: { cessda: ["pia"] },
    firstId: 2_000_000,
    ...more,
  });
  const server = await listen(zenodo);
  closers.push(server.close);
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    options: { token?: string | null; accept?: string; raw?: string } = {},
  ): Promise<Answer> => {
    const token = options.token === undefined ? "t-olga" : options.token;
    const answer = await fetch(server.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(options.accept === undefined ? {} : { accept: options.accept }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.raw === undefined
        ? body === undefined
          ? {}
          : { body: JSON.stringify(body) }
        : { body: options.raw }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json");
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };
  return { zenodo, clock, call, url: server.url };
}

function seed(zenodo: ZenodoStandIn, version = "1.0.0") {
  return zenodo.seedRecord({
    owner: "olga",
    conceptId: "1000001",
    id: "1000002",
    metadata: { ...metadata, version },
  });
}

describe("the legacy API", () => {
  test("creates, fills, publishes; the DOI is known from the first answer", async () => {
    const { zenodo, call } = await start();
    const made = await call("POST", "/api/deposit/depositions", { metadata });
    expect(made.status).toBe(201);
    expect(at(made, "id")).toBe(2_000_001);
    expect(at(made, "conceptrecid")).toBe("2000000");
    expect(at(made, "metadata.prereserve_doi")).toEqual({
      doi: "10.5281/zenodo.2000001",
      recid: 2_000_001,
    });
    expect(at(made, "state")).toBe("unsubmitted");
    expect(at(made, "doi")).toBeUndefined();
    expect(at(made, "metadata.license")).toBe("cc-by-4.0");

    const file = await call(
      "PUT",
      `${new URL(String(at(made, "links.bucket"))).pathname}/a%20b.txt`,
      undefined,
      { raw: "1, 2, 3" },
    );
    expect(file.status).toBe(201);
    expect(file.body).toMatchObject({
      key: "a b.txt",
      size: 7,
      checksum: "md5:66ce05ea43c73b8e33c74c12d0371bc9",
    });

    const published = await call("POST", "/api/deposit/depositions/2000001/actions/publish");
    expect(published.status).toBe(202);
    expect(published.body).toMatchObject({
      doi: "10.5281/zenodo.2000001",
      conceptdoi: "10.5281/zenodo.2000000",
      state: "done",
      submitted: true,
    });
    expect(zenodo.records().map(({ id, files }) => [id, files[0]?.name])).toEqual([
      ["2000001", "a b.txt"],
    ]);
    expect(zenodo.drafts()).toEqual([]);
  });

  test("refuses a second publish, and any change afterwards, with 404", async () => {
    const { zenodo, call } = await start();
    seed(zenodo);
    for (const [method, path] of [
      ["POST", "/api/deposit/depositions/1000002/actions/publish"],
      ["PUT", "/api/deposit/depositions/1000002"],
      ["DELETE", "/api/deposit/depositions/1000002"],
      ["POST", "/api/deposit/depositions/1000002/actions/discard"],
    ] as const) {
      expect((await call(method, path, method === "PUT" ? { metadata } : undefined)).status).toBe(
        404,
      );
    }
    const read = await call("GET", "/api/deposit/depositions/1000002");
    expect(read.status).toBe(200);
    const bucket = new URL(String(at(read, "links.bucket"))).pathname;
    expect((await call("PUT", `${bucket}/late.txt`, undefined, { raw: "x" })).status).toBe(404);
    expect(zenodo.requests.filter(({ wrote }) => wrote)).toEqual([]);
  });

  test("PUT replaces all metadata and fills today's date", async () => {
    const { call } = await start();
    const made = await call("POST", "/api/deposit/depositions", {
      metadata: { ...metadata, keywords: ["a"] },
    });
    const put = await call("PUT", `/api/deposit/depositions/${at(made, "id")}`, {
      metadata: { title: "Other" },
    });
    expect(put.status).toBe(200);
    expect(at(put, "metadata.title")).toBe("Other");
    expect(at(put, "metadata.keywords")).toBeUndefined();
    expect(at(put, "metadata.creators")).toBeUndefined();
    expect(at(put, "metadata.publication_date")).toBe("2026-01-06");
  });

  test("newversion imports the files, and refuses a draft that holds some", async () => {
    const { zenodo, call } = await start();
    seed(zenodo);
    const first = await call("POST", "/api/deposit/depositions/1000002/actions/newversion");
    expect(first.status).toBe(201);
    expect(at(first, "files")).toHaveLength(1);
    expect(at(first, "metadata.version")).toBeUndefined();
    expect(at(first, "conceptrecid")).toBe("1000001");
    const second = await call("POST", "/api/deposit/depositions/1000002/actions/newversion");
    expect(second.status).toBe(400);
    expect(at(second, "errors")).toEqual([
      { field: "files.enabled", messages: ["Please remove all files first."] },
    ]);
    expect((await call("POST", "/api/deposit/depositions/1000001/actions/newversion")).status).toBe(
      404,
    );

    const fileId = at(first, "files.0.id");
    expect(
      (await call("DELETE", `/api/deposit/depositions/${at(first, "id")}/files/${fileId}`)).status,
    ).toBe(204);
    expect((await call("POST", "/api/deposit/depositions/1000002/actions/newversion")).status).toBe(
      201,
    );
    expect(zenodo.drafts()).toHaveLength(1);
  });

  test("discard deletes a draft for good", async () => {
    const { zenodo, call } = await start();
    const made = await call("POST", "/api/deposit/depositions", {});
    expect(
      (await call("POST", `/api/deposit/depositions/${at(made, "id")}/actions/discard`)).status,
    ).toBe(204);
    expect(zenodo.drafts()).toEqual([]);
    const read = await call("GET", `/api/deposit/depositions/${at(made, "id")}`);
    expect([read.status, at(read, "message")]).toEqual([
      404,
      "The persistent identifier does not exist.",
    ]);
  });

  test("validates on publication with Zenodo's field errors", async () => {
    const { call } = await start();
    const made = await call("POST", "/api/deposit/depositions", {
      metadata: { title: "ab", creators: [{ affiliation: "x" }] },
    });
    expect(made.status).toBe(201);
    const refused = await call(
      "POST",
      `/api/deposit/depositions/${at(made, "id")}/actions/publish`,
    );
    expect(refused.status).toBe(400);
    expect(at(refused, "message")).toBe("A validation error occurred.");
    expect(at(refused, "errors")).toEqual([
      { field: "metadata.resource_type", messages: ["Missing data for required field."] },
      { field: "metadata.title", messages: ["Missing data for required field."] },
      {
        field: "metadata.creators.0.person_or_org.family_name",
        messages: ["Family name cannot be blank."],
      },
    ]);
    await call("PUT", `/api/deposit/depositions/${at(made, "id")}`, { metadata });
    const noFiles = await call(
      "POST",
      `/api/deposit/depositions/${at(made, "id")}/actions/publish`,
    );
    expect(noFiles.status).toBe(400);
    expect(at(noFiles, "errors.0.field")).toBe("files.enabled");
  });

  test.each([
    [{ unknownkey: 1, metadata: {} }, "unknownkey"],
    [{ metadata: { related_identifiers: "x" } }, "metadata.related_identifiers"],
    [{ metadata: { related_identifiers: ["x"] } }, "metadata.related_identifiers.0"],
    [
      { metadata: { related_identifiers: [{ identifier: "10.1234/foo", relation: 1 }] } },
      "metadata.related_identifiers.0.relation",
    ],
    [{ metadata: { license: ["MIT"] } }, "metadata.license"],
    [{ metadata: { communities: ["c1"] } }, "communities"],
  ])("refuses a malformed body %j", async (body, field) => {
    const { zenodo, call } = await start();
    const answer = await call("POST", "/api/deposit/depositions", body);
    expect(answer.status).toBe(400);
    expect(at(answer, "errors.0.field")).toBe(field);
    expect(zenodo.drafts()).toEqual([]);
  });

  test("lists the user's own deposits, after the index has caught up", async () => {
    const { zenodo, call } = await start();
    seed(zenodo);
    zenodo.staleReads = 1;
    await call("POST", "/api/deposit/depositions", {
      metadata: { ...metadata, title: "Second one" },
    });
    expect((await call("GET", '/api/deposit/depositions?q="Second one"')).body).toHaveLength(0);
    expect((await call("GET", '/api/deposit/depositions?q="Second one"')).body).toHaveLength(1);
    expect((await call("GET", "/api/deposit/depositions")).body).toHaveLength(2);
    expect(
      (await call("GET", "/api/deposit/depositions", undefined, { token: "t-tom" })).body,
    ).toEqual([]);
  });

  test("takes a multipart upload", async () => {
    const { call, url, zenodo } = await start();
    const made = await call("POST", "/api/deposit/depositions", {});
    const form = new FormData();
    form.set("name", "my file.csv");
    form.set("file", new Blob(["1, 2, 3"]), "x.csv");
    const path = `/api/deposit/depositions/${at(made, "id")}/files`;
    const answer = await fetch(url + path, {
      method: "POST",
      body: form,
      headers: { authorization: "Bearer t-olga" },
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      filename: "my_file.csv",
      filesize: 7,
      checksum: "66ce05ea43c73b8e33c74c12d0371bc9",
    });
    expect(zenodo.drafts()[0]?.files).toHaveLength(1);
  });
});

describe("the InvenioRDM API", () => {
  const body = {
    metadata: {
      title: "A new record",
      resource_type: { id: "software" },
      publication_date: "2026-01-06",
      publisher: "Zenodo",
      creators: [{ person_or_org: { type: "personal", family_name: "Doe", given_name: "Jane" } }],
    },
  };

  test("draft, three-step file, DOI, publication", async () => {
    const { zenodo, call } = await start();
    const made = await call("POST", "/api/records", body, { accept: rdm });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      is_draft: true,
      pids: {},
      versions: { index: 1, is_latest_draft: true },
    });
    const draft = `/api/records/${at(made, "id")}/draft`;
    expect((await call("POST", `${draft}/files`, [{ key: "a.txt" }])).status).toBe(201);
    expect((await call("POST", `${draft}/files`, [{ key: "a.txt" }])).status).toBe(400);
    const early = await call("POST", `${draft}/actions/publish`);
    expect(at(early, "errors.0.messages.0")).toContain("not completed their transfer");
    expect(
      (await call("PUT", `${draft}/files/a.txt/content`, undefined, { raw: "1, 2, 3" })).status,
    ).toBe(200);
    const committed = await call("POST", `${draft}/files/a.txt/commit`);
    expect(committed.body).toMatchObject({
      status: "completed",
      checksum: "md5:66ce05ea43c73b8e33c74c12d0371bc9",
    });

    const reserved = await call("POST", `${draft}/pids/doi`, undefined, { accept: rdm });
    expect(reserved.status).toBe(201);
    expect(at(reserved, "pids.doi.identifier")).toBe(`10.5281/zenodo.${at(made, "id")}`);
    const again = await call("POST", `${draft}/pids/doi`);
    expect(again.status).toBe(400);
    expect(at(again, "errors")).toEqual([
      { field: "pids.doi", messages: ["A PID already exists for type doi"] },
    ]);

    expect((await call("POST", `${draft}/actions/publish`)).status).toBe(202);
    expect((await call("POST", `${draft}/actions/publish`)).status).toBe(404);
    expect((await call("GET", draft)).status).toBe(404);
    expect(
      at(await call("GET", `/api/records/${at(made, "id")}`, undefined, { token: null }), "doi"),
    ).toBe(`10.5281/zenodo.${at(made, "id")}`);
    expect(zenodo.records()).toHaveLength(1);
  });

  test("versions is idempotent and drops version, date, DOI and files", async () => {
    const { zenodo, call } = await start();
    seed(zenodo);
    const one = await call("POST", "/api/records/1000002/versions", undefined, { accept: rdm });
    const two = await call("POST", "/api/records/1000002/versions", undefined, { accept: rdm });
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(at(two, "id")).toBe(at(one, "id"));
    expect(at(one, "metadata.title")).toBe(metadata.title);
    expect(at(one, "metadata.version")).toBeUndefined();
    expect(at(one, "metadata.publication_date")).toBeUndefined();
    expect(at(one, "pids")).toEqual({});
    expect(at(one, "files.count")).toBe(0);
    expect(zenodo.requests.filter(({ wrote }) => wrote)).toHaveLength(1);
    const record = await call("GET", "/api/records/1000002", undefined, { accept: rdm });
    expect(at(record, "versions")).toEqual({ index: 1, is_latest: true, is_latest_draft: false });
  });

  test("the concept redirects to the latest version", async () => {
    const { zenodo, call } = await start();
    seed(zenodo);
    const concept = await call("GET", "/api/records/1000001", undefined, { token: null });
    expect([concept.status, concept.headers.get("location")]).toEqual([
      302,
      "/api/records/1000002",
    ]);
    const latest = await call("GET", "/api/records/1000002/versions/latest", undefined, {
      token: null,
    });
    expect([latest.status, latest.headers.get("location")]).toEqual([301, "/api/records/1000002"]);
  });

  test("a draft is not a record, and unknown ids say so", async () => {
    const { call } = await start();
    const made = await call("POST", "/api/records", body);
    expect(at(await call("GET", `/api/records/${at(made, "id")}`), "message")).toBe(
      "The persistent identifier is not registered.",
    );
    expect(at(await call("GET", "/api/records/77"), "message")).toBe(
      "The persistent identifier does not exist.",
    );
  });

  test("a community review holds the draft until a curator accepts it", async () => {
    const { zenodo, call } = await start();
    const made = await call("POST", "/api/records", body);
    const draft = `/api/records/${at(made, "id")}/draft`;
    await call("POST", `${draft}/files`, [{ key: "a.txt" }]);
    await call("PUT", `${draft}/files/a.txt/content`, undefined, { raw: "x" });
    await call("POST", `${draft}/files/a.txt/commit`);
    const community = await call("GET", "/api/communities/cessda");
    const review = await call("PUT", `${draft}/review`, {
      type: "community-submission",
      receiver: { community: at(community, "id") },
    });
    expect([review.status, at(review, "status")]).toEqual([200, "created"]);
    const submitted = await call("POST", `${draft}/actions/submit-review`, {});
    expect([submitted.status, at(submitted, "is_open")]).toEqual([202, true]);
    expect((await call("POST", `${draft}/actions/publish`)).status).toBe(400);
    expect((await call("DELETE", draft)).status).toBe(400);
    zenodo.decideReview(String(at(made, "id")), true);
    expect(zenodo.records()[0]?.communities).toEqual(["cessda"]);
  });
});

describe("who may, and how often", () => {
  test("no token is 403, an unknown one 401, another's draft 403", async () => {
    const { call } = await start();
    const made = await call("POST", "/api/deposit/depositions", {});
    expect((await call("POST", "/api/deposit/depositions", {}, { token: null })).status).toBe(403);
    expect(
      (await call("GET", "/api/deposit/depositions", undefined, { token: "wrong" })).status,
    ).toBe(401);
    expect(
      (
        await call("GET", `/api/deposit/depositions/${at(made, "id")}`, undefined, {
          token: "t-tom",
        })
      ).status,
    ).toBe(403);
    expect(
      (await call("GET", `/api/records/${at(made, "id")}/draft`, undefined, { token: "t-tom" }))
        .status,
    ).toBe(403);
  });

  test("more than the minute's share is 429 until the minute is over", async () => {
    const { call, clock } = await start({
      limits: { user: { minute: 2, hour: 10 }, guest: { minute: 1, hour: 10 } },
    });
    expect(
      (await call("GET", "/api/deposit/depositions")).headers.get("x-ratelimit-remaining"),
    ).toBe("1");
    await call("GET", "/api/deposit/depositions");
    const refused = await call("POST", "/api/deposit/depositions", {});
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    clock.advance(31_000);
    expect((await call("POST", "/api/deposit/depositions", {})).status).toBe(201);
  });

  test("a record's quota and its hundred files", async () => {
    const { call } = await start({
      quota: 10,
      limits: { user: { minute: 1000, hour: 5000 }, guest: { minute: 1, hour: 1 } },
    });
    const made = await call("POST", "/api/deposit/depositions", {});
    const bucket = new URL(String(at(made, "links.bucket"))).pathname;
    expect((await call("PUT", `${bucket}/big`, undefined, { raw: "12345678901" })).status).toBe(
      413,
    );
    for (let index = 0; index < 100; index += 1)
      await call("PUT", `${bucket}/f${index}`, undefined, { raw: "" });
    const over = await call("PUT", `${bucket}/f100`, undefined, { raw: "" });
    expect([over.status, at(over, "message")]).toEqual([
      400,
      "Uploading selected files will result in exceeding the max amount per record.",
    ]);
  });

  test("what is not built answers 501", async () => {
    const { call } = await start();
    expect((await call("GET", "/api/licenses")).status).toBe(501);
  });
});
