import { afterEach, beforeEach, expect, test } from "vitest";
import { openStage, render, type Stage } from "../test/stage.ts";
import { differencesOf, readConfiguration } from "./configuration.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const more = (level: string, password: string, other = ""): string =>
  [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web" }, data: { LEVEL: level } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      data: { password: Buffer.from(password).toString("base64") },
    },
    ...(other
      ? [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: other }, data: { A: "b" } }]
      : []),
  ]
    .map((object) => JSON.stringify(object))
    .join("\n---\n");

test("what a release changes is named by field, a secret's value never; after the way back nothing is left", async () => {
  const cluster = await stage.connect("admin");
  const first = render("1.0.0", { more: more("info", "canary-one") });
  const second = render("2.0.0", { more: more("debug", "canary-two", "extra") });
  await stage.roll(first, { token: "admin" });
  const before = await readConfiguration(cluster, second);
  expect(before.digests).toMatchObject({
    "Deployment catalogue/web": expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    "ConfigMap catalogue/extra": "absent",
  });
  expect(JSON.stringify(before)).not.toContain(Buffer.from("canary-one").toString("base64"));

  await stage.roll(second, { token: "admin", entry: "319" });
  const changed = differencesOf(before, await readConfiguration(cluster, second));
  expect(changed.join("\n")).toMatch(/ConfigMap catalogue\/web: data\.LEVEL is another/);
  expect(changed.join("\n")).toMatch(/Secret catalogue\/db: data\.password is another/);
  expect(changed.join("\n")).toMatch(
    /Deployment catalogue\/web: spec\.template\.spec\.containers\[0\]\.image was registry/,
  );
  expect(changed).toContain("ConfigMap catalogue/extra was not there and stays");
  expect(changed.join("\n")).not.toContain("canary");

  await stage.roll(first, { token: "admin", entry: "319" });
  const after = await readConfiguration(cluster, second);
  expect(differencesOf(before, after)).toEqual([
    "ConfigMap catalogue/extra was not there and stays",
  ]);
  // Of digests alone, as the ledger keeps them, only the object is known.
  const other = {
    digests: { ...before.digests, "ConfigMap catalogue/web": "0" },
    contents: undefined,
  };
  expect(differencesOf(other, after)).toContain("ConfigMap catalogue/web is another");
});

test("what the caller may not read is left out", async () => {
  const second = render("2.0.0", { more: more("debug", "x") });
  const { digests } = await readConfiguration(await stage.connect("reader"), second);
  expect(digests).toEqual({});
});
