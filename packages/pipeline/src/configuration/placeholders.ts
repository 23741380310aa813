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

export type Placeholders = Partial<Record<(typeof placeholderNames)[number], string>>;

/** Fills every `${name}` that has a value. */
export function fill(template: string, values: Placeholders): string {
  return template.replaceAll(/\$\{([a-z][a-z-]*)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? ((values as Record<string, string>)[name] ?? whole) : whole,
  );
}

/** The names in a template that are none of ours. */
export function unknownPlaceholders(template: string): string[] {
  return [...template.matchAll(/\$\{([^}]*)\}/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => !(placeholderNames as readonly string[]).includes(name));
}
