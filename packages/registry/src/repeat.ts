import { Fault } from "@release-actions/codes";

const tries = 3;

/** Repeats what may be done twice without harm when its answer was lost on the way. */
export async function repeatWhenLost<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isLost = error instanceof Fault && (error.code === "RA8001" || error.code === "RA8002");
      if (!isLost || attempt >= tries) throw error;
    }
  }
}

/** Works on all items, some at a time. After the first failure nothing new is begun, and what was begun is awaited. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = [...items].values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: width }, worker));
  const failure = ended.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
}
