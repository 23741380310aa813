import { setTimeout as wait } from "node:timers/promises";
import { initialDelay, probeMilliseconds, wellMilliseconds } from "./pace.ts";
import type { ProbeResult } from "./probes.ts";
import type { ContainerSpec, ProbeSpec } from "./workloads.ts";

/** What probing needs of one running container, and tells about it. */
export type Probed = {
  spec: ContainerSpec;
  check(probe: ProbeSpec): Promise<ProbeResult>;
  /** Whether its main port is open; true when it has none. */
  isOpen(): Promise<boolean>;
  hasStarted(): boolean;
  started(): void;
  isReady(): boolean;
  ready(is: boolean): void;
  unhealthy(message: string): void;
  /** Ends the process because a probe failed too often. */
  kill(why: "startup" | "liveness"): Promise<void>;
  /** The process ended. */
  over: AbortSignal;
};

const listeningMilliseconds = 25;
const resumingMilliseconds = 15;
const patienceMilliseconds = 15_000;

/** Waits until a container that was ready before its process began answers; tells nobody that it does not yet. False when it never does. */
export async function untilAnswering({ spec, check, isOpen, over }: Probed): Promise<boolean> {
  const { readinessProbe: probe } = spec;
  const end = performance.now() + patienceMilliseconds;
  for (; !over.aborted && performance.now() < end; await pause(resumingMilliseconds, over))
    if ((await isOpen()) && (!probe || (await check(probe)).ok)) return !over.aborted;
  return false;
}

/** Keeps the container's readiness true to its probe. Without a probe it is ready once it listens: then no request meets a closed door. */
export async function watchReadiness(probed: Probed): Promise<void> {
  const { spec, over } = probed;
  const { readinessProbe: probe } = spec;
  if (!probe) {
    while (!over.aborted && !(probed.hasStarted() && (await probed.isOpen())))
      await pause(listeningMilliseconds, over);
    if (!over.aborted) probed.ready(true);
    return;
  }
  const { successThreshold = 1, failureThreshold = 3 } = probe;
  let [failures, successes] = [0, 0];
  const between = (): number =>
    probed.isReady() && failures === 0 ? wellMilliseconds : probeMilliseconds;
  await pause(initialDelay(probe.initialDelaySeconds), over);
  for (; !over.aborted; await pause(between(), over)) {
    if (!probed.hasStarted()) continue;
    const seen = await probed.check(probe);
    if (over.aborted) return;
    [failures, successes] = seen.ok ? [0, successes + 1] : [failures + 1, 0];
    if (!seen.ok) probed.unhealthy(`Readiness probe failed: ${seen.message}`);
    if (seen.ok && !probed.isReady() && successes >= successThreshold) probed.ready(true);
    if (!seen.ok && probed.isReady() && failures >= failureThreshold) probed.ready(false);
  }
}

/** The startup probe until it holds, then the liveness probe: too many failures end the process. */
export async function watchLife(probed: Probed): Promise<void> {
  const { startupProbe, livenessProbe } = probed.spec;
  if (startupProbe && !probed.hasStarted()) {
    if (!(await holds(probed, startupProbe, "Startup"))) return;
    probed.started();
  }
  if (livenessProbe) await holds(probed, livenessProbe, "Liveness");
}

/** Looks until the startup probe succeeds once, or for ever; false when it ended by failure or by the process's end. */
async function holds(
  probed: Probed,
  probe: ProbeSpec,
  name: "Startup" | "Liveness",
): Promise<boolean> {
  const { over } = probed;
  let failures = 0;
  await pause(initialDelay(probe.initialDelaySeconds), over);
  const between = (): number => (failures === 0 ? wellMilliseconds : probeMilliseconds);
  for (; !over.aborted; await pause(between(), over)) {
    const seen = await probed.check(probe);
    if (over.aborted) return false;
    failures = seen.ok ? 0 : failures + 1;
    if (seen.ok && name === "Startup") return true;
    if (!seen.ok) probed.unhealthy(`${name} probe failed: ${seen.message}`);
    if (failures >= (probe.failureThreshold ?? 3)) {
      await probed.kill(name === "Startup" ? "startup" : "liveness");
      return false;
    }
  }
  return false;
}

const pause = (milliseconds: number, over: AbortSignal): Promise<void> =>
  wait(milliseconds, undefined, { signal: over }).catch(() => undefined);
