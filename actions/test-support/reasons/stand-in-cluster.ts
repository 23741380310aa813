import {
  createKubernetesStandIn,
  listen,
  type AccessRule,
  type NodeTroubleName,
} from "@release-actions/stand-ins";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeconfigOf } from "../stage.ts";
import { accountRules, digestOf, type ReasonCluster } from "./cluster.ts";

const namespace = "catalogue";
const serve =
  "require('node:http').createServer((_, r) => r.end('here')).listen(process.env.PORT);";

/** What the program of a build with a fault does; every other build serves. */
const programs: Record<string, string> = {
  crash: "console.log('starting'); console.error('FATAL: no database'); process.exit(3)",
  waits:
    "console.error('Error: connect ECONNREFUSED 10.0.12.7:5432'); setTimeout(() => process.exit(1), 20)",
  oom: "const kept = []; setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 20)",
  unready:
    "require('node:http').createServer((_, r) => { r.statusCode = 503; r.end() }).listen(process.env.PORT)",
  unalive: `require('node:http').createServer((q, r) => { r.statusCode = q.url === '/alive' ? 500 : 503; r.end() }).listen(process.env.PORT); process.on('SIGTERM', () => process.exit(143))`,
  "no-command": "process.exit(127)",
};

/** What the registry answers to the nodes. */
const refusedPulls: Record<string, string> = {
  "not-found": "manifest unknown",
  unauthorized:
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized",
  "rate-limit":
    "unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit",
  unreachable: "failed to do request: Head: dial tcp 10.0.0.9:443: i/o timeout",
  platform: "no match for platform in manifest: not found",
};

const nodeTroubles: NodeTroubleName[] = [
  "no-sandbox", "no-volume", "attached-elsewhere", "not-created", "not-started", "root", "disk-full", "lost",
]; // prettier-ignore

/** An ELF of a machine that nobody has here. */
const foreignProgram = Buffer.from([
  0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0xf3, 0,
]);

const rulesOf = (who: keyof typeof accountRules): AccessRule[] =>
  accountRules[who].map((rule) => ({ ...rule, namespaces: [namespace] }));

/** The embedded stand-in as a cluster with faults; its containers are processes of this machine. */
export async function openStandInCluster(): Promise<ReasonCluster> {
  const directory = await mkdtemp(join(tmpdir(), "reasons-"));
  const user = (name: string): string => `system:serviceaccount:${namespace}:${name}`;
  const standIn = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster.example.org",
    directory,
    nodeResources: { cpu: "4", memory: "8Gi" },
    tokens: {
      admin: { user: "admin" },
      "token-of-deployer": { user: user("deployer"), rules: rulesOf("deployer") },
      "token-of-reader": {
        user: user("reader"),
        rules: rulesOf("reader"),
      },
    },
    pull: async (reference) => {
      const [name = "", digest = ""] = reference.split("@");
      const fault = /fault-([-a-z]+)$/.exec(name)?.[1] ?? "";
      const refused = refusedPulls[fault];
      if (refused) throw new Error(refused);
      if (digest !== digestOf(name)) throw new Error("manifest unknown");
      const foreign = fault === "exec-format";
      return {
        digest,
        manifestDigest: digest,
        config: {
          entrypoint: foreign ? ["/bin/web"] : ["node"],
          cmd: foreign ? [] : ["/app.js"],
          env: {},
          workingDir: "/",
          labels: {},
        },
        unpack: async (folder: string) => {
          await writeFile(join(folder, "app.js"), programs[fault] ?? serve);
          if (!foreign) return;
          await mkdir(join(folder, "bin"));
          await writeFile(join(folder, "bin/web"), foreignProgram);
          await chmod(join(folder, "bin/web"), 0o755);
        },
      };
    },
  });
  for (const does of nodeTroubles)
    standIn.nodeFaults.push({ matches: ({ spec }) => has(spec, `fault-${does}@`), does });
  standIn.webhooks.push({
    name: "policy.example.org",
    says: (object) =>
      object.kind === "Pod" && has(object, "fault-denied@")
        ? { denies: "no image without a signature" }
        : object.kind === "Deployment" && has(object, "fault-denied-whole@")
          ? { denies: "no image without a signature" }
          : object.kind === "Pod" && has(object, "fault-silent-webhook@")
            ? "silence"
            : undefined,
  });
  const server = await listen(standIn);
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  return {
    namespace,
    kubeconfig: (who = "deployer") => kubeconfigOf(server.url, { token: `token-of-${who}` }),
    ask: async (method, path, body, contentType = "application/json") => {
      const answer = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: "Bearer admin", "content-type": contentType },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const has = (value: unknown, text: string): boolean => JSON.stringify(value).includes(text);
