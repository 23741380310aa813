import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, ledgerFile, recordPass, release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";

const metadata = {
  title: "Shop",
  upload_type: "software",
  description: "A shop.",
  creators: [{ name: "Owner, Olga" }],
  license: "Apache-2.0",
};
const files = { ".zenodo.json": JSON.stringify(metadata) };

const inputsOf = (stage: Stage, step: string, more: Record<string, string> = {}) => ({
  step,
  server: stage.zenodoUrl,
  "zenodo-token": stage.zenodoToken,
  version: "1.0.0",
  ...more,
});

describe.concurrent("without the file", () => {
  test("reserve before the tag, publish after it: one record, with the archive of the tag", async () => {
    await using stage = await openStage();
    const { commit } = await release(stage, "1.0.0", { tag: null, files });
    const reserved = await stage.run("zenodo-doi", {
      inputs: inputsOf(stage, "reserve", { config: "" }),
    });
    expect(reserved.status).toBe(0);
    expect(reserved.outputs).toMatchObject({
      state: "reserved",
      doi: stage.zenodo.drafts()[0]?.doi,
    });
    expect(stage.zenodo.records()).toEqual([]);

    stage.repository.createTag("1.0.0", commit, "ada");
    const published = await stage.run("zenodo-doi", {
      inputs: inputsOf(stage, "publish", { config: "" }),
    });
    expect(published.status).toBe(0);
    expect(published.outputs).toMatchObject({
      state: "published",
      doi: reserved.outputs["doi"],
      "concept-doi": reserved.outputs["concept-doi"],
    });
    const [record, ...others] = stage.zenodo.records();
    expect([others, stage.zenodo.drafts()]).toEqual([[], []]);
    expect(record).toMatchObject({
      doi: published.outputs["doi"],
      metadata: { title: "Shop", version: "1.0.0" },
    });
    expect(record?.files.map(({ name }) => name)).toEqual(["shop-1.0.0.zip"]);
    expect(published.outputs["url"]).toBe(`${stage.zenodoUrl}/records/${record?.id}`);
  });

  test.each(["reserve", "publish"])(
    "a finished %s again, by a re-run or a new run, writes nothing",
    async (step) => {
      await using stage = await openStage();
      await release(stage, "1.0.0", { files });
      const run = stage.newRun();
      const wish = {
        inputs: inputsOf(stage, step, { config: "", files: "paper.pdf" }),
        workspace: { "paper.pdf": "%PDF" },
      };
      const first = await stage.run("zenodo-doi", { ...wish, run });
      expect(first.status).toBe(0);
      const writes = stage.writes().length;
      // A re-run lists twice: it also looks whether its lost attempt left a second draft.
      for (const [again, lists] of [
        [{ run, attempt: 2 }, 2],
        [{}, 1],
      ] as const) {
        const requests = stage.watch(stage.zenodo);
        const end = await stage.run("zenodo-doi", { ...wish, ...again });
        expect(end.outputs).toMatchObject({
          doi: first.outputs["doi"],
          state: first.outputs["state"],
        });
        expect(requests()).toEqual(
          Array(lists).fill("GET /api/deposit/depositions?sort=mostrecent&size=100"),
        );
      }
      expect(stage.writes()).toHaveLength(writes);
    },
  );

  test("a new version of a record that is there already", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0", { files });
    const before = stage.zenodo.seedRecord({
      owner: "olga",
      conceptId: "100",
      id: "101",
      metadata: { ...metadata, version: "0.9.0" },
    });
    const end = await stage.run("zenodo-doi", {
      inputs: inputsOf(stage, "publish", { config: "", concept: before.conceptDoi }),
    });
    expect(end.status).toBe(0);
    expect(end.outputs["concept-doi"]).toBe(before.conceptDoi);
    expect(stage.zenodo.records().map(({ conceptId, index }) => [conceptId, index])).toEqual([
      ["100", 1],
      ["100", 2],
    ]);
    const requests = stage.watch(stage.zenodo);
    const again = await stage.run("zenodo-doi", {
      inputs: inputsOf(stage, "publish", { config: "", concept: before.conceptDoi }),
    });
    expect(again.outputs).toMatchObject({ doi: end.outputs["doi"], state: "published" });
    expect(requests()).toHaveLength(2);
  });

  test.each([
    ["a token that Zenodo does not know", { "zenodo-token": "nobodys-token" }, /RA70\d\d/],
    ["a concept that does not exist", { concept: "10.5281/zenodo.999" }, /RA7004/],
  ])("refuses %s", async (_, wrong, code) => {
    await using stage = await openStage();
    await release(stage, "1.0.0", { files });
    const end = await stage.run("zenodo-doi", {
      inputs: inputsOf(stage, "reserve", { config: "", ...wrong }),
    });
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.title).toMatch(code);
    expect(stage.writes()).toEqual([]);
  });
});

