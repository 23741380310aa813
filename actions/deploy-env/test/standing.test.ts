import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import {
  configure,
  ledgerFile,
  recordPass,
  release,
  runningDigests,
} from "../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../test-support/stage.ts";

/** Workloads of one image each; a command takes the place of the image's own. */
function manifests(
  stage: Stage,
  workloads: Record<string, { command?: string[]; recreate?: true }>,
): string {
  return Object.entries(workloads)
    .map(([name, { command, recreate }]) =>
      JSON.stringify({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: name } },
          ...(recreate ? { strategy: { type: "Recreate" } } : {}),
          template: {
            metadata: { labels: { app: name } },
            spec: {
              terminationGracePeriodSeconds: 1,
              containers: [
                {
                  name: "web",
                  image: `${stage.registryHost}/shop/web`,
                  ports: [{ name: "http", containerPort: 8080 }],
                  readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
                  ...(command ? { command } : {}),
                },
              ],
            },
          },
        },
      }),
    )
    .join("\n---\n");
}

const fails = ["node", "-e", "process.exit(3)"];
const wish = (stage: Stage, tag: string): JobWish => ({
  tag,
  dockerLogin: true,
  inputs: { environment: "staging", kubeconfig: stage.kubeconfig },
});
/** From now on the cluster takes nothing of a version any more. */
const denyVersion = (stage: Stage, version: string): void =>
  void stage.cluster.webhooks.push({
    name: "freeze.example.org",
    says: ({ metadata }) =>
      metadata.annotations?.["release-actions/version"] === version
        ? { denies: "nothing may be changed" }
        : undefined,
  });
const plain = (text: string): string =>
  text.replaceAll("\u2060", "").replaceAll(/\\([!-/:-@[-`{-~])/g, "$1");

describe.concurrent("where the way back fails too", () => {
  test("the first line says that nothing runs, and why it was not rolled back", async () => {
    await using stage = await openStage();
    configure(stage);
    const good = { "deploy/web.yml": manifests(stage, { web: { recreate: true } }) };
    const first = await release(stage, "1.0.0", { files: good });
    expect((await stage.run("deploy-env", wish(stage, "1.0.0"))).status).toBe(0);
    recordPass(stage, first, "staging");
    await release(stage, "1.1.0", { behaviour: "crash", files: good });
    denyVersion(stage, "1.0.0");
    const end = await stage.run("deploy-env", wish(stage, "1.1.0"));
    expect(end.outputs["result"]).toBe("failed");
    expect(runningDigests(stage)).toEqual([]);
    const [line, ...rest] = plain(end.summary).split("\n");
    expect(line).toBe(
      "### Staging runs no pod that is ready, neither of 1.1.0 nor of 1.0.0. The deployment of 1.1.0 failed.",
    );
    expect(rest.join("\n")).toMatch(
      /\*\*Not rolled back:\*\* Deployment shop\/web was not taken by the cluster.*nothing may be changed/,
    );
  });

  test("the first line names both releases and who runs which", async () => {
    await using stage = await openStage();
    configure(stage);
    const first = await release(stage, "1.0.0", {
      files: { "deploy/web.yml": manifests(stage, { web: {}, worker: {} }) },
    });
    expect((await stage.run("deploy-env", wish(stage, "1.0.0"))).status).toBe(0);
    recordPass(stage, first, "staging");
    const second = await release(stage, "1.1.0", {
      files: { "deploy/web.yml": manifests(stage, { web: {}, worker: { command: fails } }) },
    });
    denyVersion(stage, "1.0.0");
    const end = await stage.run("deploy-env", wish(stage, "1.1.0"));
    expect(runningDigests(stage).toSorted()).toEqual([first.digest, second.digest].toSorted());
    const short = (digest: string): string => digest.slice(0, 19);
    expect(plain(end.summary).split("\n")[0]).toBe(
      `### Staging runs neither all of 1.1.0 nor all of 1.0.0: Deployment web runs ${short(second.digest)} (new), Deployment worker runs ${short(first.digest)} (recorded). The deployment of 1.1.0 failed and was not rolled back.`,
    );
    expect(JSON.parse(end.outputs["running"] ?? "")).toEqual({
      "Deployment/web": [second.digest],
      "Deployment/worker": [first.digest],
    });
  });

  test("a release that is kept in spite of its failure runs as a whole, and the first line says so", async () => {
    await using stage = await openStage();
    configure(stage, {
      staging: {
        deploy: {
          manifests: "deploy/web.yml",
          namespace: "shop",
          timeout: "20s",
          "on-failure": "keep",
        },
        smoke: {
          checks: "deploy/checks.yml",
          deadline: "1s",
          identity: { get: "/", json: { "$.version": "${version}" } },
        },
      },
    });
    const build = await release(stage, "1.0.0", { behaviour: "wrong" });
    const end = await stage.run("promote", {
      tag: "1.0.0",
      inputs: { environment: "staging", kubeconfig: stage.kubeconfig, ...stage.registryLogin },
    });
    expect(runningDigests(stage)).toEqual([build.digest]);
    expect(plain(end.summary).split("\n")[0]).toBe(
      "### Staging runs 1.0.0. Its release failed all the same, and was not rolled back.",
    );
  });
});

