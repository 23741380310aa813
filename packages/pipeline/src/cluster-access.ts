import { Fault } from "@release-actions/codes";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "./job.ts";

/** What the inputs say about the way to a cluster. */
export type ClusterAccess = {
  kubeconfig?: string;
  allowExec?: boolean;
  insecureSkipTlsVerify?: boolean;
};

/** Where every pod finds what it may be known by. */
const ownFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
const sizeLimit = 1024 * 1024;

/**
 * The content of the kubeconfig that is meant: given as it is, as the path of a file, or `in-cluster` for a runner that is a
 * pod of the cluster itself.
 * @throws Fault RA3001
 */
export function kubeconfigOf(
  given: string,
  job: Pick<Job, "variables"> & { env: Pick<Job["env"], "workspace"> },
  folder: string = ownFolder,
): string {
  const name = given.trim();
  if (name === "in-cluster") return ownKubeconfig(job.variables, folder);
  // A kubeconfig has several lines, or is JSON.
  if (/[\n{]/.test(name) || name.length > 4096 || !/[/.]/.test(name)) return given;
  const path = name.startsWith("/") ? name : join(job.env.workspace ?? "", name);
  return readFile(path, `\`kubeconfig\` is the path ${JSON.stringify(name.slice(0, 200))}`);
}

function ownKubeconfig(variables: Job["variables"], folder: string): string {
  const host = variables["KUBERNETES_SERVICE_HOST"];
  const port = variables["KUBERNETES_SERVICE_PORT"] ?? "443";
  if (!host)
    throw new Fault("RA3001", {
      saw: "`kubeconfig` is in-cluster, and this runner is no pod of a cluster",
      next: "Run the job on a runner in the cluster, or give a kubeconfig.",
    });
  const read = (name: string): string =>
    readFile(join(folder, name), "`kubeconfig` is in-cluster").trim();
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const authority = Buffer.from(read("ca.crt")).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "in-cluster",
    clusters: [
      { name: "in-cluster", cluster: { server, "certificate-authority-data": authority } },
    ],
    users: [{ name: "in-cluster", user: { token: read("token") } }],
    contexts: [
      {
        name: "in-cluster",
        context: { cluster: "in-cluster", user: "in-cluster", namespace: read("namespace") },
      },
    ],
  });
}

function readFile(path: string, what: string): string {
  try {
    if (statSync(path).size <= sizeLimit) return readFileSync(path, "utf8");
  } catch {
    throw new Fault("RA3001", { saw: `${what}, and there is no such file` });
  }
  throw new Fault("RA3001", { saw: `${what}, and the file is larger than 1 MiB` });
}
