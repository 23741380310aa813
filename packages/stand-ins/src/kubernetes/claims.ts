import { isFields, type Fields, type KubeObject } from "./object.ts";
import type { Recorder } from "./recorder.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StorageClass,
} from "./workloads.ts";

const claims = resourceOfKind("PersistentVolumeClaim");
const volumes = resourceOfKind("PersistentVolume");
const classes = resourceOfKind("StorageClass");
const from = "persistentvolume-controller";
const noProvisioner = "kubernetes.io/no-provisioner";

type ClaimTemplate = NonNullable<StatefulSet["spec"]["volumeClaimTemplates"]>[number];

/** Gives a new claim without a class the cluster's default one. */
export function admitClaim(store: Store, object: KubeObject): void {
  const spec = object["spec"];
  if (object.kind !== "PersistentVolumeClaim" || !isFields(spec)) return;
  const fallback = store
    .list<StorageClass>(classes)
    .find(
      ({ metadata }) =>
        metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
    );
  if (fallback) spec["storageClassName"] ??= fallback.metadata.name;
}

export const claimName = (claim: ClaimTemplate, pod: string): string =>
  `${claim.metadata.name}-${pod}`;

/** The claim of one pod of a StatefulSet: made once, kept when the pod goes. */
export function createClaim(
  store: Store,
  owner: StatefulSet,
  claim: ClaimTemplate,
  pod: string,
): void {
  const { namespace = "" } = owner.metadata;
  const name = claimName(claim, pod);
  if (store.get(claims, namespace, name)) return;
  const made = {
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
    metadata: {
      name,
      namespace,
      labels: { ...claim.metadata.labels, ...owner.spec.selector.matchLabels },
    },
    spec: structuredClone(claim.spec) as Fields,
    status: { phase: "Pending" },
  };
  admitClaim(store, made as unknown as KubeObject);
  store.insert(claims, made);
}

/** The claims that a pod mounts. */
export const claimsOf = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);

/** Returns the function that gives one claim a volume: at once, or when a pod wants it, as its class says. */
export function createClaimController(
  store: Store,
  record: Recorder,
): (namespace: string, name: string) => void {
  return (namespace, name) => {
    const claim = store.get<PersistentVolumeClaim>(claims, namespace, name);
    if (!claim || claim.status.phase === "Bound") return;
    const className = claim.spec.storageClassName ?? "";
    const storageClass = store.get<StorageClass>(classes, undefined, className);
    const tell = (type: "Normal" | "Warning", reason: string, message: string): void =>
      record(claim, { type, reason, message, from });
    const waits = storageClass?.volumeBindingMode === "WaitForFirstConsumer";
    if (waits && !isWanted(store, claim)) {
      const message = "waiting for first consumer to be created before binding";
      return tell("Normal", "WaitForFirstConsumer", message);
    }
    const free = store
      .list<PersistentVolume>(volumes)
      .find((volume) => fits(volume, claim, className));
    if (free) return bind(claim, free);
    if (className !== "" && !storageClass)
      return tell(
        "Warning",
        "ProvisioningFailed",
        `storageclass.storage.k8s.io "${className}" not found`,
      );
    if (!storageClass || storageClass.provisioner === noProvisioner)
      return tell(
        "Normal",
        "FailedBinding",
        "no persistent volumes available for this claim and no storage class is set",
      );
    const made = store.insert(volumes, {
      kind: "PersistentVolume",
      apiVersion: "v1",
      metadata: { name: `pvc-${claim.metadata.uid}` },
      spec: {
        capacity: { storage: claim.spec.resources?.requests?.["storage"] ?? "1Gi" },
        accessModes: claim.spec.accessModes ?? [],
        storageClassName: className,
        persistentVolumeReclaimPolicy: "Delete",
      },
      status: { phase: "Available" },
    }) as PersistentVolume;
    tell(
      "Normal",
      "ProvisioningSucceeded",
      `Successfully provisioned volume ${made.metadata.name}`,
    );
    bind(claim, made);
  };

  function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): void {
    const { name, namespace = "", uid } = claim.metadata;
    store.change(volumes, volume, (draft) => {
      draft.spec.claimRef = { namespace, name, uid };
      draft.status = { phase: "Bound" };
    });
    store.change(claims, claim, (draft) => {
      draft.spec.volumeName = volume.metadata.name;
      draft.metadata.annotations = {
        ...draft.metadata.annotations,
        "pv.kubernetes.io/bind-completed": "yes",
      };
      draft.status = {
        phase: "Bound",
        accessModes: volume.spec.accessModes ?? [],
        capacity: volume.spec.capacity ?? {},
      };
    });
  }
}

/** Why the scheduler does not place a pod yet, in its words: a claim that is missing or has no volume. */
export function missingVolume(store: Store, pod: Pod): string | undefined {
  const { namespace = "" } = pod.metadata;
  for (const name of claimsOf(pod)) {
    const claim = store.get<PersistentVolumeClaim>(claims, namespace, name);
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    if (claim.status.phase === "Bound") continue;
    const storageClass = store.get<StorageClass>(
      classes,
      undefined,
      claim.spec.storageClassName ?? "",
    );
    if (storageClass?.volumeBindingMode !== "WaitForFirstConsumer")
      return "pod has unbound immediate PersistentVolumeClaims";
    return "1 node(s) didn't find available persistent volumes to bind";
  }
  return undefined;
}

const isWanted = (store: Store, claim: PersistentVolumeClaim): boolean =>
  store
    .list<Pod>(resourceOfKind("Pod"), claim.metadata.namespace)
    .some((pod) => claimsOf(pod).includes(claim.metadata.name));

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim, className: string): boolean {
  const { name, namespace } = claim.metadata;
  const { claimRef } = volume.spec;
  if (claimRef && (claimRef.name !== name || claimRef.namespace !== namespace)) return false;
  const wanted = claim.spec.accessModes ?? [];
  return (
    volume.status.phase !== "Bound" &&
    (volume.spec.storageClassName ?? "") === className &&
    bytes(volume.spec.capacity?.["storage"]) >=
      bytes(claim.spec.resources?.requests?.["storage"]) &&
    wanted.every((mode) => volume.spec.accessModes?.includes(mode))
  );
}

/** `10Gi` in bytes. */
function bytes(size: string | number = 0): number {
  const [, number = "0", unit = ""] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(size)) ?? [];
  const power = ["", "k", "M", "G", "T", "P"].indexOf(unit.replace("i", "").replace("K", "k"));
  return Number(number) * (unit.endsWith("i") ? 1024 : 1000) ** Math.max(0, power);
}
