import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

/** Markdown that people read: the root's pages, docs, and one page an action. */
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path)),
  ...readdirSync(join(root, "actions"))
    .map((folder) => join("actions", folder, "README.md"))
    .filter((path) => existsSync(join(root, path))),
].toSorted();

/** The text without what is shown as code. */
function prose(markdown: string): string {
  return markdown.replace(/^(```+)[^]*?^\1/gm, "").replace(/(`+)[^`\n]+?\1/g, "``");
}

/** Where the links of a page lead, images and reference definitions too. */
function linksOf(markdown: string): string[] {
  const text = prose(markdown);
  const inline = [...text.matchAll(/\]\(<?([^)<>\s]+)>?(?:\s+"[^"]*")?\)/g)];
  const definitions = [...text.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s<>]+)/gm)];
  return [...inline, ...definitions].map((match) => match[1] ?? "");
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(markdown: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = [
    ...markdown.replace(/^(```+)[^]*?^\1/gm, "").matchAll(/^#{1,6} +(.+?)\s*$/gm),
  ].map((match) => {
    const words = (match[1] ?? "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "").replaceAll(" ", "-");
    const before = counts.get(anchor) ?? 0;
    counts.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return new Set(anchors);
}

/** What is wrong with a link; undefined for a good one, and for one that leads out of the repository by its full address. */
function faultOf(page: string, link: string, read: (path: string) => string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  if (path.startsWith("/")) return "begins with a slash";
  const target =
    path === "" ? join(root, page) : resolve(root, dirname(page), decodeURIComponent(path));
  if (relative(root, target).startsWith("..")) return "leads out of the repository";
  if (!existsSync(target)) return "leads to nothing";
  if (anchor === undefined) return undefined;
  if (!target.endsWith(".md") || !statSync(target).isFile())
    return "has an anchor in something that is no page";
  return anchorsOf(read(target)).has(anchor)
    ? undefined
    : "has an anchor that the page does not have";
}

describe("links", () => {
  test.each(pages)("of %s lead somewhere", (page) => {
    const read = (path: string): string => readFileSync(path, "utf8");
    const wrong = linksOf(read(join(root, page))).flatMap((link) => {
      const fault = faultOf(page, link, read);
      return fault === undefined ? [] : [`${link} ${fault}`];
    });
    expect(wrong).toEqual([]);
  });

  test("are found and judged: the test itself", () => {
    expect(
      linksOf("[a](b.md) ![c](<d.png>) `[no](no.md)`\n```\n[no](no.md)\n```\n[e]: f.md#g"),
    ).toEqual(["b.md", "d.png", "f.md#g"]);
    expect([...anchorsOf("# A `b`, c: d\n## Who?\n## Who?\n```\n# no\n```")]).toEqual([
      "a-b-c-d",
      "who",
      "who-1",
    ]);
    const judge = (link: string): string | undefined =>
      faultOf("README.md", link, () => "# Here\n");
    expect(judge("https://example.org")).toBeUndefined();
    expect(judge("package.json")).toBeUndefined();
    expect(judge("README.md#here")).toBeUndefined();
    expect(judge("README.md#there")).toMatch(/anchor/);
    expect(judge("none.md")).toMatch(/nothing/);
    expect(judge("../../etc")).toMatch(/out of/);
  });
});

test.each(["staging", "production"])(
  "README's %s workflow is made of the lines of the pipeline that is rehearsed",
  (name) => {
    const path = `docs/pipelines/cessda/.github/workflows/${name}.yml`;
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const shown =
      readme
        .slice(readme.indexOf(`](${path})`))
        .match(/^```yaml\n([^]*?)^```/m)?.[1]
        ?.trimEnd()
        .split("\n") ?? [];
    const real = readFileSync(join(root, path), "utf8").split("\n");
    expect(shown.length).toBeGreaterThan(10);
    let at = 0;
    const missing = shown.filter((line) => {
      const found = real.indexOf(line, at);
      if (found >= 0) at = found + 1;
      return found < 0;
    });
    expect(missing).toEqual([]);
  },
);
