import type { RecordedRun, Write } from "./record.ts";

/** What one runner left and the other did not. */
export type Difference = { where: string; ours: string; theirs: string };

/** A run of the first runner, and in what that of the second differs. */
export type ComparedRun = RecordedRun & { differences: Difference[] };

/** Compares what two runners left, run by run in the order of their starts. */
export function compareRuns(
  ours: readonly RecordedRun[],
  theirs: readonly RecordedRun[],
): ComparedRun[] {
  const missing = { title: "no such run", jobs: {}, writes: [] };
  const count = Math.max(ours.length, theirs.length);
  return Array.from({ length: count }, (_, index) => {
    const [mine, its] = [ours[index] ?? missing, theirs[index] ?? missing];
    return {
      ...(ours[index] ?? its),
      differences: [
        ...one("run", mine.title, its.title),
        ...compareJobs(mine.jobs, its.jobs),
        ...compareWrites(mine.writes, its.writes),
      ],
    };
  });
}

const one = (where: string, ours: string, theirs: string): Difference[] =>
  ours === theirs ? [] : [{ where, ours, theirs }];

/** An output that is empty is none. */
function compareJobs(ours: RecordedRun["jobs"], theirs: RecordedRun["jobs"]): Difference[] {
  const none: RecordedRun["jobs"][string] = { result: "no such job", outputs: {} };
  return namesOf(ours, theirs).flatMap((id) => {
    const [mine, its] = [ours[id] ?? none, theirs[id] ?? none];
    return [
      ...one(`${id}: result`, mine.result, its.result),
      ...namesOf(mine.outputs, its.outputs).flatMap((name) =>
        one(`${id}: output ${name}`, mine.outputs[name] ?? "", its.outputs[name] ?? ""),
      ),
    ];
  });
}

const namesOf = (a: object, b: object): string[] => [
  ...new Set([...Object.keys(a), ...Object.keys(b)]),
];

/** The writes to each place: what is missing or too much; else what is in another order; else what has another body. */
function compareWrites(ours: readonly Write[], theirs: readonly Write[]): Difference[] {
  const places = [...new Set([...ours, ...theirs].map(placeOf))];
  return places.flatMap((place) => {
    const mine = ours.filter((write) => placeOf(write) === place);
    const its = theirs.filter((write) => placeOf(write) === place);
    const names = [...new Set([...mine, ...its].map(nameOf))];
    const counted = names.flatMap((name) => one(name, times(mine, name), times(its, name)));
    if (counted.length > 0) return counted;
    const moved = mine.findIndex((write, index) => nameOf(write) !== nameOf(its[index]));
    if (moved >= 0)
      return one(`${place}: write ${moved + 1}`, nameOf(mine[moved]), nameOf(its[moved]));
    return mine.flatMap((write, index) => {
      const [here, there] = firstDifference(write.body, its[index]?.body ?? "");
      return one(`${nameOf(write)}: body`, here, there);
    });
  });
}

/** What is written to one place is written one after the other. */
export const placeOf = ({ to, within }: Write): string => [to, within].filter(Boolean).join(" ");

const nameOf = (write: Write | undefined): string =>
  write === undefined ? "none" : `${write.to}: ${write.what} ${write.status}`;

function times(writes: readonly Write[], name: string): string {
  const count = writes.filter((write) => nameOf(write) === name).length;
  return count === 0 ? "never" : count === 1 ? "once" : `${count} times`;
}

/** The first lines in which two texts differ; line ends inside JSON count too. */
function firstDifference(ours: string, theirs: string): [ours: string, theirs: string] {
  const [mine, its] = [ours.split(/\n|\\n/), theirs.split(/\n|\\n/)];
  const count = Math.max(mine.length, its.length);
  for (let at = 0; at < count; at++)
    if (mine[at] !== its[at]) return [mine[at]?.trim() ?? "(end)", its[at]?.trim() ?? "(end)"];
  return ["", ""];
}
