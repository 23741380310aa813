import type { Answer, Call } from "./route.ts";

/** One page of a list with its `Link` header; `show` makes the items that are on it. */
export function page<T>(
  call: Call,
  items: readonly T[],
  show: (item: T) => unknown,
  wrap: (shown: unknown[], total: number) => unknown = (shown) => shown,
): Answer {
  const size = Math.min(positive(call.query.get("per_page"), 30), 100);
  const number = positive(call.query.get("page"), 1);
  const fresh = settled(call, items);
  const last = Math.max(1, Math.ceil(fresh.length / size));
  const shown = fresh.slice((number - 1) * size, number * size).map(show);
  const links = [
    ...(number > 1 ? [["prev", number - 1]] : []),
    ...(number < last
      ? [
          ["next", number + 1],
          ["last", last],
        ]
      : []),
    ...(number > 1 ? [["first", 1]] : []),
  ].map(([name, target]) => `<${addressOf(call, Number(target))}>; rel="${name}"`);
  return {
    status: 200,
    value: wrap(shown, fresh.length),
    ...(links.length > 0 && { headers: { link: links.join(", ") } }),
  };
}

function addressOf(call: Call, number: number): string {
  const query = new URLSearchParams(call.query);
  query.set("page", String(number));
  return `${call.links.api}${call.path["*"] ?? ""}?${query}`;
}

function positive(text: string | null, otherwise: number): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

/** While reads are stale, what is younger than the list request of so many requests ago is not there yet. */
function settled<T>(call: Call, items: readonly T[]): readonly T[] {
  const { listMarks, staleReads } = call.world;
  const seen = listMarks.at(-staleReads) ?? listMarks[0];
  listMarks.push(call.world.lastId());
  if (staleReads === 0 || seen === undefined) return items;
  return items.filter((item) => {
    const id = (item as { id?: unknown }).id;
    return typeof id !== "number" || id % 9_000_000_000 <= seen;
  });
}
