import { createTransport, type Transport } from "@release-actions/net";
import { askControlPlane, kubeconfigOf, type ControlPlaneAccess } from "@release-actions/stand-ins";
import { connectCluster } from "../index.ts";
import type { OpenCluster } from "./open-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    controlPlane: ControlPlaneAccess | undefined;
  }
}

/** Opens the real control plane as often as asked, with a new namespace each time. */
export function planeOpener(access: ControlPlaneAccess | undefined): {
  open(): Promise<OpenCluster>;
  close(): void;
} {
  let transport: Transport | undefined;
  const prefix = `project-${Date.now().toString(36)}`;
  let count = 0;
  return {
    open: async () => {
      if (access === undefined) throw new Error("there is no control plane");
      transport ??= createTransport({ env: {}, userAgent: "test" });
      count += 1;
      const namespace = `${prefix}-${count}`;
      await askControlPlane(access, "POST", "/api/v1/namespaces", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace },
      });
      const { server, certificate, adminToken: token } = access;
      const kubeconfig = kubeconfigOf({ server, certificate, token });
      return {
        cluster: await connectCluster({ transport, kubeconfig, allowExec: false }),
        namespace,
      };
    },
    close: () => transport?.close(),
  };
}
