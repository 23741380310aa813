import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { tail, type ContainerLog } from "./container-log.ts";
import { StartFailure, terminate, type ContainerProcess, type Exit } from "./container-process.ts";
import { openDoors, type Doors } from "./doors.ts";
import { ConfigError, environmentOf } from "./environment.ts";
import type { NodeImage } from "./images.ts";
import { execute, launch } from "./launching.ts";
import { endWhenAbove } from "./memory.ts";
import type { Node } from "./node.ts";
import { troubleOf } from "./node-faults.ts";
import { timestamp } from "./object.ts";
import { backoff, forgivenAfterMilliseconds } from "./pace.ts";
import { createContainerPorts } from "./ports.ts";
import { isOpen, look } from "./probes.ts";
import { untilAnswering, watchLife, watchReadiness, type Probed } from "./probing.ts";
import { quantity } from "./quantities.ts";
import { ended, obtainImage } from "./pulling.ts";
import { keptLog, lastExit, type SavedContainer } from "./saved-container.ts";
import type {
  ContainerSpec,
  ContainerState,
  ContainerStatus,
  Pod,
  ProbeSpec,
  Terminated,
} from "./workloads.ts";

export type Container = {
  readonly spec: ContainerSpec;
  status(): ContainerStatus;
  /** Runs, and restarts as the policy says, until it is finished or stopped. */
  run(): Promise<void>;
  /** SIGTERM, then SIGKILL when the grace is over. */
  stop(graceMilliseconds: number): Promise<void>;
  log(previous: boolean): ContainerLog | undefined;
  /** Where on this machine a port of the container is: by number or name. */
  portOf(port: number | string): number | undefined;
  pid(): number | undefined;
  save(): SavedContainer;
  /** Settled when a container that was saved ready answers again, or is there to be woken; at once for every other. */
  resumed: Promise<void>;
};

const policyRestarts = (policy: string, exit: Exit): boolean =>
  policy === "Always" || (policy === "OnFailure" && exit.exitCode !== 0);

/**
 * One container of a pod: its image, its process, its probes and what the kubelet says of it. `changed` is called whenever the
 * status is another. A saved container goes on: one that ran is started again from its image, with its environment, and
 * shows the same run, but for its log.
 */