test.concurrent("with the file: the ledger remembers the deposition, and only what passed is published", async () => {
  await using stage = await openStage();
  configure(stage, {
    deploy: false,
    file: { zenodo: { server: stage.zenodoUrl, metadata: ".zenodo.json" } },
  });
  const build = await release(stage, "1.0.0", { files });
  const inputs = { "zenodo-token": stage.zenodoToken, version: "1.0.0" };
  const reserved = await stage.run("zenodo-doi", { inputs: { ...inputs, step: "reserve" } });
  expect(reserved.status).toBe(0);
  const remembered = ledgerFile(stage, "zenodo/1.0.0.json");
  expect(remembered).toMatchObject({
    doi: reserved.outputs["doi"],
    state: "reserved",
    depositionId: stage.zenodo.drafts()[0]?.id,
  });

  const writes = stage.writes().length;
  const requests = stage.watch(stage.zenodo);
  const again = await stage.run("zenodo-doi", { inputs: { ...inputs, step: "reserve" } });
  expect(again.outputs["doi"]).toBe(reserved.outputs["doi"]);
  expect(requests()).toEqual([`GET /api/deposit/depositions/${stage.zenodo.drafts()[0]?.id}`]);
  const early = await stage.run("zenodo-doi", { inputs: { ...inputs, step: "publish" } });
  expect(early.annotations[0]?.title).toContain("RA1203");
  expect(stage.writes()).toHaveLength(writes);

  recordPass(stage, build, "production");
  const published = await stage.run("zenodo-doi", { inputs: { ...inputs, step: "publish" } });
  expect(published.outputs).toMatchObject({ doi: reserved.outputs["doi"], state: "published" });
  expect(ledgerFile(stage, "zenodo/1.0.0.json")).toMatchObject({ state: "published" });
  const written = stage.writes().length;
  const finished = await stage.run("zenodo-doi", { inputs: { ...inputs, step: "publish" } });
  expect(finished.outputs["state"]).toBe("published");
  expect(stage.writes()).toHaveLength(written);
});

const given = { config: "", "zenodo-token": "nobodys-token", version: "1.0.0" };
refusesInputs("zenodo-doi", [
  [
    "a path of the file where no file is",
    (stage) => ({ inputs: inputsOf(stage, "publish", { config: "pipeline.yml" }) }),
    "RA1101",
    /pipeline\.yml is not on the branch main/,
  ],
  ["no step", { inputs: { ...given } }, "RA1001", /`step` is not given/],
  [
    "a step of another word",
    { inputs: { ...given, step: "publsh" } },
    "RA1002",
    /`step` is "publsh"; it takes reserve, publish/,
  ],
  [
    "no zenodo-token",
    { inputs: { ...given, step: "reserve", "zenodo-token": "" } },
    "RA1001",
    /`zenodo-token` is not given/,
  ],
  [
    "no version",
    { inputs: { ...given, step: "reserve", version: "" } },
    "RA1205",
    /`version` is not given/,
  ],
  [
    "no metadata in the repository",
    { inputs: { ...given, step: "reserve" } },
    "RA7017",
    /neither a \.zenodo\.json nor a CITATION\.cff/,
  ],
  [
    "a path of metadata that is not there",
    { inputs: { ...given, step: "reserve", metadata: "gone.json" } },
    "RA5004",
    /gone\.json does not exist/,
  ],
  [
    "a server that is no address",
    (stage) => {
      stage.repository.commit({ branch: "main", message: "m", author: "ada", files });
      return { inputs: { ...given, step: "reserve", server: "zenodo.org" } };
    },
    "RA1002",
    /"zenodo\.org" is not a web address/,
  ],
]);
