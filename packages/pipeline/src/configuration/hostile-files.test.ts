import { describe, expect, test } from "vitest";
import { Document, isMap } from "yaml";
import { readChecks } from "./pipeline-file.ts";
import { expectTold, pathOf, refusal, sample } from "./sample-file.ts";

/** Every place in a value, as `a.0.b`. */
function placesOf(value: unknown, place = ""): string[] {
  if (typeof value !== "object" || value === null) return [place];
  const below = Object.entries(value).flatMap(([key, part]) => {
    const name = key.replaceAll(".", "\\.");
    return placesOf(part, place === "" ? name : `${place}.${name}`);
  });
  return [place, ...below];
}

/** Every mapping of the sample whose keys are the file's own. */
const groups = placesOf(sample).filter((place) => {
  const value: unknown = place === "" ? sample : new Document(sample).getIn(pathOf(place));
  return (
    (place === "" || isMap(value)) &&
    !/(^|\.)(roles|environments|vars|headers|json|contacts|links|json\..*)$/.test(place)
  );
});

describe.each(groups.map((place) => [place]))("a key in the group %s", (place) => {
  const path = place === "" ? [] : pathOf(place);
  const keysThere = (): string[] => {
    const map =
      path.length === 0 ? new Document(sample).contents : new Document(sample).getIn(path);
    return isMap(map) ? map.items.map(({ key }) => String(key)) : [];
  };

  test("that is unknown is refused, with the nearest that is known", () => {
    for (const key of keysThere()) {
      const document = new Document(sample);
      const unknown = `${key}s`;
      document.setIn([...path, unknown], "x");
      const text = document.toString({ lineWidth: 0 });
      expectTold(text, [...path, unknown]);
      expect(refusal(text)?.saw).toMatch(/is not a key; did you mean `[a-z0-9-]+`\?/);
    }
  });

  test.each(["__proto__", "constructor", "<<", "x\u202ey", "k".repeat(2000)])(
    "%j is refused",
    (key) => {
      const document = new Document(sample);
      document.setIn([...path, key], { polluted: true });
      const text = document.toString({ lineWidth: 0 });
      expectTold(text, []);
      expect(refusal(text)?.saw).toContain("is not a key");
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );
});

describe("a file that is no file", () => {
  const minimal =
    "product: Shop\ncomponents: [{name: web, image: registry.example.org/web}]\nenvironments: {staging: {}}\n";
  const laughs = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    .concat(
      Array.from({ length: 12 }, (_, at) => {
        const above = Array.from({ length: 8 }, () => `*a${at}`).join(", ");
        return `a${at + 1}: &a${at + 1} [${above}]`;
      }),
    )
    .join("\n");

  test.each([
    ["nothing", "", /`?product`? is missing|the file is null/],
    ["blanks", "  \n\n", /the file is/],
    ["a comment", "# nothing\n", /the file is/],
    ["a word", "hello", /the file is "hello"/],
    ["a list", "- product: Shop\n", /`product` is missing/],
    ["no YAML", "product: [Shop\n", /p\.yml:2:1: /],
    ["HTML", "<!DOCTYPE html><html>\n<body>Not found</body>", /p\.yml:\d+:\d+: /],
    ["JSON that ends early", '{"product": "Shop", "components": [', /p\.yml:1:\d+: /],
    ["a tab", `product: Shop\ncomponents:\n\t- name: web\n`, /p\.yml:3:\d+: .*[Tt]ab/],
    ["a key twice", `${minimal}product: Other\n`, /p\.yml:4:1: .*unique/],
    [
      "a key twice, deeper",
      `${minimal}tag: {scheme: semver, scheme: pep440}\n`,
      /p\.yml:4:\d+: .*unique/,
    ],
    ["a key that is a number", `${minimal}1: x\n`, /p\.yml:4:1: /],
    ["a key that is a list", `${minimal}? [a]\n: x\n`, /p\.yml:4:\d+: /],
    ["a merge key", `x: &x {scheme: semver}\n${minimal}tag: {<<: *x}\n`, /`tag\.<<` is not a key/],
    ["an alias of nothing", `${minimal}tag: *nobody\n`, /p\.yml:4:6: there is no anchor/],
    ["an alias of itself", `${minimal}tag: &t {prefix: *t}\n`, /p\.yml/],
    ["aliases that explode", `${laughs}\n${minimal}`, /p\.yml/],
    ["a tag of JavaScript's", `${minimal}tag: !!js/function "x"\n`, /p\.yml:4:\d+: /],
    ["two documents", `${minimal}---\n${minimal}`, /p\.yml:4:\d+: /],
    ["brackets without end", "[".repeat(200_000), /nested more than 40 deep/],
    ["braces without end", "{a: ".repeat(60_000), /nested more than 40 deep/],
    ["lists in lists without end", "- ".repeat(100_000), /nested more than 40 deep/],
    [
      "steps without end",
      Array.from({ length: 300 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"),
      /nested more than 40 deep/,
    ],
    ["a byte too much", `${minimal}# ${"x".repeat(256 * 1024)}`, /larger than 256 KiB/],
    ["ten megabytes", "a: b\n".repeat(2_000_000), /larger than 256 KiB/],
    ["a zero byte", `product: "Sh\0op"\n`, /p\.yml:\d+:\d+: |p\.yml/],
    [
      "UTF-16, as somebody would read it",
      Buffer.from(minimal, "utf16le").toString("latin1"),
      /p\.yml/,
    ],
    [
      "half a letter",
      `product: "Shop \ud83d"\n${minimal.replace(/^product.*\n/, "")}x: y\n`,
      /`x` is not a key/,
    ],
    [
      "many unknown keys",
      Array.from({ length: 15_000 }, (_, at) => `k${at}: x`).join("\n"),
      /is not a key/,
    ],
    [
      "a long chain of environments",
      `${minimal.replace("{staging: {}}", `{${Array.from({ length: 3000 }, (_, at) => `e${at}: {from: e${at + 1}}`).join(", ")}, e3000: {from: e0}}`)}`,
      /has more than 100 environments/,
    ],
  ])("%s is told", (_, text, words) => {
    const told = refusal(text);
    expect(told?.code).toMatch(/^RA110[234]$/);
    expect(told?.saw).toMatch(words);
    expect(told?.saw.length).toBeLessThan(6000);
  });

  test.each([
    ["a byte order mark", `\ufeff${minimal}`],
    ["CRLF line ends", minimal.replaceAll("\n", "\r\n")],
    ["comments, blank lines and a document's marks", `# ours\n\n---\n${minimal}\n...\n`],
    ["no line end at its end", minimal.trimEnd()],
    ["an anchor and its alias", `${minimal}roles: {owner: &us [olga], platform: *us}\n`],
    [
      "quotes and a folded text",
      minimal.replace("product: Shop", 'product: >-\n  The "Shop"\n  & Co <Ltd> 🚑'),
    ],
    ["a right-to-left product", minimal.replace("Shop", "متجر")],
    ["letters like others in a title", `${minimal}issue: {title: "Ünïcode \${version} ✓"}\n`],
    ["a version that YAML 1.1 reads otherwise", `${minimal}issue: {labels: [on, "1.10", "1e3"]}\n`],
    ["nearly 256 KiB", `${minimal}# ${"x".repeat(255 * 1024)}`],
    ["forty brackets deep in a comment", `${minimal}# ${"[".repeat(30)}\n`],
  ])("%s is taken", (_, text) => expect(refusal(text)).toBeUndefined());
});

test("a file of checks is read as strictly", () => {
  for (const [text, words] of [
    ["- {get: /, status: 999}", /c\.yml:1:\d+: `0\.status`/],
    ["- {get: /, json: {'$[?match(@.a, \"(a+)+$\")]': 1}}", /c\.yml:1:\d+: .*JSONPath/],
    ["- {get: /, body: {matches: '('}}", /c\.yml:1:\d+: .*regular expression/],
    ["- {get: /, json: {$.a: '${nope}'}}", /c\.yml:1:\d+: .*\$\{nope\}/],
    ["checks: [{gett: /}]", /did you mean `get`/],
    ["hello", /c\.yml:1:1/],
  ] as const) {
    expect(() => readChecks("c.yml", text), text).toThrow(words);
  }
});
