const cronRanges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;
const cronNames = [
  [],
  [],
  [],
  ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
] as const;

/** Five fields of numbers, names, ranges, steps and lists; or a word such as `@daily`. */
export function isSchedule(schedule: string): boolean {
  if (schedule.startsWith("@"))
    return /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$|^@every (\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(
      schedule,
    );
  const fields = schedule.trim().split(/\s+/);
  return (
    fields.length === cronRanges.length &&
    fields.every((field, index) => field.split(",").every((part) => isCronPart(part, index)))
  );
}

function isCronPart(part: string, index: number): boolean {
  const [, range = "", step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
  const [low, high] = cronRanges[index] ?? [0, -1];
  const names: readonly string[] = cronNames[index] ?? [];
  if (step !== undefined && Number(step) === 0) return false;
  if (range === "*" || range === "?") return true;
  const ends = range.split("-").map((text) => {
    const named = names.indexOf(text.toLowerCase());
    return named >= 0
      ? named + (index === 3 ? 1 : 0)
      : /^\d+$/.test(text)
        ? Number(text)
        : Number.NaN;
  });
  const [from = Number.NaN, to = from] = ends;
  return ends.length <= 2 && from >= low && to <= high && from <= to;
}

/** What the API server says of a schedule that it cannot read. */
export function scheduleFault(schedule: string): string {
  const fields = schedule.trim().split(/\s+/);
  return schedule.startsWith("@")
    ? `unrecognized descriptor: ${schedule}`
    : fields.length === cronRanges.length
      ? `failed to parse int from the fields of ${schedule}`
      : `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
}

/** A zone of the time zone database. */
export function isTimeZone(zone: unknown): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: String(zone) });
    return zone !== "";
  } catch {
    return false;
  }
}
