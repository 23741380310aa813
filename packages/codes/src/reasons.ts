import { answer, drivers, place, workload } from "./reasons-of-clusters.ts";
import { configuration, container, image } from "./reasons-of-containers.ts";
import type { Code } from "./table.ts";

/** Why a deployment does not get through, in four forms: the cluster's word, its sentence, plain words, and what to type. */
export type ReasonText = {
  code: Code;
  /** `never`: waiting does not help, and the wait ends at once. `may`: it is waited for until the deadline, and said. */
  heals: "never" | "may";
  /** What people meet in `kubectl get pods`, in an event or in an answer. */
  word: string;
  /** How clusters say it; an example. */
  said: string;
  /** Plain words, after "because"; `{name}` is a value of the case. */
  because: string;
  /** What to type. Each `{name}` is quoted for a shell. */
  command: string;
};

/** Every reason by its name, in the order of the table in docs/reference/reasons.md, which is made from it. */
export const reasons = {
  ...image,
  ...configuration,
  ...container,
  ...place,
  ...workload,
  ...answer,
  ...drivers,
} as const satisfies Record<string, ReasonText>;

export type ReasonName = keyof typeof reasons;

/** The reasons under the headings of the docs. */
export const reasonGroups: readonly [heading: string, names: readonly string[]][] = [
  ["The image", Object.keys(image)],
  ["What the container needs", Object.keys(configuration)],
  ["The container", Object.keys(container)],
  ["Room, volumes and nodes", Object.keys(place)],
  ["The workload", Object.keys(workload)],
  ["What the cluster answers", Object.keys(answer)],
  ["Helm and AWX", Object.keys(drivers)],
];
