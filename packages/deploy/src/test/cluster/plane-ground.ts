import {
  bootControlPlane,
  openNamespace,
  type ControlPlaneAccess,
} from "@release-actions/stand-ins";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import {
  deployerRules,
  groundBefore,
  listerRules,
  webhookName,
  workloadOf,
  type Ground,
  type GroundOptions,
} from "./ground.ts";

declare module "vitest" {
  interface ProvidedContext {
    controlPlane: ControlPlaneAccess | undefined;
  }
}

/** What every container of a namespace has in its log, of this run and of the one before. */
const crashLog = ["starting", "FATAL: no database"];

/** A namespace of the real control plane; with `alone`, of one of its own, which goes with it. */
export async function openPlaneGround(
  shared: ControlPlaneAccess,
  { alone = false }: GroundOptions = {},
): Promise<Ground> {
  const own = alone ? await bootControlPlane(shared.program) : undefined;
  const plane = own ?? shared;
  const space = await openNamespace(plane, "catalogue");
  const { name: namespace, ask, make } = space;
  const deployer = await space.account("deployer", deployerRules);
  const reader = await space.account("reader", []);
  const lister = await space.account("lister", listerRules);
  const webhooks: Server[] = [];
  await space.giveLogs(crashLog);
  return groundBefore(
    { url: plane.server, certificate: plane.certificate },
    {
      namespace,
      tokens: { deployer: deployer(3600), reader: reader(3600), lister: lister(3600) },
      tokenFor: deployer,
      ask,
      deny: async (resource, message) => {
        const webhook = await startWebhook(plane, message);
        webhooks.push(webhook);
        const { port } = webhook.address() as AddressInfo;
        await make(webhookConfigurations, {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "ValidatingWebhookConfiguration",
          metadata: { name: `${namespace}-${resource}` },
          webhooks: [
            {
              name: webhookName,
              clientConfig: {
                url: `https://127.0.0.1:${port}/`,
                caBundle: Buffer.from(plane.certificate).toString("base64"),
              },
              rules: [
                {
                  apiGroups: [resource === "pods" ? "" : "apps"],
                  apiVersions: ["v1"],
                  operations: ["CREATE", "UPDATE"],
                  resources: [resource],
                },
              ],
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
              sideEffects: "None",
              admissionReviewVersions: ["v1"],
            },
          ],
        });
        // The API server reads the configuration a moment later.
        const path = `${resource === "pods" ? "/api/v1" : "/apis/apps/v1"}/namespaces/${namespace}/${resource}`;
        const probe = resource === "pods" ? probePod : workloadOf({ name: "probe" });
        while ((await ask("POST", `${path}?dryRun=All`, probe)).status === 201) await wait(50);
      },
      restart: async () => {
        if (!own) throw new Error("the API server is shared; open the ground alone");
        await own.restartApiServer();
      },
      close: async () => {
        for (const resource of ["deployments", "pods"])
          await ask("DELETE", `${webhookConfigurations}/${namespace}-${resource}`);
        for (const webhook of webhooks) webhook.close();
        await space.close();
        await own?.close();
      },
    },
  );
}

const probePod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "probe" },
  spec: { containers: [{ name: "probe", image: "registry.example.org/probe:1" }] },
};

const webhookConfigurations =
  "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/** A webhook that denies whatever it is asked. It shows the API server's own certificate, which is for this address. */
async function startWebhook(plane: ControlPlaneAccess, message: string): Promise<Server> {
  const server = createServer(
    { cert: plane.certificate, key: plane.serverKey },
    (request, response) => {
      void json(request).then((body) => {
        const { uid } = (body as { request: { uid: string } }).request;
        response.writeHead(200, { "content-type": "application/json" }).end(
          JSON.stringify({
            apiVersion: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: { uid, allowed: false, status: { message } },
          }),
        );
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
