import { failure } from "./scope.ts";

export type Paging = {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
};

export type Connection<T> = {
  nodes: T[];
  edges: { cursor: string; node: T }[];
  totalCount: number;
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
};

/** One page of a list. GitHub refuses a list without bounds, and more than 100 at once. Items become nodes only when shown. */
export function connection<T, N>(
  field: string,
  paging: Paging,
  items: readonly T[],
  toNode: (item: T) => N,
): Connection<N> {
  const { first, last, after, before } = paging;
  if (first == null && last == null) {
    throw failure(
      "MISSING_PAGINATION_BOUNDARIES",
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${field}\` connection.`,
    );
  }
  for (const [name, size] of Object.entries({ first, last })) {
    if (size != null && size > 100) {
      throw failure(
        "EXCESSIVE_PAGINATION",
        `Requesting ${size} records on the \`${field}\` connection exceeds the \`${name}\` limit of 100 records.`,
      );
    }
    if (size != null && size < 0)
      throw failure(
        "ARGUMENT_ERROR",
        `\`${name}\` on the \`${field}\` connection cannot be less than zero.`,
      );
  }
  let start = after == null ? 0 : positionOf(after) + 1;
  let end = before == null ? items.length : Math.min(positionOf(before), items.length);
  if (first != null) end = Math.min(end, start + first);
  if (last != null) start = Math.max(start, end - last);
  const edges = items
    .slice(start, end)
    .map((item, index) => ({ cursor: cursorAt(start + index), node: toNode(item) }));
  return {
    nodes: edges.map((edge) => edge.node),
    edges,
    totalCount: items.length,
    pageInfo: {
      hasNextPage: end < items.length,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

function cursorAt(position: number): string {
  return Buffer.from(`cursor:v2:${position}`).toString("base64");
}

function positionOf(cursor: string): number {
  const match = /^cursor:v2:(\d+)$/.exec(Buffer.from(cursor, "base64").toString());
  if (!match)
    throw failure(
      "INVALID_CURSOR_ARGUMENTS",
      `\`${cursor}\` does not appear to be a valid cursor.`,
    );
  return Number(match[1]);
}

type Order = { field: string; direction: "ASC" | "DESC" };

/** Sorted by the order's field; the list's own order breaks ties. */
export function ordered<T>(
  items: readonly T[],
  order: Order | null | undefined,
  keys: Record<string, (item: T) => number | string>,
): T[] {
  const key = order ? keys[order.field] : undefined;
  if (!order || !key) return [...items];
  const sign = order.direction === "DESC" ? -1 : 1;
  return [...items].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return sign * (left < right ? -1 : left > right ? 1 : 0);
  });
}
