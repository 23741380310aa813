import { createTransport } from "@release-actions/net";
import { createKubernetesStandIn, listen } from "@release-actions/stand-ins";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { projectImage, testProjects } from "../test/projects.ts";
import { connectCluster } from "./cluster.ts";

/** The projects' manifests on the cluster stand-in, where their containers are processes of this machine. */

const source = `import { createServer } from "node:http";
const [task = "serve"] = process.argv.slice(2);
console.log(task);
if (task === "serve")
  createServer((request, response) => response.end("ok")).listen(Number(process.env.PORT ?? 0));
`;

let close: () => Promise<void>;
afterEach(() => close());

testProjects(async () => {
  const directory = await mkdtemp(join(tmpdir(), "projects-"));
  const standIn = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster.example.org",
    directory,
    tokens: { admin: { user: "admin" } },
    pull: async (reference) => {
      const found = projectImage(reference);
      if (!found) throw new Error("manifest unknown");
      return {
        digest: found.digest,
        manifestDigest: found.digest,
        config: { entrypoint: ["node", "/app.mjs"], cmd: [], env: {}, workingDir: "/", labels: {} },
        unpack: (folder) => writeFile(join(folder, "app.mjs"), source),
      };
    },
  });
  const server = await listen(standIn);
  const transport = createTransport({ env: {}, userAgent: "test" });
  close = async () => {
    transport.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  };
  const namespace = "project";
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const kubeconfig = JSON.stringify({
    "current-context": "x",
    contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
    clusters: [{ name: "x", cluster: { server: server.url } }],
    users: [{ name: "x", user: { token: "admin" } }],
  });
  return {
    cluster: await connectCluster({ transport, kubeconfig, allowExec: false }),
    namespace,
  };
});
