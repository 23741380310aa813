/** A value as lines of JSON with sorted keys, without what differs between two runs that did the same. */
export function shape(value: unknown, known: ReadonlySet<string>): string {
  const sorted = JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner) && !Buffer.isBuffer(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([key]) => !onlyOfTheRun.has(key))
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
  return sorted === undefined ? "" : timeless(sorted, known);
}

/** Keys of values that tell which attempt wrote, and when. */
const onlyOfTheRun = new Set(["uid", "resourceVersion", "claim", "milliseconds"]);

/** @param known commits whose names stay */
export function timeless(text: string, known: ReadonlySet<string>): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?/g, "<time>")
    .replaceAll(/(\/actions\/runs\/\d+)\/attempts\/\d+/g, "$1")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>")
    .replaceAll(/\b[0-9a-f]{40}\b/g, (sha) => (known.has(sha) ? sha : "<commit>"));
}
