import { isMapping } from "../kubernetes/object.ts";

/** A name under `vars` for a chart: parts with dots between them. */
export const valueName = /^[A-Za-z_][\w-]*(?:\.[A-Za-z0-9_][\w-]*)*$/;

/** Does Helm take this as the name of a release? */
export function isReleaseName(name: string): boolean {
  return (
    name.length <= 53 &&
    /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(name)
  );
}

/** What is wrong with the names of a chart's values, a sentence each. */
export function wrongValueNames(names: readonly string[]): string[] {
  const reserved = names.filter((name) => name.split(".").includes("__proto__"));
  const inside = names.flatMap((name) =>
    names
      .filter((other) => other.startsWith(`${name}.`))
      .map((other) => `has ${name} and ${other}: the one is a part of the other`),
  );
  return [...reserved.map((name) => `has ${name}, which is no name of a value`), ...inside];
}

/** The values that a chart gets from `vars`: dots lead into mappings. */
export function nestedValues(vars: Readonly<Record<string, string>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(vars)) {
    const parts = name.split(".");
    const last = parts.pop() ?? "";
    let here = values;
    for (const part of parts) {
      const next = Object.hasOwn(here, part) && isMapping(here[part]) ? here[part] : {};
      here[part] = next;
      here = next;
    }
    here[last] = typed(text);
  }
  return values;
}

/** As `helm --set` reads it. Longer numbers stay texts: they are ids and short hashes, and templates would round them. */
function typed(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^(?:0|-?[1-9]\d{0,5})$/.test(text) ? Number(text) : text;
}
