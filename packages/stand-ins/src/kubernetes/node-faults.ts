import type { Pod } from "./workloads.ts";

/** What may befall a pod on its node, with the words that kubelet and runtime have for it. */
const troubles = {
  /** The network plug-in fails. */
  "no-sandbox": {
    event: {
      reason: "FailedCreatePodSandBox",
      message:
        'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "5f0c": plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized',
    },
  },
  /** A file server does not answer. */
  "no-volume": {
    event: {
      reason: "FailedMount",
      message:
        'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32\nMounting command: mount\nOutput: mount.nfs: Connection timed out',
    },
  },
  /** Another node still holds the disk. */
  "attached-elsewhere": {
    event: {
      reason: "FailedAttachVolume",
      message:
        'Multi-Attach error for volume "data" Volume is already exclusively attached to one node and can\'t be attached to another',
    },
  },
  /** The runtime is overloaded. */
  "not-created": {
    event: { reason: "Failed", message: "Error: context deadline exceeded" },
    waiting: { reason: "CreateContainerError", message: "context deadline exceeded" },
  },
  "not-started": {
    event: {
      reason: "Failed",
      message:
        "Error: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply cgroup configuration: unit already exists",
    },
    waiting: {
      reason: "RunContainerError",
      message:
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply cgroup configuration: unit already exists",
    },
  },
  /** The image's user is root, and the pod forbids that. */
  root: {
    event: {
      reason: "Failed",
      message: "Error: container has runAsNonRoot and image will run as root",
    },
    waiting: {
      reason: "CreateContainerConfigError",
      message: "container has runAsNonRoot and image will run as root",
    },
  },
  /** The disk is full: the pod is put out, and no other is let in. */
  "disk-full": {
    gone: {
      reason: "Evicted",
      message:
        "The node was low on resource: ephemeral-storage. Threshold quantity: 10%, available: 8%. ",
      taint: "node.kubernetes.io/disk-pressure",
    },
  },
  /** The node does not answer any more: its pods are given up. */
  lost: {
    gone: {
      reason: "NodeLost",
      message: "Node n1 which was running pod is unresponsive",
      taint: "node.kubernetes.io/unreachable",
    },
  },
} as const satisfies Record<string, NodeTrouble>;

export type NodeTrouble = {
  event?: { reason: string; message: string };
  /** The containers wait so. Without it they wait to be created. */
  waiting?: { reason: string; message: string };
  /** The pod ends so, and the node gets the taint. */
  gone?: { reason: string; message: string; taint: string };
};

export type NodeTroubleName = keyof typeof troubles;

/** A trouble of the node with the pods that match. Those that have it keep it until it is taken away. */
export type NodeFault = { matches(pod: Pod): boolean; does: NodeTroubleName };

/** The trouble that a pod has now. */
export function troubleOf(faults: readonly NodeFault[], pod: Pod): NodeTrouble | undefined {
  const found = faults.find(({ matches }) => matches(pod));
  return found && troubles[found.does];
}
