import { kubeconfigOf, openNamespace, type ControlPlaneAccess } from "@release-actions/stand-ins";
import { accountRules, type ReasonCluster } from "./cluster.ts";

/** A namespace of the real control plane, whose containers all have the log of a crash. */
export async function openPlaneCluster(access: ControlPlaneAccess): Promise<ReasonCluster> {
  const space = await openNamespace(access, "reasons");
  const accounts = {
    deployer: await space.account("deployer", accountRules.deployer),
    reader: await space.account("reader", accountRules.reader),
  };
  await space.giveLogs(["starting", "FATAL: no database"]);
  const { server, certificate } = access;
  return {
    namespace: space.name,
    kubeconfig: (who = "deployer") =>
      kubeconfigOf({
        server,
        certificate,
        token: who === "expired" ? accounts.deployer(-3600) : accounts[who](3600),
        namespace: space.name,
      }),
    ask: (method, path, body, contentType) => space.ask(method, path, body, contentType),
    close: () => space.close(),
  };
}
