import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { kubeconfigOf } from "./cluster-access.ts";

function folder(files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), "access-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}
const job = (variables: Record<string, string> = {}, workspace?: string) => ({
  variables,
  env: { workspace },
});

test("a content is taken as it is, a path is read, absolute or in the workspace", () => {
  const path = folder({ "kube.yml": "kind: Config\n" });
  expect(kubeconfigOf("kind: Config\nusers: []", job())).toBe("kind: Config\nusers: []");
  expect(kubeconfigOf('{"kind":"Config"}', job())).toBe('{"kind":"Config"}');
  expect(kubeconfigOf(` ${path}/kube.yml\n`, job())).toBe("kind: Config\n");
  expect(kubeconfigOf("./kube.yml", job({}, path))).toBe("kind: Config\n");
  expect(() => kubeconfigOf(`${path}/none`, job())).toThrow("RA3001");
  expect(() => kubeconfigOf(path, job())).toThrow("RA3001");
});

test("a runner in the cluster uses what its pod has", () => {
  const own = folder({ token: "t0ken\n", "ca.crt": "PEM", namespace: "ci" });
  const at = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
  expect(JSON.parse(kubeconfigOf("in-cluster", job(at), own))).toMatchObject({
    clusters: [
      {
        cluster: {
          server: "https://[fd00::1]:6443",
          "certificate-authority-data": Buffer.from("PEM").toString("base64"),
        },
      },
    ],
    users: [{ user: { token: "t0ken" } }],
    contexts: [{ context: { namespace: "ci" } }],
  });
  expect(() => kubeconfigOf("in-cluster", job(), own)).toThrow("is no pod of a cluster");
  expect(() => kubeconfigOf("in-cluster", job(at), folder({}))).toThrow("no such file");
});
