import { standBefore, type ClusterFront } from "@release-actions/stand-ins";
import { inject } from "vitest";
import type {} from "./boot-control-plane.ts";
import { kubeconfigOf, type Stage } from "./stage.ts";

/** A door to the stage's cluster that speaks TLS: without it Go's programs show no token. */
export type ClusterDoor = AsyncDisposable & { kubeconfig: string; front: ClusterFront };

type Kubeconfig = {
  clusters: [{ cluster: Record<string, string> }];
  users: [{ user: Record<string, unknown> }];
};

/** Opens the door with the control plane's certificate, which is good for 127.0.0.1; undefined where that is not booted. */
export async function openClusterDoor(stage: Stage): Promise<ClusterDoor | undefined> {
  const plane = inject("controlPlane");
  if (plane === undefined) return undefined;
  const { certificate: cert, serverKey: key } = plane;
  const { clusters, users } = JSON.parse(stage.kubeconfig) as Kubeconfig;
  const door = await standBefore({ url: clusters[0].cluster["server"] ?? "", tls: { cert, key } });
  const opened = JSON.parse(kubeconfigOf(door.url, users[0].user)) as Kubeconfig;
  opened.clusters[0].cluster["certificate-authority-data"] = Buffer.from(cert).toString("base64");
  return {
    kubeconfig: JSON.stringify(opened),
    front: door,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}
