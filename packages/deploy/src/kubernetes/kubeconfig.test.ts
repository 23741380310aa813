import { Fault } from "@release-actions/codes";
import { describe, expect, it } from "vitest";
import { readKubeconfig } from "./kubeconfig.ts";

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";

function kubeconfig(cluster: Record<string, unknown>, user: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "x",
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "catalogue" } }],
    clusters: [{ name: "c", cluster: { server: "https://cluster.example.org:6443", ...cluster } }],
    users: [{ name: "u", user }],
  });
}

async function faultOf(content: string, allowExec = false): Promise<Fault> {
  const outcome = await readKubeconfig(content, allowExec).catch((error: unknown) => error);
  if (outcome instanceof Fault) return outcome;
  throw new Error(`no fault: ${JSON.stringify(outcome)}`);
}

describe("readKubeconfig", () => {
  it("reads server, authority and token", async () => {
    const ca = Buffer.from(certificate).toString("base64");
    const access = await readKubeconfig(
      kubeconfig(
        { "certificate-authority-data": ca, "tls-server-name": "other.example.org" },
        { token: "t0ken" },
      ),
      false,
    );
    expect(access).toEqual({
      server: "https://cluster.example.org:6443",
      namespace: "catalogue",
      tls: { ca: certificate, serverName: "other.example.org" },
      headers: { authorization: "Bearer t0ken" },
      secrets: ["t0ken"],
      warnings: [],
    });
  });

  it("reads a client certificate, and basic credentials", async () => {
    const data = {
      "client-certificate-data": Buffer.from(certificate).toString("base64"),
      "client-key-data": Buffer.from(key).toString("base64"),
    };
    expect((await readKubeconfig(kubeconfig({}, data), false)).tls).toEqual({
      cert: certificate,
      key,
    });
    const basic = await readKubeconfig(kubeconfig({}, { username: "u", password: "p4ss" }), false);
    expect(basic.headers).toEqual({
      authorization: `Basic ${Buffer.from("u:p4ss").toString("base64")}`,
    });
    expect(basic.secrets).toContain("p4ss");
  });

  it("refuses certificate data that is none", async () => {
    const data = {
      "certificate-authority-data": Buffer.from("not a certificate").toString("base64"),
    };
    expect((await faultOf(kubeconfig(data, { token: "t" }))).code).toBe("RA3001");
  });

  it("honours insecure-skip-tls-verify only where that is asked for, and warns", async () => {
    const insecure = kubeconfig({ "insecure-skip-tls-verify": true }, { token: "t" });
    expect((await faultOf(insecure)).code).toBe("RA3015");
    const access = await readKubeconfig(insecure, false, true);
    expect(access.tls).toEqual({ insecure: true });
    expect(access.warnings).toHaveLength(1);
  });

  it("takes http only on the loopback", async () => {
    expect(
      (
        await readKubeconfig(
          kubeconfig({ server: "http://127.0.0.1:8080/" }, { token: "t" }),
          false,
        )
      ).server,
    ).toBe("http://127.0.0.1:8080");
    expect(
      (await readKubeconfig(kubeconfig({ server: "http://localhost:8080" }, {}), false)).server,
    ).toBe("http://localhost:8080");
    expect(
      (await faultOf(kubeconfig({ server: "http://cluster.example.org" }, { token: "t" }))).code,
    ).toBe("RA3004");
    expect(
      (await faultOf(kubeconfig({ server: "http://127.0.0.1.example.org" }, { token: "t" }))).code,
    ).toBe("RA3004");
  });

  it("runs a plugin only where that is allowed", async () => {
    const credential = JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "from-plugin" },
    });
    const content = kubeconfig(
      {},
      {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "printf",
          args: ["%s", credential],
        },
      },
    );
    expect((await faultOf(content)).code).toBe("RA3002");
    expect((await readKubeconfig(content, true)).headers).toEqual({
      authorization: "Bearer from-plugin",
    });
    expect((await faultOf(kubeconfig({}, { "auth-provider": { name: "oidc" } }))).code).toBe(
      "RA3002",
    );
    expect(
      (await faultOf(kubeconfig({}, { exec: { apiVersion: "x", command: "false" } }), true)).code,
    ).toBe("RA3001");
  });

  it.each(["tokenFile", "token-file", "client-certificate", "client-key"])(
    "reads no file: %s",
    async (name) => {
      const fault = await faultOf(kubeconfig({}, { [name]: "/etc/hostname" }));
      expect(fault.code).toBe("RA3003");
      expect(fault.saw).toContain(name);
    },
  );

  it("reads no authority file, no proxy, no impersonation", async () => {
    expect((await faultOf(kubeconfig({ "certificate-authority": "/etc/hostname" }, {}))).code).toBe(
      "RA3003",
    );
    expect((await faultOf(kubeconfig({ "proxy-url": "http://p.example.org" }, {}))).next).toContain(
      "https_proxy",
    );
    expect((await faultOf(kubeconfig({}, { token: "t", as: "admin" }))).code).toBe("RA3003");
  });

  it.each([
    "",
    "a: [",
    "text",
    "{}",
    JSON.stringify({ "current-context": "x", contexts: [{ name: "x", context: {} }] }),
  ])("refuses %j without repeating it", async (content) => {
    expect((await faultOf(content)).code).toBe("RA3001");
  });

  it("does not repeat a broken kubeconfig, which may hold a credential", async () => {
    const fault = await faultOf('users:\n- name: u\n  user: {token: "s3cret-token\n');
    expect(JSON.stringify([fault.message, fault.saw, fault.next])).not.toContain("s3cret");
  });
});
