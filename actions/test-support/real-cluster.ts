import {
  kubeconfigOf,
  openNamespace,
  standBefore,
  type ClusterFront,
  type ControlPlaneAccess,
} from "@release-actions/stand-ins";

/** A namespace of a real control plane, behind something that counts. */
export type RealCluster = AsyncDisposable & {
  namespace: string;
  front: ClusterFront;
  /** Of its administrator, through the front. */
  kubeconfig: string;
};

/** Makes a namespace, which goes with it. `tls`: programs that show a token only over TLS will use it. */
export async function openRealCluster(
  access: ControlPlaneAccess,
  { tls = false }: { tls?: boolean } = {},
): Promise<RealCluster> {
  const space = await openNamespace(access, "shop");
  const namespace = space.name;
  const { certificate, serverKey, adminToken: token } = access;
  const front = await standBefore({
    url: access.server,
    certificate,
    ...(tls ? { tls: { cert: certificate, key: serverKey } } : {}),
  });
  const server = front.url;
  return {
    namespace,
    front,
    kubeconfig: kubeconfigOf({ server, token, namespace, ...(tls ? { certificate } : {}) }),
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]();
      await space.close();
    },
  };
}

export type { ControlPlaneAccess };
