import { setTimeout as pause } from "node:timers/promises";
import { createContainer, type Container } from "./container.ts";
import { unmounted } from "./mounting.ts";
import type { Node } from "./node.ts";
import { giveUp } from "./giving-up.ts";
import { troubleOf } from "./node-faults.ts";
import { equal, timestamp } from "./object.ts";
import { backoff } from "./pace.ts";
import { resourceOfKind } from "./resources.ts";
import type { SavedContainer } from "./saved-container.ts";
import type { Condition, ContainerSpec, ContainerStatus, Pod, PodStatus } from "./workloads.ts";

export type PodWorker = {
  /** Init containers first. */
  containers: Container[];
  stop(graceMilliseconds: number): Promise<void>;
};

const podResource = resourceOfKind("Pod");

/**
 * Runs a pod: its init containers one after the other, then its containers; writes its status whenever it changes. A sidecar
 * is an init container that goes on: the next one starts when it has started.
 * With `saved`, in the order of `containers`, it goes on with a pod that ran elsewhere.
 */
export function startPod(
  node: Node,
  pod: Pod,
  podIP: string,
  saved: readonly SavedContainer[] = [],
): PodWorker {
  const restartPolicy = pod.spec.restartPolicy ?? "Always";
  const startTime = pod.status.startTime ?? timestamp(node.clock.now());
  let stopped = false;

  const publish = (): void => {
    node.store.change(podResource, pod, (draft) => {
      draft.status = statusOf(draft.status);
    });
  };
  // One after the other even when they belong to one change, as a kubelet's status manager does.
  const make = (policy: string, from: number) => (spec: ContainerSpec, index: number) =>
    createContainer(node, pod, spec, {
      restartPolicy: policy,
      changed: publish,
      saved: saved[from + index],
    });
  const inits = (pod.spec.initContainers ?? []).map((spec, index) =>
    make(isSidecar(spec) ? "Always" : restartPolicy === "Never" ? "Never" : "OnFailure", 0)(
      spec,
      index,
    ),
  );
  const sidecars = inits.filter(({ spec }) => isSidecar(spec));
  const containers = pod.spec.containers.map(make(restartPolicy, inits.length));

  const work = async (): Promise<void> => {
    publish();
    if (!(await isPrepared()) || stopped) return;
    for (const init of inits) {
      if (isSidecar(init.spec)) {
        void init.run().catch(broken);
        await started(init);
        if (stopped) return;
        continue;
      }
      await init.run();
      if (stopped || init.status().state.terminated?.exitCode !== 0) return;
    }
    await Promise.all(containers.map((container) => container.run()));
    // The sidecars of a pod that is done end with it.
    if (!stopped) await Promise.all(sidecars.map((sidecar) => sidecar.stop(1_000)));
  };
  const broken = (error: unknown): void =>
    node.record(pod, {
      type: "Warning",
      reason: "FailedSync",
      message: `error: ${error instanceof Error ? error.message : String(error)}`,
      from: "kubelet",
    });
  const working = work().catch(broken);

  /** Waits until the pod has its network and its volumes; what is in the way is told again and again. False: it was given up. */
  async function isPrepared(): Promise<boolean> {
    // A pod that goes on has them.
    for (let tries = 0; saved.length === 0 && !stopped; tries++) {
      const trouble = troubleOf(node.faults, pod);
      const inTheWay =
        trouble?.event && !trouble.waiting
          ? trouble.event
          : { reason: "FailedMount", message: unmounted(node.store, pod) };
      if (inTheWay.message === undefined) break;
      node.record(pod, {
        type: "Warning",
        reason: inTheWay.reason,
        message: inTheWay.message,
        from: "kubelet",
      });
      await pause(backoff(Math.min(tries, 2)).milliseconds);
    }
    const gone = troubleOf(node.faults, pod)?.gone;
    if (gone) giveUp(node, pod, gone);
    return !gone;
  }

  async function started(container: Container): Promise<void> {
    while (!stopped && !container.status().started) await pause(20);
  }

  function statusOf(before: PodStatus): PodStatus {
    // What was given up stays so.
    if (before.phase === "Failed" && before["reason"] !== undefined) return before;
    const own = containers.map((container) => container.status());
    const init = inits.map((container) => container.status());
    const sidecarNames = new Set(sidecars.map(({ spec }) => spec.name));
    const initialized =
      before.conditions?.some(({ type, status }) => type === "Initialized" && status === "True") ||
      init.every(({ name, state, started: has }) =>
        sidecarNames.has(name) ? has : state.terminated?.exitCode === 0,
      );
    const waitingForInit = (status: ContainerStatus): ContainerStatus =>
      initialized ? status : { ...status, state: { waiting: { reason: "PodInitializing" } } };
    const toEnd = init.filter(({ name }) => !sidecarNames.has(name));
    const phase = phaseOf(own, toEnd, restartPolicy);
    const serving = [...init.filter(({ name }) => sidecarNames.has(name)), ...own];
    const unready = serving.filter(({ ready }) => !ready).map(({ name }) => name);
    const ready = unready.length === 0;
    const why =
      phase === "Succeeded"
        ? { reason: "PodCompleted" }
        : {
            reason: "ContainersNotReady",
            message: `containers with unready status: [${unready.join(" ")}]`,
          };
    const condition = (type: string, holds: boolean, reason: object = why): Condition => {
      const known = before.conditions?.find((one) => one.type === type);
      const status = holds ? "True" : "False";
      const since =
        known?.status === status ? known.lastTransitionTime : timestamp(node.clock.now());
      return {
        type,
        status,
        lastProbeTime: null,
        lastTransitionTime: since,
        ...(holds ? {} : reason),
      };
    };
    const next: PodStatus = {
      phase,
      conditions: [
        condition("Initialized", initialized, {
          reason: "ContainersNotInitialized",
          message: "containers with incomplete status",
        }),
        condition("Ready", ready),
        condition("ContainersReady", ready),
        condition("PodScheduled", true),
      ],
      hostIP: "127.0.0.1",
      hostIPs: [{ ip: "127.0.0.1" }],
      podIP,
      podIPs: [{ ip: podIP }],
      startTime,
      ...(init.length > 0 ? { initContainerStatuses: init } : {}),
      containerStatuses: own.map(waitingForInit),
      qosClass: before["qosClass"] ?? "BestEffort",
    };
    return equal(next, before) ? before : next;
  }

  return {
    containers: [...inits, ...containers],
    async stop(grace) {
      stopped = true;
      for (const container of containers) {
        if (container.status().state.running)
          node.record(pod, {
            type: "Normal",
            reason: "Killing",
            message: `Stopping container ${container.spec.name}`,
            from: "kubelet",
          });
      }
      await Promise.all([...inits, ...containers].map((container) => container.stop(grace)));
      await working;
    },
  };
}

const isSidecar = (spec: ContainerSpec): boolean => spec.restartPolicy === "Always";

function phaseOf(
  own: ContainerStatus[],
  init: ContainerStatus[],
  policy: string,
): PodStatus["phase"] {
  const failedInit = init.some(({ state }) => state.terminated && state.terminated.exitCode !== 0);
  if (failedInit && policy === "Never") return "Failed";
  if (own.every(({ state }) => state.terminated)) {
    const failed = own.some(({ state }) => state.terminated?.exitCode !== 0);
    if (policy === "Never") return failed ? "Failed" : "Succeeded";
    if (policy === "OnFailure" && !failed) return "Succeeded";
  }
  const begun = own.every(
    ({ state, lastState }) => state.running ?? state.terminated ?? lastState.terminated,
  );
  return begun ? "Running" : "Pending";
}
