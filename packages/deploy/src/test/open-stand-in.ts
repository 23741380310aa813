import { createTransport } from "@release-actions/net";
import {
  createKubernetesStandIn,
  listen,
  type KubernetesStandIn,
} from "@release-actions/stand-ins";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectCluster } from "../index.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { projectImage } from "./projects.ts";

/** A server on its port, or a task that ends. */
const source = `import { createServer } from "node:http";
const [task = "serve"] = process.argv.slice(2);
console.log(task);
if (task === "serve")
  createServer((request, response) => response.end("ok")).listen(Number(process.env.PORT ?? 0));
`;
/** What the simulated nodes of the real control plane do with images of these names. */
const broken = (code: number): string =>
  `console.error("FATAL: no such table"); process.exitCode = ${code};`;
const faults: Record<string, string> = {
  "faults/fault-crash": broken(3),
  "faults/fault-fails": broken(1),
};

/** The cluster stand-in for somebody who may do everything; its containers are processes of this machine. */
export async function openStandIn(
  means: (reference: string) => { image: string; digest: string } | undefined = projectImage,
): Promise<OpenCluster & { standIn: KubernetesStandIn; close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "open-stand-in-"));
  const standIn = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster.example.org",
    directory,
    tokens: { admin: { user: "admin" } },
    pull: async (reference) => {
      const found = means(reference);
      if (!found) throw new Error("manifest unknown");
      return {
        digest: found.digest,
        manifestDigest: found.digest,
        config: { entrypoint: ["node", "/app.mjs"], cmd: [], env: {}, workingDir: "/", labels: {} },
        unpack: (folder) => writeFile(join(folder, "app.mjs"), faults[found.image] ?? source),
      };
    },
  });
  const server = await listen(standIn);
  const transport = createTransport({ env: {}, userAgent: "test" });
  const namespace = "project";
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const kubeconfig = JSON.stringify({
    "current-context": "x",
    contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
    clusters: [{ name: "x", cluster: { server: server.url } }],
    users: [{ name: "x", user: { token: "admin" } }],
  });
  return {
    standIn,
    cluster: await connectCluster({ transport, kubeconfig, allowExec: false }),
    namespace,
    close: async () => {
      transport.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
