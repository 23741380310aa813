/** Names that may stand in `${…}`; filled as text, never run. */
export const placeholderNames = [
  "product",
  "version",
  "tag",
  "commit",
  "short-sha",
  "environment",
  "component",
  "image",
  "digest",
  "namespace",
  "url",
] as const;

export type Placeholders = Partial<
  Record<(typeof placeholderNames)[number] | `env:${string}`, string>
>;

/** Fills every `${name}` that has a value. */
export function fill(template: string, values: Placeholders): string {
  return template.replaceAll(
    /\$\{([a-z][a-z-]*|env:[A-Za-z_][A-Za-z0-9_]*)\}/g,
    (whole, name: string) =>
      Object.hasOwn(values, name) ? ((values as Record<string, string>)[name] ?? whole) : whole,
  );
}

/** The names in a template that are none of ours. */
export function unknownPlaceholders(template: string): string[] {
  return [...template.matchAll(/\$\{([^}]*)\}/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => !(placeholderNames as readonly string[]).includes(name));
}

/** The keys of env files that a template asks for with `${env:KEY}`. */
export function envKeysIn(template: string): string[] {
  return [...template.matchAll(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(
    (match) => match[1] ?? "",
  );
}
