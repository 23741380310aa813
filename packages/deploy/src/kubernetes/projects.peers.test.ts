import { createTransport, type Transport } from "@release-actions/net";
import { askControlPlane, kubeconfigOf, type ControlPlaneAccess } from "@release-actions/stand-ins";
import { afterAll, describe, inject } from "vitest";
import { testProjects } from "../test/projects.ts";
import { connectCluster } from "./cluster.ts";

/** The projects' manifests on a real control plane. */

const access = inject("controlPlane");
let transport: Transport | undefined;
let count = 0;
afterAll(() => transport?.close());

describe.skipIf(access === undefined)("on a real control plane", () => {
  testProjects(async () => {
    if (access === undefined) throw new Error("there is no control plane");
    transport ??= createTransport({ env: {}, userAgent: "test" });
    count += 1;
    const namespace = `project-${count}`;
    await askControlPlane(access, "POST", "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace },
    });
    const kubeconfig = kubeconfigOf({
      server: access.server,
      certificate: access.certificate,
      token: access.adminToken,
    });
    return {
      cluster: await connectCluster({ transport, kubeconfig, allowExec: false }),
      namespace,
    };
  });
});

declare module "vitest" {
  interface ProvidedContext {
    controlPlane: ControlPlaneAccess | undefined;
  }
}