describe.concurrent("where the login ends in the middle of a rollout", () => {
  /** A stage whose cluster knows the login no more when a second rollout watches; `knows` is asked of every request after that. */
  async function disowned(knows: (request: IncomingMessage) => boolean) {
    const watches: IncomingMessage[] = [];
    let [rollouts, over] = [0, false];
    const stage = await openStage({
      tap: (standIn, request, response) => {
        if (standIn !== "cluster") return false;
        if (request.method === "PATCH") rollouts += 1;
        if (over && !knows(request)) {
          const body = { kind: "Status", status: "Failure", code: 401, message: "Unauthorized" };
          response.writeHead(401, { "content-type": "application/json" });
          response.end(JSON.stringify(body));
          return true;
        }
        if (rollouts === 2 && request.url?.includes("watch=true")) watches.push(request);
        if (watches.length === 2 && !over)
          setTimeout(() => {
            over = true;
            for (const { socket } of watches) socket.destroy();
          }, 200);
        return false;
      },
    });
    configure(stage);
    const good = { "deploy/web.yml": manifests(stage, { web: {} }) };
    const first = await release(stage, "1.0.0", { files: good });
    const passed = await stage.run("deploy-env", wish(stage, "1.0.0"));
    if (passed.status !== 0) throw new Error(passed.printed);
    recordPass(stage, first, "staging");
    const second = await release(stage, "1.1.0", {
      files: {
        "deploy/web.yml": manifests(stage, {
          web: { command: ["node", "-e", "setInterval(() => {}, 1000)"] },
        }),
      },
    });
    return Object.assign(stage, { second });
  }

  test("the first line says that nobody knows what runs", async () => {
    await using stage = await disowned(() => false);
    const end = await stage.run("deploy-env", wish(stage, "1.1.0"));
    expect(end.status).toBe(1);
    const text = plain(end.summary);
    expect(text).toMatch(
      /^### It is not known what staging runs: GET \S+: the cluster answered 401: Unauthorized.*\. How the deployment of 1\.1\.0 ends is not known\.\n\n\*\*RA3008 /,
    );
    expect(end.annotations[0]?.message).toMatch(/^It is not known what staging runs: /);
    expect(runningDigests(stage)).toHaveLength(1);
  });

  test("the first line says what runs, where the cluster still tells it", async () => {
    await using stage = await disowned(({ url }) => !url?.includes("watch=true"));
    const end = await stage.run("deploy-env", wish(stage, "1.1.0"));
    expect(end.status).toBe(1);
    expect(plain(end.summary)).toMatch(
      /^### Staging still runs 1\.0\.0\. How the deployment of 1\.1\.0 ends is not known\.\n\n\*\*RA3008 /,
    );
  });

  test("it is said without the pipeline's file too", async () => {
    await using stage = await disowned(({ url }) => !url?.includes("watch=true"));
    const { image, digest } = stage.second;
    const end = await stage.run("deploy-env", {
      ...wish(stage, "1.1.0"),
      inputs: {
        config: "",
        environment: "staging",
        images: `web=${image}@${digest}`,
        manifests: "deploy/web.yml",
        namespace: "shop",
        kubeconfig: stage.kubeconfig,
      },
    });
    expect(plain(end.summary)).toMatch(
      /^### Staging still runs what it ran before\. How the deployment of \S+ ends is not known\./,
    );
  });

  test("promote says it too, and its entry stays open for the next attempt", async () => {
    await using stage = await disowned(() => false);
    const end = await stage.run("promote", {
      tag: "1.1.0",
      inputs: { environment: "staging", kubeconfig: stage.kubeconfig, ...stage.registryLogin },
    });
    expect(end.status).toBe(1);
    expect(plain(end.summary)).toMatch(/^### It is not known what staging runs: /);
    expect(JSON.stringify(ledgerFile(stage, "staging/current.json"))).toContain(
      '"result":"running"',
    );
  });
});
