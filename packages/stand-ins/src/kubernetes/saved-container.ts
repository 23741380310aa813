import { createContainerLog, type ContainerLog } from "./container-log.ts";
import type { Exit } from "./container-process.ts";
import type { NodeImage } from "./images.ts";
import type { ContainerStatus } from "./workloads.ts";

/** A container at one moment, so that another kubelet can go on with it. */
export type SavedContainer = {
  status: ContainerStatus;
  image: NodeImage | undefined;
  /** What its process was started with. */
  env: Record<string, string> | undefined;
  log: string | undefined;
  previousLog: string | undefined;
};

/** The log of a process that is no more. */
export function keptLog(text: string | undefined): ContainerLog | undefined {
  if (text === undefined) return undefined;
  const log = createContainerLog();
  log.write(Buffer.from(text));
  log.end();
  return log;
}

/** How the last run ended, where none is on. */
export const lastExit = ({ state, lastState }: ContainerStatus): Exit | undefined =>
  state.terminated ??
  (state.waiting?.reason === "CrashLoopBackOff" ? lastState.terminated : undefined);
