/** A run that goes on: what its jobs do just now. */
export type Life = {
  /** Ends the run's processes where they are. */
  readonly end: AbortController;
  /** Jobs that have begun and not ended. */
  readonly jobs: Set<string>;
  /** Of these, those that wait for a person's review. */
  reviewed: number;
  /** Waits for a free concurrency group. */
  queued: number;
};

/** How long everything has to stand still before it counts as waiting for people, in milliseconds. */
const stillness = 60;

const stands = (life: Life): boolean =>
  life.jobs.size === life.reviewed && life.reviewed + life.queued > 0;

/** Waits until all work has ended, or until all that goes on waits for somebody. */
export async function stillOf(
  going: ReadonlySet<Promise<void>>,
  lives: ReadonlySet<Life>,
  starting: () => number,
): Promise<void> {
  const waits = (): boolean =>
    starting() === 0 &&
    lives.size > 0 &&
    [...lives].every(stands) &&
    [...lives].some(({ reviewed }) => reviewed > 0);
  let since = 0;
  while (going.size > 0) {
    since = waits() ? since + 1 : 0;
    if (since > 3) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, stillness / 3);
    await Promise.race([promise, Promise.all(going).then(() => undefined)]);
    clearTimeout(timer);
  }
}
