/**
 * How much faster this kubelet is. A real one waits 10 s, 20 s … 5 min between tries, forgives crashes after 10 min
 * and probes every 10 s by default: here tries come 50 times, probes 100 times as fast. Messages name the real times.
 */
const backoffs = [
  { milliseconds: 200, named: "10s" },
  { milliseconds: 400, named: "20s" },
  { milliseconds: 800, named: "40s" },
  { milliseconds: 1_600, named: "1m20s" },
  { milliseconds: 3_200, named: "2m40s" },
  { milliseconds: 5_000, named: "5m0s" },
];
const longest = { milliseconds: 5_000, named: "5m0s" };

/** How long to wait before the next try, counted from 0. */
export const backoff = (tries: number): { milliseconds: number; named: string } =>
  backoffs[tries] ?? longest;

/** A container that ran so long starts its back-off anew. */
export const forgivenAfterMilliseconds = 12_000;

export const probeMilliseconds = 100;
/** Between the probes of a container that the last one found well: dozens of such containers stand in a rehearsal. */
export const wellMilliseconds = 500;

/** A probe's initial delay, in milliseconds. */
export const initialDelay = (seconds = 0): number => seconds * 10;

/**
 * A container that does not end by itself is killed when its grace is over, and after this at the latest: a rehearsal
 * does not wait 30 s.
 */
export const longestGraceMilliseconds = 5_000;
