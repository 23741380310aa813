/** Fields of a body whose form the published description has already been checked against. */
type Body = Record<string, unknown>;

export function textIn(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === "string" ? value : undefined;
}

export function numberIn(body: Body, name: string): number | undefined {
  const value = body[name];
  return typeof value === "number"
    ? value
    : typeof value === "string" && /^\d+$/.test(value)
      ? Number(value)
      : undefined;
}

export function flagIn(body: Body, name: string): boolean | undefined {
  const value = body[name];
  return typeof value === "boolean" ? value : undefined;
}

/** Strings of a list; of objects their `name`. */
export function namesIn(body: Body, name: string): string[] | undefined {
  const value = body[name];
  if (!Array.isArray(value)) return undefined;
  return value.map((one: unknown) =>
    typeof one === "object" && one !== null && "name" in one ? String(one.name) : String(one),
  );
}

export function recordIn(body: Body, name: string): Body | undefined {
  const value = body[name];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Body)
    : undefined;
}
