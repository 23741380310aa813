import { randomBytes } from "node:crypto";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../stand-in.ts";
import { createContainerLog, tail, type ContainerLog } from "./container-log.ts";
import {
  startProcess,
  StartFailure,
  terminate,
  type ContainerProcess,
  type Exit,
} from "./container-process.ts";
import { ConfigError, environmentOf, expanded } from "./environment.ts";
import type { Images, NodeImage } from "./images.ts";
import { timestamp } from "./object.ts";
import { backoff, forgivenAfterMilliseconds } from "./pace.ts";
import { createContainerPorts } from "./ports.ts";
import { isOpen, look } from "./probes.ts";
import { watchLife, watchReadiness, type Probed } from "./probing.ts";
import { obtainImage } from "./pulling.ts";
import type { Recorder } from "./recorder.ts";
import type { Store } from "./store.ts";
import type {
  ContainerSpec,
  ContainerState,
  ContainerStatus,
  Pod,
  ProbeSpec,
  Terminated,
} from "./workloads.ts";

/** What all containers of a node share. */
export type Node = {
  store: Store;
  clock: Clock;
  record: Recorder;
  images: Images;
  /** Where containers get their copies of images. */
  directory: string;
  nodeBinary: string;
};

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
};

const policyRestarts = (policy: string, exit: Exit): boolean =>
  policy === "Always" || (policy === "OnFailure" && exit.exitCode !== 0);

/** One container of a pod: its image, its process, its probes and what the kubelet says of it. `changed` is called whenever the status is another. */
export function createContainer(
  node: Node,
  pod: Pod,
  spec: ContainerSpec,
  options: { restartPolicy: string; changed(): void },
): Container {
  const stopping = new AbortController();
  let state: ContainerState = { waiting: { reason: "ContainerCreating" } };
  let lastState: ContainerState = {};
  let ready = false;
  let started = false;
  let restarts = 0;
  let image: NodeImage | undefined;
  let process: ContainerProcess | undefined;
  let containerID: string | undefined;
  let current: ContainerLog | undefined;
  let previous: ContainerLog | undefined;
  let finished: Promise<void> = Promise.resolve();
  const ports = createContainerPorts(spec);
  const folder = join(node.directory, `${pod.metadata.uid}-${spec.name}`);

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

  const launch = async (
    from: NodeImage,
  ): Promise<{ process: ContainerProcess; log: ContainerLog }> => {
    const env = environmentOf(node.store, pod, spec, from.config.env, await ports.give());
    await rm(folder, { recursive: true, force: true });
    await cp(from.directory, folder, { recursive: true, verbatimSymlinks: true });
    event("Normal", "Created", `Created container: ${spec.name}`);
    const command = [
      ...(spec.command ?? from.config.entrypoint),
      ...(spec.args ?? (spec.command ? [] : from.config.cmd)),
    ].map((part) => expanded(part, env));
    const log = createContainerLog();
    const workingDir = spec.workingDir ?? from.config.workingDir;
    const made = await startProcess({
      root: folder,
      command,
      workingDir,
      env,
      nodeBinary: node.nodeBinary,
      log,
    });
    return { process: made, log };
  };

  /** Runs the container once, from image to exit; undefined when it did not come so far. */
  const runOnce = async (): Promise<Exit | undefined> => {
    image = await obtainImage(node.images, spec, voice);
    if (!image || stopping.signal.aborted) return undefined;
    const startedAt = timestamp(node.clock.now());
    const begun = performance.now();
    try {
      const made = await launch(image);
      containerID = `containerd://${randomBytes(32).toString("hex")}`;
      process = made.process;
      [previous, current] = [current, made.log];
      event("Normal", "Started", `Started container ${spec.name}`);
      change(() => {
        if (state.terminated) lastState = state;
        state = { running: { startedAt } };
        started = !spec.startupProbe;
      });
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
    probe(running, probing.signal);
    const exit = await running.exited;
    probing.abort();
    process = undefined;
    if (performance.now() - begun > forgivenAfterMilliseconds) crashes = 0;
    const reason = exit.exitCode === 0 ? "Completed" : "Error";
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
    while (!stopping.signal.aborted) {
      const exit = await runOnce();
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
          lastState = state;
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
    }
  };

  const check = (probe: ProbeSpec): ReturnType<typeof look> =>
    look(probe, ports.of, async (command) => {
      const log = createContainerLog();
      try {
        const env = environmentOf(
          node.store,
          pod,
          spec,
          image?.config.env ?? {},
          await ports.give(),
        );
        const made = await startProcess({
          root: folder,
          command,
          workingDir: image?.config.workingDir ?? "/",
          env,
          nodeBinary: node.nodeBinary,
          log,
        });
        return { exitCode: (await made.exited).exitCode, output: log.text() };
      } catch (error) {
        return { exitCode: 127, output: error instanceof Error ? error.message : String(error) };
      }
    });

  const probe = (running: ContainerProcess, over: AbortSignal): void => {
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
    void watchReadiness(probed);
    void watchLife(probed);
  };

  return {
    spec,
    status: () => ({
      name: spec.name,
      state,
      lastState,
      ready,
      restartCount: restarts,
      image: spec.image,
      imageID: image?.imageID ?? "",
      ...(containerID ? { containerID } : {}),
      started,
    }),
    run: () => (finished = run()),
    async stop(grace) {
      stopping.abort();
      if (process) await terminate(process, grace);
      await finished;
      ports.release();
      await rm(folder, { recursive: true, force: true });
    },
    log: (of) => (of ? previous : current),
    portOf: ports.of,
    pid: () => process?.pid,
  };
}
