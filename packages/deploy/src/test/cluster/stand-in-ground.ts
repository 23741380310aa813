import {
  createKubernetesStandIn,
  type ClusterAnswer,
  type Identity,
} from "@release-actions/stand-ins";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  deployerRules,
  digestOf,
  groundBefore,
  listerRules,
  referenceOf,
  webhookName,
  type Ground,
} from "./ground.ts";

const namespace = "catalogue";
const serve = "require('node:http').createServer((_, r) => r.end('here')).listen(process.env.PORT)";

/** Each build as the program of its container. Of the real cluster's faults those that a program can have. */
const builds: Record<string, (opened: number) => string> = {
  "1.0.0": () => serve,
  "2.0.0": () => serve,
  "fault-missing-key": () => serve,
  "fault-crash": () =>
    "console.log('starting'); console.error('FATAL: no database'); process.exit(3)",
  "fault-crash-once": (opened) => `if (Date.now() < ${opened + 700}) process.exit(1); ${serve}`,
  "fault-unready": () => "setInterval(() => {}, 1000)",
  "fault-slow": () => `setTimeout(() => { ${serve} }, 1000)`,
  "fault-hiccup": () => serve,
};

const refusedPulls: Record<string, string> = {
  "fault-not-found": "manifest unknown",
  "fault-unauthorized": "401 Unauthorized",
  "fault-rate-limit": "toomanyrequests: You have reached your pull rate limit",
};

/** The embedded stand-in; its pods are processes of this machine. */
export async function openStandInGround(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), "deploy-"));
  const opened = Date.now();
  const rules = deployerRules.map((rule) => ({ ...rule, namespaces: [namespace] }));
  const user = `system:serviceaccount:${namespace}:deployer`;
  const identities: Record<string, Identity> = {
    admin: { user: "admin" },
    deployer: { user, rules },
    lister: {
      user: `system:serviceaccount:${namespace}:lister`,
      rules: listerRules.map((rule) => ({ ...rule, namespaces: [namespace] })),
    },
    reader: { user: `system:serviceaccount:${namespace}:reader`, rules: [] },
  };
  let hiccups = 1;
  const standIn = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster.example.org",
    directory,
    tokens: identities,
    pull: async (reference) => {
      const tag = /:([^:@]+)@/.exec(reference)?.[1] ?? "";
      const refused = refusedPulls[tag] ?? (builds[tag] ? undefined : "manifest unknown");
      if (refused) throw new Error(refused);
      if (tag === "fault-hiccup" && hiccups-- > 0) throw new Error("dial tcp: i/o timeout");
      if (reference !== referenceOf(tag)) throw new Error("manifest unknown");
      return {
        digest: digestOf(tag),
        manifestDigest: digestOf(`${tag} linux/amd64`),
        config: { entrypoint: ["node"], cmd: ["/app.js"], env: {}, workingDir: "/", labels: {} },
        unpack: (folder: string) => writeFile(join(folder, "app.js"), builds[tag]?.(opened) ?? ""),
      };
    },
  });
  let server = await serveStandIn(standIn, 0);
  const { port } = server.address() as AddressInfo;
  standIn.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const end = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const url = `http://127.0.0.1:${port}`;
  let tokens = 0;
  return groundBefore(
    { url },
    {
      namespace,
      tokens: { deployer: "deployer", reader: "reader", lister: "lister" },
      tokenFor: (seconds) => {
        const token = `deployer-${(tokens += 1)}`;
        if (seconds > 0) identities[token] = { user, rules };
        setTimeout(() => delete identities[token], seconds * 1000).unref();
        return token;
      },
      ask: (method, path, body, contentType) => ask(url, method, path, body, contentType),
      deny: async (resource, message) => {
        standIn.webhooks.push({
          name: webhookName,
          says: ({ kind }) =>
            `${kind.toLowerCase()}s` === resource ? { denies: message } : undefined,
        });
      },
      restart: async () => {
        await end();
        server = await serveStandIn(standIn, port);
      },
      close: async () => {
        await end();
        await standIn.close();
        await rm(directory, { recursive: true, force: true });
      },
    },
  );
}

async function serveStandIn(
  standIn: { handle: Parameters<typeof createServer>[1] },
  port: number,
): Promise<Server> {
  const server = createServer(standIn.handle);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

async function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  contentType = "application/json",
): Promise<ClusterAnswer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: "Bearer admin", "content-type": contentType },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
