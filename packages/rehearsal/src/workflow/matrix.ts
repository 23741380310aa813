import { asText, evaluate } from "./expression.ts";

/** One combination: the `matrix` context of its job, and the values that stand in the job's name. */
export type Leg = { matrix: Values; named: Values };

type Values = Record<string, unknown>;

const longestName = 100;
const mostJobs = 256;

/** The combinations of an evaluated `strategy.matrix` in GitHub's order: products, minus `exclude`, plus `include`. */
export function legsOf(matrix: unknown): Leg[] {
  if (matrix === null || typeof matrix !== "object" || Array.isArray(matrix)) {
    throw new Error("strategy.matrix must be a mapping");
  }
  const { include: included, exclude: excluded, ...vectors } = matrix as Values;
  const axes = new Set(Object.keys(vectors).map((key) => key.toLowerCase()));
  const include = combinations("include", included);
  const exclude = combinations("exclude", excluded);
  if (axes.size === 0 && include.length === 0)
    throw new Error("Matrix must define at least one vector");
  for (const key of exclude.flatMap((pattern) => Object.keys(pattern))) {
    if (!axes.has(key.toLowerCase()))
      throw new Error(`Matrix exclude key '${key}' does not match any key within the matrix`);
  }
  const legs = product(vectors)
    .filter((values) => !exclude.some((pattern) => covers(values, pattern)))
    .map((named) => ({ named, matrix: { ...named } }));
  const added: Leg[] = [];
  for (const extra of include) {
    const isAxis = ([key]: [string, unknown]): boolean => axes.has(key.toLowerCase());
    const pattern = Object.fromEntries(Object.entries(extra).filter(isAxis));
    const more = Object.fromEntries(Object.entries(extra).filter((entry) => !isAxis(entry)));
    const fitting = legs.filter((leg) => covers(leg.named, pattern));
    if (fitting.length === 0) added.push({ named: extra, matrix: extra });
    for (const leg of fitting) Object.assign(leg.matrix, more);
  }
  const all = [...legs, ...added];
  if (all.length > mostJobs)
    throw new Error(`The matrix gives ${all.length} jobs; at most ${mostJobs} are allowed`);
  return all;
}

/** `build (linux, 20)`: the name of one leg as GitHub writes it, without what `include` added to it. */
export function legName(name: string, leg: Leg): string {
  const values = leaves(leg.named).filter((value) => value !== "");
  const whole = values.length === 0 ? name : `${name} (${values.join(", ")})`;
  return whole.length > longestName ? `${whole.slice(0, longestName - 3)}...` : whole;
}

/** A key for each leg in the run's result; legs of the same name are numbered. */
export function legKeys(id: string, legs: (Leg | null)[]): string[] {
  const names = legs.map((leg) => (leg === null ? id : legName(id, leg)));
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length;
    return before === 0 ? name : `${name} ${before + 1}`;
  });
}

function product(vectors: Values): Values[] {
  const axes = Object.entries(vectors);
  if (axes.length === 0) return [];
  return axes.reduce<Values[]>(
    (legs, [key, values]) => {
      if (!Array.isArray(values)) throw new Error(`strategy.matrix.${key} must be a sequence`);
      if (values.length === 0)
        throw new Error(`Matrix vector '${key}' does not contain any values`);
      return legs.flatMap((leg) => values.map((value: unknown) => ({ ...leg, [key]: value })));
    },
    [{}],
  );
}

function combinations(key: string, value: unknown): Values[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`strategy.matrix.${key} must be a sequence`);
  for (const item of value as unknown[]) {
    if (item === null || typeof item !== "object" || Array.isArray(item))
      throw new Error(`strategy.matrix.${key} must be a sequence of mappings`);
    if (Object.keys(item).length === 0)
      throw new Error(`Matrix ${key} mapping does not contain any values`);
  }
  return value as Values[];
}

/** Every leaf of the pattern equals what stands at its place, loosely, as `==` does; the rest of the value does not matter. */
function covers(value: unknown, pattern: unknown): boolean {
  if (pattern === null || typeof pattern !== "object")
    return evaluate("matrix.a == matrix.b", {
      contexts: { matrix: { a: value, b: pattern } },
    }) as boolean;
  return Object.entries(pattern).every(([key, item]) =>
    covers(evaluate("matrix.a[matrix.b]", { contexts: { matrix: { a: value, b: key } } }), item),
  );
}

function leaves(value: unknown): string[] {
  if (value !== null && typeof value === "object") return Object.values(value).flatMap(leaves);
  return [asText(value)];
}
