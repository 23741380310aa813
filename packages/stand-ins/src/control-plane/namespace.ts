import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  askControlPlane,
  signServiceAccountToken,
  type ClusterAnswer,
  type ControlPlaneAccess,
} from "./access.ts";

export type PlaneNamespace = {
  name: string;
  /** As the control plane's administrator. */
  ask(method: string, path: string, body?: unknown, contentType?: string): Promise<ClusterAnswer>;
  /** @throws Error when the object is not created */
  make(path: string, object: Record<string, unknown>): Promise<ClusterAnswer>;
  /** A service account with these rules of RBAC in the namespace; returns what signs its tokens, good for so many seconds. */
  account(name: string, rules: readonly Rule[]): Promise<(seconds: number) => string>;
  /** From now on every container of the namespace has these lines in its log, of this run and of the one before. */
  giveLogs(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

/** A rule of a Role. */
export type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] };

/** Makes a namespace of the control plane for one test, which goes with it. */
export async function openNamespace(
  plane: ControlPlaneAccess,
  prefix: string,
): Promise<PlaneNamespace> {
  const ask: PlaneNamespace["ask"] = (method, path, body, contentType) =>
    askControlPlane(plane, method, path, body, contentType);
  const make: PlaneNamespace["make"] = async (path, object) => {
    const answer = await ask("POST", path, object);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  };
  const made = await make("/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { generateName: `${prefix}-` },
  });
  const { name: namespace } = made.body["metadata"] as { name: string };
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const logs = "/apis/kwok.x-k8s.io/v1alpha1/clusterlogs";

  return {
    name: namespace,
    ask,
    make,
    account: async (name, rules) => {
      const { body } = await make(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name },
      });
      const { uid } = body["metadata"] as { uid: string };
      await make(`${rbac}/roles`, { apiVersion, kind: "Role", metadata: { name }, rules });
      await make(`${rbac}/rolebindings`, {
        apiVersion,
        kind: "RoleBinding",
        metadata: { name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      });
      return (seconds) => signServiceAccountToken(plane, { namespace, name, uid }, seconds);
    },
    giveLogs: async (lines) => {
      const file = join(plane.folder, "logs", `${namespace}.log`);
      await mkdir(join(plane.folder, "logs"), { recursive: true });
      const now = new Date().toISOString();
      await writeFile(file, lines.map((line) => `${now} stdout F ${line}\n`).join(""));
      await make(logs, {
        apiVersion: "kwok.x-k8s.io/v1alpha1",
        kind: "ClusterLogs",
        metadata: { name: namespace },
        spec: {
          selector: { matchNamespaces: [namespace] },
          logs: [{ logsFile: file, previousLogsFile: file }],
        },
      });
    },
    close: async () => {
      await ask("DELETE", `${logs}/${namespace}`);
      await ask("DELETE", `/api/v1/namespaces/${namespace}`);
    },
  };
}