export function createContainer(
  node: Node,
  pod: Pod,
  spec: ContainerSpec,
  options: { restartPolicy: string; changed(): void; saved: SavedContainer | undefined },
): Container {
  const { saved } = options;
  const stopping = new AbortController();
  const resumed = Promise.withResolvers<void>();
  resumed.promise.catch(() => undefined);
  let state: ContainerState = saved?.status.state ?? { waiting: { reason: "ContainerCreating" } };
  let lastState: ContainerState = saved?.status.lastState ?? {};
  let ready = saved?.status.ready ?? false;
  let started = saved?.status.started ?? false;
  let restarts = saved?.status.restartCount ?? 0;
  let containerID = saved?.status.containerID;
  let image = saved?.image;
  let environment = saved?.env;
  let process: ContainerProcess | undefined;
  let current = keptLog(saved?.log);
  let previous = keptLog(saved?.previousLog);
  let doors: Doors | undefined;
  let finished: Promise<void> = Promise.resolve();
  const ports = createContainerPorts(spec);
  const folder = join(node.directory, `${pod.metadata.uid}-${spec.name}`);

  const settle = (answers: boolean): void => {
    if (answers || stopping.signal.aborted) resumed.resolve();
    else {
      const whom = `container ${spec.name} of pod ${pod.metadata.name}`;
      resumed.reject(new Error(`${whom} was ready when it was saved, and does not answer now`));
    }
  };
  const change = (edit: () => void): void => {
    edit();
    options.changed();
  };
  const event = (type: "Normal" | "Warning", reason: string, message: string): void =>
    node.record(pod, { type, reason, message, from: "kubelet" });
  const pause = (milliseconds: number): Promise<void> =>
    wait(milliseconds, undefined, { signal: stopping.signal }).catch(() => undefined);
  const waiting = (reason: string, message: string): void =>
    change(() => (state = { waiting: { reason, message } }));
  const voice = { event, waiting, pause, stopping: stopping.signal };

  const begin = async (from: NodeImage, kept: SavedContainer | undefined) => {
    const given = await ports.give();
    environment = kept
      ? { ...kept.env, ...given }
      : environmentOf(node.store, pod, spec, from.config.env, given);
    return launch({
      spec,
      image: from,
      env: environment,
      folder,
      nodeBinary: node.nodeBinary,
      created: () => {
        if (!kept) event("Normal", "Created", `Created container: ${spec.name}`);
      },
    });
  };

  /** Lets a container that was saved running be without a process until somebody connects to it. */
  const rest = async (): Promise<void> => {
    doors = await openDoors(ports);
    settle(true);
    await Promise.race([doors.knocked, ended(stopping.signal)]);
  };

  /** What people see of a run that goes on is that it was ended, whether it had a process yet or not. */
  const endUnstarted = (startedAt: string): Exit => {
    const exit = { exitCode: 143, signal: 15 };
    end({ ...exit, reason: "Error", startedAt, finishedAt: timestamp(node.clock.now()) });
    return exit;
  };

  /** Runs the container once, from image to exit; undefined when it did not come so far. `kept`: it is the run that was saved. */
  const runOnce = async (kept?: SavedContainer): Promise<Exit | undefined> => {
    image = kept?.image ?? (await obtainImage(node.images, spec, voice));
    if (kept && ready && node.rests) await rest();
    const startedAt = kept?.status.state.running?.startedAt ?? timestamp(node.clock.now());
    if (kept && stopping.signal.aborted) return endUnstarted(startedAt);
    if (!image || stopping.signal.aborted) return undefined;
    const held = troubleOf(node.faults, pod);
    if (held?.waiting) {
      event("Warning", held.event?.reason ?? "Failed", held.event?.message ?? "");
      waiting(held.waiting.reason, held.waiting.message);
      await pause(300);
      return undefined;
    }
    const begun = performance.now();
    try {
      const made = await begin(image, kept);
      process = made.process;
      [previous, current] = [kept ? previous : current, made.log];
      if (!kept) {
        containerID = `containerd://${randomBytes(32).toString("hex")}`;
        event("Normal", "Started", `Started container ${spec.name}`);
        change(() => {
          if (state.terminated) lastState = state;
          state = { running: { startedAt } };
          started = !spec.startupProbe;
        });
      }
    } catch (error) {
      if (error instanceof ConfigError) {
        event("Warning", "Failed", `Error: ${error.message}`);
        waiting("CreateContainerConfigError", error.message);
        await pause(1_000);
        return undefined;
      }
      if (!(error instanceof StartFailure)) throw error;
      const why = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${error.message}`;
      event("Warning", "Failed", `Error: ${why}`);
      [previous, current] = [current, undefined];
      end({
        exitCode: 128,
        reason: "StartError",
        message: why,
        startedAt: "1970-01-01T00:00:00Z",
        finishedAt: timestamp(node.clock.now()),
      });
      return { exitCode: 128 };
    }
    const running = process;
    if (stopping.signal.aborted) void terminate(running, 1_000);
    const probing = new AbortController();
    void probe(running, probing.signal);
    const limit = quantity(spec.resources?.limits?.["memory"]);
    const outOfMemory =
      limit > 0 ? endWhenAbove(running, limit, probing.signal) : Promise.resolve(false);
    const exit = await running.exited;
    probing.abort();
    process = undefined;
    if (performance.now() - begun > forgivenAfterMilliseconds) crashes = 0;
    const reason = (await outOfMemory) ? "OOMKilled" : exit.exitCode === 0 ? "Completed" : "Error";
    const message =
      spec.terminationMessagePolicy === "FallbackToLogsOnError" && exit.exitCode !== 0
        ? tail(current?.text() ?? "", 80).slice(-2048)
        : "";
    end({
      ...exit,
      reason,
      ...(message ? { message } : {}),
      startedAt,
      finishedAt: timestamp(node.clock.now()),
    });
    return exit;
  };

  const end = (terminated: Terminated): void =>
    change(() => {
      state = { terminated: { ...terminated, ...(containerID ? { containerID } : {}) } };
      [ready, started] = [false, false];
    });

  let crashes = 0;

  const run = async (): Promise<void> => {
    let exit = saved && lastExit(saved.status);
    if (exit) crashes = restarts;
    let kept = saved?.status.state.running ? saved : undefined;
    while (!stopping.signal.aborted) {
      exit ??= await runOnce(kept).finally(() => {
        settle(false);
        doors?.close();
        doors = undefined;
      });
      kept = undefined;
      if (!exit) continue;
      if (stopping.signal.aborted || !policyRestarts(options.restartPolicy, exit)) return;
      crashes += 1;
      // The first restart is at once; the next ones wait longer and longer.
      if (crashes > 1) {
        const { milliseconds, named } = backoff(crashes - 2);
        const whom = `${pod.metadata.name}_${pod.metadata.namespace ?? ""}(${pod.metadata.uid})`;
        event(
          "Warning",
          "BackOff",
          `Back-off restarting failed container ${spec.name} in pod ${whom}`,
        );
        change(() => {
          if (state.terminated) lastState = state;
          state = {
            waiting: {
              reason: "CrashLoopBackOff",
              message: `back-off ${named} restarting failed container=${spec.name} pod=${whom}`,
            },
          };
        });
        await pause(milliseconds);
      }
      if (!stopping.signal.aborted) restarts += 1;
      exit = undefined;
    }
  };

  const check = (probe: ProbeSpec): ReturnType<typeof look> =>
    look(probe, ports.of, (command) =>
      execute({
        command,
        env: environment ?? {},
        folder,
        workingDir: image?.config.workingDir ?? "/",
        nodeBinary: node.nodeBinary,
      }),
    );

  const probe = async (running: ContainerProcess, over: AbortSignal): Promise<void> => {
    const probed: Probed = {
      spec,
      over,
      check,
      isOpen: async () => {
        const main = spec.ports?.[0] && ports.of(spec.ports[0].containerPort);
        return main === undefined || isOpen(main);
      },
      hasStarted: () => started,
      started: () => change(() => (started = true)),
      isReady: () => ready,
      ready: (is) => change(() => (ready = is)),
      unhealthy: (message) => event("Warning", "Unhealthy", message),
      kill: (why) => {
        event("Normal", "Killing", `Container ${spec.name} failed ${why} probe, will be restarted`);
        return terminate(running, 1_000);
      },
    };
    if (ready) settle(await untilAnswering(probed));
    doors?.lead();
    void watchReadiness(probed);
    void watchLife(probed);
  };

  const status = (): ContainerStatus => ({
    name: spec.name,
    state,
    lastState,
    ready,
    restartCount: restarts,
    image: spec.image,
    imageID: image?.imageID ?? "",
    ...(containerID ? { containerID } : {}),
    started,
  });
  if (!ready) resumed.resolve();

  return {
    spec,
    status,
    resumed: resumed.promise,
    save: () => ({
      status: status(),
      image,
      env: environment,
      log: current?.text(),
      previousLog: previous?.text(),
    }),
    run: () => (finished = run()),
    async stop(grace) {
      stopping.abort();
      settle(false);
      if (process) await terminate(process, grace);
      // Why it broke was told as an event.
      await finished.catch(() => undefined);
      ports.release();
      await rm(folder, { recursive: true, force: true });
    },
    log: (of) => (of ? previous : current),
    portOf: (port) => doors?.of(port) ?? ports.of(port),
    pid: () => process?.pid,
  };
}
