import { expect, onTestFinished, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createZenodoStandIn, type SavedZenodo, type ZenodoStandIn } from "./zenodo.ts";

const clock = movableClock(new Date("2026-01-06T10:00:30Z"));
const metadata = {
  title: "CDC searcher",
  upload_type: "software",
  description: "Searches the catalogue",
  publication_date: "2026-01-05",
  creators: [{ name: "Doe, Jane" }],
};

async function start(saved?: SavedZenodo) {
  const standIn = createZenodoStandIn({
    clock,
    tokens: { "t-olga": "olga" },
    communities: { cessda: ["pia"] },
    firstId: 2_000_000,
    saved,
  });
  const server = await listen(standIn);
  onTestFinished(server.close);
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(new URL(path, server.url), {
      method,
      headers: {
        authorization: "Bearer t-olga",
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, never> };
  };
  const upload = async (bucket: string, name: string, text: string) => {
    const path = new URL(bucket).pathname;
    const answer = await fetch(new URL(`${path}/${name}`, server.url), {
      method: "PUT",
      headers: { authorization: "Bearer t-olga" },
      body: text,
    });
    expect(answer.status).toBe(201);
  };
  return { standIn, call, upload };
}

const content = (zenodo: ZenodoStandIn) =>
  structuredClone({ records: zenodo.records(), drafts: zenodo.drafts() });
const depositions = "/api/deposit/depositions";

test("Zenodo goes on from its saved deposits, twice and apart", async () => {
  const original = await start();
  original.standIn.seedRecord({ owner: "olga", conceptId: "1000", id: "1001", metadata });
  const made = await original.call("POST", depositions, { metadata });
  const { id, links } = made.body as unknown as { id: number; links: { bucket: string } };
  await original.upload(links.bucket, "a.zip", "files");
  const saved = original.standIn.save();
  const asSaved = content(original.standIn);
  expect([asSaved.records.length, asSaved.drafts.length]).toEqual([1, 1]);

  expect((await original.call("POST", `${depositions}/${id}/actions/publish`)).status).toBe(202);
  await original.call("POST", depositions, { metadata });

  const [one, other] = [await start(saved), await start(saved)];
  expect(content(one.standIn)).toEqual(asSaved);
  expect([one.standIn.requests, one.standIn.faults]).toEqual([[], []]);

  await one.upload(links.bucket, "b.zip", "more");
  expect((await one.call("POST", `${depositions}/${id}/actions/publish`)).status).toBe(202);
  const next = await one.call("POST", depositions, { metadata });
  // A deposit takes two numbers, its concept's and its own.
  expect(next.body).toMatchObject({ id: id + 2, conceptrecid: String(id + 1) });
  const version = await one.call("POST", "/api/records/1001/versions");
  expect(version.body).toMatchObject({ conceptrecid: "1000", recid: String(id + 3) });
  expect(
    one.standIn
      .records()
      .at(-1)
      ?.files.map(({ name }) => name),
  ).toEqual(["a.zip", "b.zip"]);

  expect(content(other.standIn)).toEqual(asSaved);
  const draft = await other.call("GET", `${depositions}/${id}`);
  expect(draft.body).toMatchObject({ submitted: false, links: { bucket: expect.any(String) } });
});
