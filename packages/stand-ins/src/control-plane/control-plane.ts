import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { askControlPlane, issuer, kubeconfigOf, type ControlPlaneAccess } from "./access.ts";
import { freePorts, startProgram, type Program } from "./programs.ts";
import { kwokConfiguration, storageClass } from "./stages.ts";

export type ControlPlane = ControlPlaneAccess & {
  /** Ends the API server, as a node that fails would, and starts it again on the same port; resolves when it is ready. */
  restartApiServer(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Boots a real control plane on 127.0.0.1: etcd, API server, controllers, scheduler, and one node whose pods kwok plays, as
 * `stages.ts` says. `program`: the one that `.ci/peers/control-plane install` builds. It takes four seconds and 730 MB.
 */
export async function bootControlPlane(program: string): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), "control-plane-"));
  const [etcdPort = 0, peerPort = 0, apiPort = 0, nodePort = 0] = await freePorts(4);
  const adminToken = randomBytes(16).toString("hex");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signingKey = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const server = `https://127.0.0.1:${apiPort}`;
  const kubeconfig = join(folder, "kubeconfig");
  await mkdir(join(folder, "certs"));
  await writeFile(join(folder, "signing.key"), signingKey, { mode: 0o600 });
  await writeFile(join(folder, "tokens.csv"), `${adminToken},admin,admin,"system:masters"\n`);
  await writeFile(join(folder, "kwok.yaml"), kwokConfiguration());

  const running: Program[] = [];
  const start = (name: string, options: Record<string, string | number | true>): Program => {
    const words = Object.entries(options).map(([key, value]) => `--${key}=${value}`);
    const started = startProgram(program, name, words, folder);
    running.push(started);
    return started;
  };
  const startApiServer = async (): Promise<void> => {
    const apiServer = start("kube-apiserver", {
      "etcd-servers": `http://127.0.0.1:${etcdPort}`,
      "bind-address": "127.0.0.1",
      "advertise-address": "127.0.0.1",
      "secure-port": apiPort,
      "cert-dir": join(folder, "certs"),
      "service-cluster-ip-range": "10.0.0.0/16",
      "service-account-issuer": issuer,
      "service-account-key-file": "signing.key",
      "service-account-signing-key-file": "signing.key",
      "token-auth-file": "tokens.csv",
      "authorization-mode": "RBAC",
      "allow-privileged": true,
      "endpoint-reconciler-type": "none",
    });
    while (!(await isReady(apiPort))) {
      await apiServer.demandRunning();
      await wait(50);
    }
  };
  const close = async (): Promise<void> => {
    for (const one of running.splice(0).toReversed()) await one.stop();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    start("etcd", {
      "data-dir": join(folder, "etcd"),
      "listen-client-urls": `http://127.0.0.1:${etcdPort}`,
      "advertise-client-urls": `http://127.0.0.1:${etcdPort}`,
      "listen-peer-urls": `http://127.0.0.1:${peerPort}`,
      "initial-advertise-peer-urls": `http://127.0.0.1:${peerPort}`,
      "initial-cluster": `default=http://127.0.0.1:${peerPort}`,
      "unsafe-no-fsync": true,
      "log-level": "warn",
    });
    await startApiServer();
    const certificate = await readFile(join(folder, "certs/apiserver.crt"), "utf8");
    const serverKey = await readFile(join(folder, "certs/apiserver.key"), "utf8");
    await writeFile(kubeconfig, kubeconfigOf({ server, certificate, token: adminToken }));
    const access: ControlPlaneAccess = {
      server,
      certificate,
      serverKey,
      adminToken,
      signingKey,
      program,
      folder,
    };
    start("kube-controller-manager", {
      kubeconfig,
      "leader-elect": "false",
      "service-account-private-key-file": "signing.key",
      "secure-port": 0,
    });
    start("kube-scheduler", { kubeconfig, "leader-elect": "false", "secure-port": 0 });
    await furnish(access);
    start("kwok", {
      kubeconfig,
      "manage-all-nodes": true,
      cidr: "10.244.0.0/16",
      "node-ip": "127.0.0.1",
      "node-port": nodePort,
      "server-address": `127.0.0.1:${nodePort}`,
      // The node answers for logs with the API server's own certificate.
      "tls-cert-file": join(folder, "certs/apiserver.crt"),
      "tls-private-key-file": join(folder, "certs/apiserver.key"),
      "enable-crds": "ClusterLogs",
      config: "kwok.yaml",
    });
    await untilPodsCanRun(access, running);
    return {
      ...access,
      restartApiServer: async () => {
        const index = running.findIndex(({ name }) => name === "kube-apiserver");
        await running.splice(index, 1)[0]?.stop("SIGKILL");
        await startApiServer();
        // It is ended before what depends on it is not: the order of starting is that of `running`.
        running.splice(1, 0, ...running.splice(-1, 1));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The server makes its certificate while it starts, so nobody can check it yet. */
async function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host: "127.0.0.1", port, path: "/readyz", rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on("error", () => resolve(false));
    asked.end();
  });
}

/** What a cluster has before anybody deploys to it: a node, storage, and kwok's kind for the logs of pods. */
async function furnish(access: ControlPlaneAccess): Promise<void> {
  const make = async (path: string, object: unknown): Promise<void> => {
    const { status, body } = await askControlPlane(access, "POST", path, object);
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  };
  await make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: "clusterlogs.kwok.x-k8s.io",
      annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/kwok" },
    },
    spec: {
      group: "kwok.x-k8s.io",
      names: {
        kind: "ClusterLogs",
        listKind: "ClusterLogsList",
        plural: "clusterlogs",
        singular: "clusterlogs",
      },
      scope: "Cluster",
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
          subresources: { status: {} },
        },
      ],
    },
  });
  await make("/apis/storage.k8s.io/v1/storageclasses", {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: storageClass,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "kwok.x-k8s.io/volume",
  });
  await make("/api/v1/nodes", {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "node-1",
      labels: {
        "kubernetes.io/hostname": "node-1",
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
      },
    },
  });
}

/** Pods need a node that is ready, and the service account that a controller makes. */
async function untilPodsCanRun(
  access: ControlPlaneAccess,
  running: readonly Program[],
): Promise<void> {
  for (let round = 0; ; round += 1) {
    const [node, account] = await Promise.all([
      askControlPlane(access, "GET", "/api/v1/nodes/node-1"),
      askControlPlane(access, "GET", "/api/v1/namespaces/default/serviceaccounts/default"),
    ]);
    const { conditions = [], taints = [] } = {
      ...(node.body["status"] as { conditions?: { type: string; status: string }[] }),
      ...(node.body["spec"] as { taints?: unknown[] }),
    };
    const isReadyNode = conditions.some(
      ({ type, status }) => type === "Ready" && status === "True",
    );
    if (isReadyNode && taints.length === 0 && account.status === 200) return;
    for (const program of running) await program.demandRunning();
    if (round > 600) throw new Error("the control plane did not get ready within 30 s");
    await wait(50);
  }
}
