import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of blobs that may wait to be collected. */
const step = 8 * 1024 * 1024;

type Collect = (options: { type: "minor" }) => void;

let passed = 0;
let collect: Collect | undefined;

/**
 * Told of each piece of a blob that passes. V8 lets some 100 MiB of them wait before it collects them, and a large layer would
 * hold as much memory as a small runner has to spare; a collection of what is young takes a millisecond.
 */
export function noteBytes(count: number): void {
  passed += count;
  if (passed < step) return;
  passed = 0;
  collect ??= findCollector();
  collect({ type: "minor" });
}

/** The collector is to be had in a context that was made after the flag was set, and there alone. */
function findCollector(): Collect {
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
  setFlagsFromString("--no-expose-gc");
  return typeof found === "function" ? (found as Collect) : () => {};
}
