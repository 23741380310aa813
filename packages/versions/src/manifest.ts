import { parse as parseYaml } from "yaml";

/** Characters; the manifests of real products have a tenth of it. */
const largest = 512 * 1024;

/** The version that a manifest says, or why it says none. */
export function manifestVersion(
  path: string,
  text: string,
): { version: string } | { wrong: string } {
  const name = path.split("/").at(-1) ?? path;
  if (text.length > largest) return { wrong: "it is larger than 512 KiB" };
  if (name === "pom.xml") return pomVersion(text);
  if (!/\.(json|ya?ml|cff)$/.test(name)) {
    return {
      wrong:
        "its format is not one of package.json, *.json, Chart.yaml, *.yaml, CITATION.cff, pom.xml",
    };
  }
  let content: unknown;
  try {
    // Looking for equal keys takes the parser minutes for a file of keys; the last one counts, as in JSON.
    content = name.endsWith(".json")
      ? JSON.parse(text)
      : parseYaml(text, { maxAliasCount: 20, uniqueKeys: false });
  } catch {
    return { wrong: "it cannot be read" };
  }
  const version =
    typeof content === "object" && content !== null
      ? Object.entries(content).find(([key]) => key === "version")?.[1]
      : undefined;
  return typeof version === "string" && version !== ""
    ? { version }
    : { wrong: "it has no text at the key `version`" };
}

/** Maven's own version is the `<version>` directly under `<project>`, not that of its parent or of a dependency. */
function pomVersion(text: string): { version: string } | { wrong: string } {
  const outer = without(
    without(text, /<!--/g, () => "-->"),
    /<(parent|dependencies|dependencyManagement|build|profiles|reporting)\b/g,
    (name) => `</${name}>`,
  );
  const version = /<version>\s*([^<\s]+)\s*<\/version>/.exec(outer)?.[1];
  return version === undefined ? { wrong: "it has no <version> of its own" } : { version };
}

/** The text without what stands from each opening to the closing that belongs to it; each letter is looked at once. */
function without(text: string, opening: RegExp, closing: (name: string) => string): string {
  const endless = new Set<string>();
  let kept = "";
  let at = 0;
  for (const { index, 1: name = "" } of text.matchAll(opening)) {
    if (index < at || endless.has(name)) continue;
    const end = text.indexOf(closing(name), index);
    if (end < 0) {
      endless.add(name);
      continue;
    }
    kept += text.slice(at, index);
    at = end + closing(name).length;
  }
  return kept + text.slice(at);
}
