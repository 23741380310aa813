import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "../world/world.ts";
import type { Stage } from "./plant.ts";

/** Where the pipeline, what is built, and the folder for copies and table are. */
export type Ground = {
  /** Of the repository whose packages the actions are built from. */
  root: string;
  actions: Record<string, string>;
  /** A folder with a rehearsal.yml and planted bugs. */
  pipeline: string;
  /** Copies with bugs; taken away when they were played. */
  copies: string;
  /** The Markdown table. */
  table: string;
  /** Milliseconds that a scenario or a cell with a bug may take; one that only waits would wait as long as the gate lets it. */
  longest: number;
};

/** What the bugs of one list came to. */
export type Harvest = {
  /** The table as Markdown, with the count below it. */
  table: string;
  /** True when every bug was caught and none is lacking. */
  whole: boolean;
};

export const machineOf = ({ actions }: Stage): Machine => ({
  actions,
  nodeBinary: process.execPath,
});

/** What is promised, or undefined when it takes longer. */
export async function within<Value>(
  milliseconds: number,
  work: Promise<Value>,
): Promise<Value | undefined> {
  const ended = new AbortController();
  const limit = sleep(milliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
  return Promise.race([work.finally(() => ended.abort()), limit]);
}
