import { json, type Reply } from "../stand-in.ts";

type Item = Record<string, unknown>;

/** Words of a list's address that are no fields. */
const words = new Set(["page", "page_size", "order_by", "limit", "count_disabled"]);
/** Fields by which AWX lets nobody search, as they may hold secrets. */
const hidden = new Set(["extra_vars", "job_args", "job_env"]);
const largestPage = 200;

/** The items that a list's address asks for, in its order, or AWX's refusal. */
export function filtered(url: URL, items: readonly Item[], model: string): Item[] | Reply {
  let left = [...items];
  for (const [key, value] of url.searchParams) {
    if (words.has(key)) continue;
    const [, field = "", lookup = "exact"] = /^([a-z_]+?)(?:__([a-z]+))?$/.exec(key) ?? [];
    if (hidden.has(field)) return json(403, { detail: `Filtering on ${field} is not allowed.` });
    if (!["exact", "in", "gt", "gte"].includes(lookup) || (items[0] && !(field in items[0])))
      return json(400, { detail: `${model} has no field named '${key}'` });
    left = left.filter((item) => {
      const text = String(item[field]);
      if (lookup === "in") return value.split(",").includes(text);
      if (lookup === "gt") return Number(text) > Number(value);
      if (lookup === "gte") return Number(text) >= Number(value);
      return (
        text.toLowerCase() === value.toLowerCase() &&
        (text === value || typeof item[field] === "boolean")
      );
    });
  }
  const order = url.searchParams.get("order_by");
  if (order === null) return left;
  const field = order.replace(/^-/, "");
  if (items[0] && !(field in items[0]))
    return json(400, { detail: `Cannot resolve keyword '${field}' into field.` });
  const sign = order.startsWith("-") ? -1 : 1;
  return left.toSorted((a, b) => sign * (Number(a[field]) - Number(b[field])));
}

/** One page of a list: 25 items unless the address asks for more, never more than 200. */
export function paged(url: URL, items: Item[] | Reply): Reply {
  if (!Array.isArray(items)) return items;
  const size = Math.min(Number(url.searchParams.get("page_size") ?? 25) || 25, largestPage);
  const page = Number(url.searchParams.get("page") ?? 1);
  const pages = Math.max(1, Math.ceil(items.length / size));
  if (!Number.isInteger(page) || page < 1 || page > pages)
    return json(404, { detail: "Invalid page." });
  const link = (to: number): string => {
    const query = new URLSearchParams(url.searchParams);
    query.set("page", String(to));
    return `${url.pathname}?${query.toString()}`;
  };
  return json(200, {
    count: items.length,
    next: page < pages ? link(page + 1) : null,
    previous: page > 1 ? link(page - 1) : null,
    results: items.slice((page - 1) * size, page * size),
  });
}
