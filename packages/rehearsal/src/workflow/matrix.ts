export type Leg = Record<string, unknown>;

/** The combinations of an evaluated `strategy.matrix` in GitHub's order: products, minus `exclude`, plus `include`. */
export function legsOf(matrix: unknown): Leg[] {
  if (matrix === null || typeof matrix !== "object" || Array.isArray(matrix)) {
    throw new Error("strategy.matrix must be a mapping");
  }
  const { include, exclude, ...vectors } = matrix as Record<string, unknown>;
  const axes = Object.keys(vectors);
  const kept = product(vectors).filter(
    (leg) => !combinations("exclude", exclude).some((pattern) => covers(leg, pattern)),
  );
  const base = kept.map((leg) => ({ ...leg }));
  const added: Leg[] = [];
  for (const extra of combinations("include", include)) {
    const fitting = base.filter((_, at) =>
      Object.keys(extra).every((key) => !axes.includes(key) || equal(kept[at]?.[key], extra[key])),
    );
    if (fitting.length === 0) added.push({ ...extra });
    for (const leg of fitting) Object.assign(leg, extra);
  }
  const legs = [...base, ...added];
  if (legs.length > 256)
    throw new Error(`The matrix gives ${legs.length} jobs; at most 256 are allowed`);
  return legs;
}

/** `build (linux, 20)`: the name of one leg as GitHub writes it. */
export function legName(name: string, leg: Leg): string {
  const values = Object.values(leg).flatMap(leaves);
  return values.length === 0 ? name : `${name} (${values.join(", ")})`;
}

function product(vectors: Record<string, unknown>): Leg[] {
  const axes = Object.entries(vectors);
  if (axes.length === 0) return [];
  return axes.reduce<Leg[]>(
    (legs, [key, values]) => {
      if (!Array.isArray(values)) throw new Error(`strategy.matrix.${key} must be a sequence`);
      if (values.length === 0)
        throw new Error(`Matrix vector '${key}' does not contain any values`);
      return legs.flatMap((leg) => values.map((value: unknown) => ({ ...leg, [key]: value })));
    },
    [{}],
  );
}

function combinations(key: string, value: unknown): Leg[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`strategy.matrix.${key} must be a sequence`);
  return value as Leg[];
}

function covers(leg: Leg, pattern: Leg): boolean {
  return Object.entries(pattern).every(([key, value]) => equal(leg[key], value));
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function leaves(value: unknown): string[] {
  if (value !== null && typeof value === "object") return Object.values(value).flatMap(leaves);
  return [String(value)];
}
