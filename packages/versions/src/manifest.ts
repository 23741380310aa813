import { parse as parseYaml } from "yaml";

/** The version that a manifest says, or why it says none. */
export function manifestVersion(
  path: string,
  text: string,
): { version: string } | { wrong: string } {
  const name = path.split("/").at(-1) ?? path;
  if (name === "pom.xml") return pomVersion(text);
  if (!/\.(json|ya?ml|cff)$/.test(name)) {
    return {
      wrong:
        "its format is not one of package.json, *.json, Chart.yaml, *.yaml, CITATION.cff, pom.xml",
    };
  }
  let content: unknown;
  try {
    content = name.endsWith(".json") ? JSON.parse(text) : parseYaml(text, { maxAliasCount: 20 });
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
  const outer = text
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(
      /<(parent|dependencies|dependencyManagement|build|profiles|reporting)\b[\s\S]*?<\/\1>/g,
      "",
    );
  const version = /<version>\s*([^<\s]+)\s*<\/version>/.exec(outer)?.[1];
  return version === undefined ? { wrong: "it has no <version> of its own" } : { version };
}
