import { describe, expect, test } from "vitest";
import { wrongsOf } from "../../../test-support/hostile/oracle.ts";
import { hostileTexts } from "../../../test-support/hostile/texts.ts";
import { configuration, release } from "../../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../../test-support/stage.ts";

const path = ".github/release-pipeline.yml";
const place = /release-pipeline\.yml:\d+:\d+: /;

/** What each action does with the file first: it reads it. */
const jobs: Record<string, JobWish["inputs"]> = {
  gate: { environment: "staging", version: "1.0.0" },
  promote: { environment: "staging", version: "1.0.0", "dry-run": "true" },
  "promote-image": { environment: "staging", version: "1.0.0" },
  "deploy-env": { environment: "staging", version: "1.0.0", "dry-run": "true" },
  "smoke-test": { environment: "staging", version: "1.0.0" },
  "validate-tag": { tag: "1.0.0" },
  "publish-release": { version: "1.0.0" },
  "release-issue": { step: "open", version: "1.0.0", purpose: "Sell more" },
  "zenodo-doi": { step: "reserve", version: "1.0.0", "zenodo-token": "canary-of-zenodo" },
};

async function run(
  action: string,
  file: (good: string) => string | Buffer,
): Promise<{ end: Awaited<ReturnType<Stage["run"]>>; writes: string[] }> {
  await using stage = await openStage();
  await release(stage, "1.0.0");
  stage.repository.commit({
    branch: "main",
    message: "Configure",
    author: "ada",
    files: { [path]: file(configuration(stage, { deploy: false })) },
  });
  const end = await stage.run(action, {
    inputs: { ...stageInputs(action, stage), ...jobs[action] },
  });
  return { end, writes: stage.writes() };
}

function stageInputs(action: string, stage: Stage): Record<string, string> {
  return ["gate", "promote", "promote-image"].includes(action) ? stage.registryLogin : {};
}

const harm = Object.values(hostileTexts).filter((text) => text !== "" && text.length < 1000);
const bomb = Array.from({ length: 9 }, (_, at) => {
  const above = at === 0 ? "x" : `*a${at - 1}`;
  return `"a${at}": &a${at} [${Array(9).fill(above).join(", ")}]`;
}).join("\n");
const withKey = (line: string) => (good: string) => good.replace(/\{/, `{\n${line},`);

describe.concurrent("configuration", { timeout: 60_000 }, () => {
  const files: [what: string, file: (good: string) => string | Buffer, words: RegExp][] = [
    ["no YAML", () => "product: [Shop\n", place],
    ["a login page", () => "<!DOCTYPE html>\n<html><body>&nbsp;</body>", place],
    [
      "an unknown key",
      (good) => good.replace('"product"', '"prodcut"'),
      /did you mean `product`\?/,
    ],
    ["a key twice", withKey('"product": "Other"'), /release-pipeline\.yml:3:3: .*unique/],
    ["an unknown role", withKey('"issue": {"assignees": "nobody"}'), place],
    [
      "every harm as a name",
      withKey(harm.map((text) => `${JSON.stringify(text)}: 1`).join(",")),
      place,
    ],
    [
      "every harm as a value",
      withKey(`"ledger": {"branch": ${JSON.stringify(harm.join(" "))}}`),
      place,
    ],
    [
      "every harm as a product",
      (good) => good.replace('"Shop"', JSON.stringify(harm.join(" "))),
      place,
    ],
    ["aliases that explode", () => `${bomb}\n`, place],
    ["brackets without end", () => "[".repeat(100_000), /nested more than 40 deep/],
    ["lists in lists", () => "- ".repeat(100_000), /nested more than 40 deep/],
    ["a name of JavaScript's own", withKey('"__proto__": {"polluted": true}'), place],
    ["a merge key", withKey('"<<": {"product": "Other"}'), place],
    ["more than 256 KiB", (good) => `${good}\n# ${"x".repeat(256 * 1024)}`, /larger than 256 KiB/],
    [
      "more than GitHub shows",
      (good) => `${good}\n# ${"x".repeat(600 * 1024)}`,
      /release-pipeline\.yml/,
    ],
    ["zero bytes", (good) => good.replace("Shop", "Sh\0op"), /release-pipeline\.yml/],
    ["UTF-16", (good) => Buffer.from(`\ufeff${good}`, "utf16le"), /release-pipeline\.yml/],
    [
      "bytes that are no text",
      () => Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
      /release-pipeline\.yml/,
    ],
    [
      "a pattern that is none",
      (good) =>
        good.replace(
          '"from": "staging"',
          '"from": "staging", "smoke": {"checks": [{"get": "/", "body": {"matches": "("}}]}',
        ),
      place,
    ],
    ["a product of a megabyte", (good) => good.replace("Shop", "x".repeat(200_000)), place],
    [
      "very many keys",
      (good) => withKey(Array.from({ length: 12_000 }, (_, at) => `"k${at}": 1`).join(","))(good),
      place,
    ],
  ];
  for (const [what, file, words] of files)
    test.each(["gate", "promote"])(`${what}: %s`, async (action) => {
      const { end, writes } = await run(action, file);
      expect(wrongsOf(end), end.printed).toEqual([]);
      expect(end.status).toBe(1);
      const [error] = end.annotations;
      expect(error?.title).toMatch(/^RA(?:110[234]|5004) /);
      expect(error?.message).toMatch(words);
      expect(writes).toEqual([]);
    });

  test.each(Object.keys(jobs))("every action tells a wrong file: %s", async (action) => {
    const { end, writes } = await run(action, (good) => good.replace('"product"', '"prodcut"'));
    expect(wrongsOf(end), end.printed).toEqual([]);
    expect(end.status).toBe(1);
    expect(end.annotations[0]?.message).toMatch(
      /release-pipeline\.yml:2:3: `prodcut` is not a key/,
    );
    expect(writes).toEqual([]);
  });

  test.each<[string, (good: string) => string | Buffer]>([
    ["a byte order mark", (good) => `\ufeff${good}`],
    ["CRLF line ends", (good) => good.replaceAll("\n", "\r\n")],
    ["a comment full of harm", (good) => `# ${"[{".repeat(15)} ::error::x <b>\n${good}`],
    ["a product in Arabic, with an ampersand", (good) => good.replace("Shop", "متجر & <Co>")],
    ["nearly 256 KiB", (good) => `${good}\n# ${"x".repeat(250 * 1024)}`],
  ])("is taken with %s", async (_, file) => {
    const { end } = await run("gate", file);
    expect(wrongsOf(end), end.printed).toEqual([]);
    expect(end.status, end.printed).toBe(0);
  });
});
