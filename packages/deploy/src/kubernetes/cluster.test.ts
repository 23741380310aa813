import { Fault } from "@release-actions/codes";
import type { Answer, Outgoing, Transport } from "@release-actions/net";
import { describe, expect, it } from "vitest";
import { connectCluster } from "./cluster.ts";

/** Keeps what would be sent, and answers as told. */
function recordingTransport(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Transport & { outgoing: Outgoing[] } {
  const outgoing: Outgoing[] = [];
  return {
    outgoing,
    sent: [],
    close: () => undefined,
    send: async (request): Promise<Answer> => {
      outgoing.push(request);
      const text = JSON.stringify(body);
      return {
        status,
        headers: { "content-type": "application/json", ...headers },
        url: request.url,
        milliseconds: 1,
        bytes: Buffer.from(text),
        text: () => text,
        json: () => body,
      };
    },
  };
}

const ca = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const kubeconfig = JSON.stringify({
  "current-context": "x",
  contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
  clusters: [
    {
      name: "x",
      cluster: {
        server: "https://cluster.example.org:6443/k8s/",
        "certificate-authority-data": Buffer.from(ca).toString("base64"),
        "tls-server-name": "kubernetes",
      },
    },
  ],
  users: [{ name: "x", user: { token: "t0ken" } }],
});

describe("connectCluster", () => {
  it("sends nothing until it is asked, then with trust, credentials and no redirects", async () => {
    const transport = recordingTransport(200, {
      kind: "Namespace",
      metadata: { uid: "u-1" },
    });
    const cluster = await connectCluster({ transport, kubeconfig, allowExec: false });
    expect(transport.outgoing).toEqual([]);
    expect(cluster).toMatchObject({
      server: "https://cluster.example.org:6443/k8s",
      namespace: "default",
      secrets: ["t0ken"],
    });
    expect(await cluster.identity()).toBe("u-1");
    expect(transport.outgoing[0]).toMatchObject({
      method: "GET",
      url: "https://cluster.example.org:6443/k8s/api/v1/namespaces/kube-system",
      headers: { authorization: "Bearer t0ken", accept: "application/json" },
      tls: { ca, serverName: "kubernetes" },
      redirect: "return",
    });
  });

  it.each([{}, [], null, 7, "<html>", { kind: 7 }])(
    "takes %j for no answer of a cluster, and a write for one of unknown outcome",
    async (body) => {
      const cluster = await connectCluster({
        transport: recordingTransport(200, body),
        kubeconfig,
        allowExec: false,
      });
      await expect(cluster.request("GET", "/x")).rejects.toMatchObject({ code: "RA8005" });
      await expect(cluster.request("PATCH", "/x")).rejects.toMatchObject({
        code: "RA8002",
        outcome: "unknown",
      });
    },
  );

  it.each([500, 502, 503, 504])(
    "does not know the outcome of a write that is answered %i",
    async (status) => {
      const cluster = await connectCluster({
        transport: recordingTransport(status, {}),
        kubeconfig,
        allowExec: false,
      });
      await expect(cluster.request("PATCH", "/x")).rejects.toMatchObject({
        code: "RA8002",
        outcome: "unknown",
      });
      await expect(cluster.request("GET", "/x")).rejects.toMatchObject({
        code: "RA3012",
        outcome: "none",
      });
    },
  );

  it.each([
    [
      "failed to create typed patch object (default/tr; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema",
      "RA3011",
    ],
    [
      'Internal error occurred: failed calling webhook "policy.example.org": connection refused',
      "RA3137",
    ],
  ])("knows that nothing was written: %s", async (message, code) => {
    const transport = recordingTransport(500, { kind: "Status", code: 500, message });
    const cluster = await connectCluster({ transport, kubeconfig, allowExec: false });
    await expect(cluster.request("PATCH", "/x")).rejects.toMatchObject({
      code,
      saw: expect.stringContaining(message) as string,
    });
  });

  it("says when a login ended, by its own account and the cluster's time", async () => {
    const ends = Date.parse("2026-11-20T10:00:00Z");
    const claims = Buffer.from(JSON.stringify({ exp: ends / 1000 })).toString("base64url");
    const other = kubeconfig.replace("t0ken", `eyJhbGciOiJSUzI1NiJ9.${claims}.c2ln`);
    const ask = async (given: string, now: number): Promise<unknown> => {
      const date = new Date(now).toUTCString();
      const body = { kind: "Status", code: 401, message: "Unauthorized" };
      const transport = recordingTransport(401, body, { date });
      const cluster = await connectCluster({ transport, kubeconfig: given, allowExec: false });
      return cluster.request("GET", "/x").catch((error: unknown) => error);
    };
    expect(await ask(other, ends + 60_000)).toMatchObject({
      code: "RA3008",
      saw: "GET /x: the cluster answered 401: Unauthorized, and the login of the kubeconfig ended on 2026-11-20 10:00 UTC",
      cause: { reason: "login-expired" },
    });
    for (const early of [await ask(other, ends - 60_000), await ask(kubeconfig, ends + 60_000)])
      expect(early).toMatchObject({ code: "RA3008", cause: { reason: "login-unknown" } });
  });

  it("asks for the cluster's own authority where nobody vouches for its certificate", async () => {
    const fault = new Fault("RA8003", {
      saw: "signed by somebody (DEPTH_ZERO)",
      next: "Renew it.",
    });
    const transport: Transport = {
      sent: [],
      close: () => undefined,
      send: () => Promise.reject(fault),
    };
    const cluster = await connectCluster({ transport, kubeconfig, allowExec: false });
    await expect(cluster.request("GET", "/x")).rejects.toMatchObject({
      code: "RA8003",
      next: "The kubeconfig says whom to trust: correct `certificate-authority-data` of the cluster where its authority is another. Renew it.",
    });
  });

  it("takes a redirect for a refusal and sends no credential after it", async () => {
    const transport = recordingTransport(302, "");
    const cluster = await connectCluster({ transport, kubeconfig, allowExec: false });
    await expect(cluster.request("GET", "/x")).rejects.toMatchObject({ code: "RA3012" });
    expect(transport.outgoing).toHaveLength(1);
  });
});
