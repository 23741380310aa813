/** Milliseconds between two lines. */
const pause = 5000;

/**
 * Tells of a long copy: at most a line every five seconds, with the bytes so far and the rate since the line before. Says nothing
 * while no byte moves, and nothing of a copy that is over before.
 */
export function createCopyProgress(
  say: (line: string) => void,
  now: () => number,
): (bytes: number) => void {
  let total = 0;
  let told = 0;
  let since: number | undefined;
  return (bytes) => {
    const at = now();
    since ??= at;
    total += bytes;
    if (at - since < pause) return;
    const rate = ((total - told) * 1000) / (at - since);
    say(`… ${amount(total)} copied, ${amount(rate)}/s`);
    told = total;
    since = at;
  };
}

/** Bytes as people read them: `512 B`, `25.2 MB`. */
export function amount(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
