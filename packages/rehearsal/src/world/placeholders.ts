/** Fills `${kind:name}` and `${name}` in a text; `lookUp` throws for what it does not know. */
export function fill(text: string, lookUp: (kind: string, name: string) => string): string {
  return text.replaceAll(
    /\$\{([a-z-]+)(?::([^}]*))?\}/g,
    (_all, kind: string, name: string | undefined) => lookUp(kind, name ?? ""),
  );
}

/** The value at a path such as `$.a.b[0].c`; undefined where there is none. Keys with other characters: `$['a.b']`. */
export function valueAt(value: unknown, path: string): unknown {
  const keys = [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\['([^']*)'\]/g)];
  if (path[0] !== "$" || keys.map(([all]) => all).join("") !== path.slice(1)) {
    throw new Error(`${path} is no path of the form $.key[0].key`);
  }
  let at = value;
  for (const [, key, index, quoted] of keys) {
    if (typeof at !== "object" || at === null) return undefined;
    const name = key ?? quoted ?? index ?? "";
    at = Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined;
  }
  return at;
}

/** Milliseconds of a duration such as 90s, 30m, 24h or 14d. */
export function milliseconds(duration: string): number {
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number.parseInt(duration, 10) * (units[duration.at(-1) ?? ""] ?? 0);
}
