import type { Refusal } from "@release-actions/codes";

/** What a look at the foreign system shows. */
export type Look<T> =
  | { state: "done"; value: T }
  | { state: "todo" }
  /** The system does not say yet (a list that lags, a 404 just after a write). */
  | { state: "unknown"; saw: string }
  | { state: "refused"; refusal: Refusal };

/** What a list shows of an effect that has no key: one, or not yet what was made. */
export type Settled<T> = { state: "done"; value: T } | { state: "unknown"; saw: string };

/**
 * The unit of writing. `key` is the natural key of the effect in the foreign system.
 * `look` reads and never writes; `act` sends one write and never repeats it by itself;
 * `settle` (where the system has no key) is given what was made or found, and lists again: as soon as the list shows it, and so
 * everything that was made before it, the lowest id stays and our own others are removed.
 */
export type Step<T> = {
  key: string;
  title: string;
  /** Cannot be taken back (a published DOI, a mail): such steps come last. */
  oneWay?: true;
  look(): Promise<Look<T>>;
  act(): Promise<T>;
  settle?(value: T): Promise<Settled<T>>;
};

/** What a run did with a step. */
export type StepRecord = {
  key: string;
  title: string;
  result: "already-done" | "done" | "refused" | "failed";
  milliseconds: number;
};
