import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createGitHub,
  createKubernetesStandIn,
  listen,
  movableClock,
} from "@release-actions/stand-ins";
import { onTestFinished } from "vitest";
import type { DeployEnvInputs } from "../deploy-env.ts";
import type { Job } from "../job.ts";

export const image = "registry.example.org/shop/web";
export const digestOf = (version: string): string =>
  `sha256:${createHash("sha256").update(version).digest("hex")}`;
export const clusterToken = "canary-of-the-cluster";

const servers: Record<string, string> = {
  crash: "console.error('FATAL: no database'); process.exit(3)",
};

/** GitHub with a repository, and a cluster with the namespace `shop`, whose nodes have two good builds and one that crashes. */
export async function openStage() {
  const directory = mkdtempSync(join(tmpdir(), "own-script-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const github = createGitHub({ clock: movableClock(), directory });
  github.addUser({ login: "pia" });
  const repository = github.addRepository({ owner: "cessda", name: "shop" });
  const cluster = createKubernetesStandIn({
    clock: { now: () => new Date() },
    name: "cluster",
    directory,
    tokens: { [clusterToken]: { user: "ci" } },
    pull: async (reference) => {
      const version = ["1.0.0", "1.1.0", "crash"].find((one) => reference.endsWith(digestOf(one)));
      if (version === undefined) throw new Error("manifest unknown");
      return {
        digest: digestOf(version),
        manifestDigest: digestOf(`${version} linux/amd64`),
        config: { entrypoint: ["node"], cmd: ["/app.js"], env: {}, workingDir: "/", labels: {} },
        unpack: (folder: string) =>
          writeFile(join(folder, "app.js"), servers[version] ?? "setInterval(() => {}, 1000)"),
      };
    },
  });
  cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const [githubServer, clusterServer] = [await listen(github), await listen(cluster)];
  onTestFinished(githubServer.close);
  onTestFinished(clusterServer.close);
  const said: string[] = [];
  const warned: string[] = [];
  const masked: string[] = [];
  const githubToken = github.issueToken({
    kind: "job",
    repositories: [repository.fullName],
    actor: "pia",
    permissions: { contents: "write" },
  });
  const kubeconfig = JSON.stringify({
    "current-context": "x",
    contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
    clusters: [{ name: "x", cluster: { server: clusterServer.url } }],
    users: [{ name: "x", user: { token: clusterToken } }],
  });

  /** A commit with the script; its file is executable, which a plain commit cannot say. */
  const commit = (text: string, path = "deploy/run.js"): Promise<string> =>
    commitFiles({ [path]: text });
  const commitFiles = async (files: Record<string, string>): Promise<string> => {
    const send = async (path: string, body: object): Promise<{ sha: string }> => {
      const answer = await fetch(`${githubServer.url}/api/v3/repos/cessda/shop/git/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${githubToken}` },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { sha: string };
    };
    const tree = await send("trees", {
      tree: Object.entries(files).map(([path, content]) => ({
        path,
        mode: "100755",
        type: "blob",
        content,
      })),
    });
    return (await send("commits", { message: "Release", tree: tree.sha, parents: [] })).sha;
  };

  const jobOf = (sha: string, attempt = 1): Job => ({
    env: {
      repository: { owner: "cessda", name: "shop" },
      ref: "refs/tags/1.0.0",
      refName: "1.0.0",
      refType: "tag",
      eventName: "push",
      event: {},
      triggeringActor: "pia",
      runId: 7,
      runAttempt: attempt,
      serverUrl: githubServer.url,
      apiUrl: `${githubServer.url}/api/v3`,
      workspace: undefined,
      temp: join(directory, "temp"),
    },
    variables: {
      PATH: process.env["PATH"],
      GITHUB_SHA: sha,
      GITHUB_TOKEN: githubToken,
      INPUT_KUBECONFIG: kubeconfig,
    },
    say: (text) => said.push(text),
    debug: () => undefined,
    warn: (title, text) => warned.push(`${title}: ${text}`),
    mask: (secret) => masked.push(secret),
  });
  const inputsOf = (version: string, more: Partial<DeployEnvInputs> = {}): DeployEnvInputs => ({
    images: [`web=${image}@${digestOf(version)}`],
    script: "deploy/run.js",
    namespace: "shop",
    timeout: "20s",
    allowExec: false,
    dryRun: false,
    kubeconfig,
    token: githubToken,
    ...more,
  });
  const running = () =>
    cluster
      .pods("shop")
      .filter(({ deleting }) => !deleting)
      .map(({ containers }) => containers[0]?.imageID.split("@")[1]);
  const patches = () => cluster.requests.filter(({ method }) => method === "PATCH").length;
  return {
    directory,
    github,
    cluster,
    said,
    warned,
    masked,
    kubeconfig,
    githubToken,
    commit,
    commitFiles,
    jobOf,
    inputsOf,
    running,
    patches,
  };
}
