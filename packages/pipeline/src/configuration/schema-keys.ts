/** As much of a valibot schema as its keys need. */
type Node = {
  type?: string;
  entries?: Record<string, Node>;
  wrapped?: Node;
  default?: unknown;
  item?: Node;
  value?: Node;
  pipe?: Node[];
  options?: Node[];
};

export type Key = { required: boolean; default: string | undefined };

/**
 * Every key that a schema takes, by its path: `[]` is any item of a list, `<>` any name. A group that is used at several places
 * is written once, at its first.
 */
export function keysOf(schema: unknown): Map<string, Key> {
  return new Map(walk(schema as Node, "", new Set()));
}

function walk(node: Node, path: string, seen: Set<unknown>): [string, Key][] {
  const parts = [node.wrapped, ...(node.pipe ?? []), ...(node.options ?? [])].filter(
    (part) => part !== undefined && part !== node,
  );
  const below = parts.flatMap((part) => walk(part as Node, path, seen));
  const item = node.item === undefined ? [] : walk(node.item, `${path}[]`, seen);
  const value =
    node.type === "record" && node.value !== undefined ? walk(node.value, `${path}.<>`, seen) : [];
  if (node.entries === undefined || seen.has(node.entries)) return [...below, ...item, ...value];
  seen.add(node.entries);
  const own = Object.entries(node.entries).flatMap(([name, entry]): [string, Key][] => {
    const full = path === "" ? name : `${path}.${name}`;
    const key = {
      required: entry.type !== "optional",
      default: typeof entry.default === "string" ? entry.default : undefined,
    };
    return [[full, key], ...walk(entry, full, seen)];
  });
  return [...own, ...below, ...item, ...value];
}
