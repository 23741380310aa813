import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

const lookMilliseconds = 50;
const pageBytes = 4096;

/**
 * Watches how much memory of its own a process has, and ends it when that is more than the limit, as the kernel does to a
 * container. Only Linux tells; elsewhere nothing is ended. Returns whether it was.
 */
export async function endWhenAbove(
  process: { pid: number; kill(signal: "SIGKILL"): void },
  limit: number,
  over: AbortSignal,
): Promise<boolean> {
  while (!over.aborted) {
    const own = await ownBytes(process.pid);
    if (own === undefined) return false;
    if (own > limit) {
      process.kill("SIGKILL");
      return true;
    }
    await wait(lookMilliseconds, undefined, { signal: over }).catch(() => undefined);
  }
  return false;
}

/** What a process holds alone: what it shares, such as its program's file, counts for nobody. */
async function ownBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => undefined);
  const [, resident, shared] = (text ?? "").split(" ").map(Number);
  return resident === undefined || shared === undefined
    ? undefined
    : (resident - shared) * pageBytes;
}
