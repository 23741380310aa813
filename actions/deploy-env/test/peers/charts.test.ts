import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { openClusterDoor, type ClusterDoor } from "../../../test-support/cluster-door.ts";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import {
  configure,
  ledgerFile,
  recordPass,
  release,
  runningDigests,
  type Build,
} from "../../../test-support/shop.ts";
import { openStage, type JobWish, type Stage } from "../../../test-support/stage.ts";

describe.each(["helm3", "helm4"] as const)("%s and the cluster's stand-in", (name) => {
  const helm = peerForTests(name);

  const onStage =
    (body: (world: World) => Promise<void>) =>
    async ({ skip }: { skip: (why: string) => void }): Promise<void> => {
      await using stage = await openStage();
      await using door = await openClusterDoor(stage);
      if (door === undefined || helm === undefined)
        return skip(`${name} or the control plane is not here`);
      await body({
        stage,
        front: door.front,
        job: (inputs, more = {}) => ({
          dockerLogin: true,
          variables: { PATH: `${dirname(helm)}:/usr/bin:/bin` },
          inputs: { kubeconfig: door.kubeconfig, ...inputs },
          ...more,
        }),
      });
    };

  test(
    "deploy-env alone brings a chart out with its values",
    onStage(async ({ stage, job }) => {
      const build = await release(stage, "1.0.0", { files: chart(stage) });
      const end = await stage.run(
        "deploy-env",
        job(
          {
            config: "",
            images: `web=${build.image}@${build.digest}`,
            chart: "charts/shop",
            "env-files": "config/dev",
            vars: "replicas=${env:REPLICAS}\nlabels.team=${namespace}",
            namespace: "shop",
            timeout: "20s",
          },
          { tag: "1.0.0" },
        ),
      );
      expect(end.status, end.printed).toBe(0);
      expect(JSON.parse(end.outputs["running"] ?? "")).toEqual({
        "Deployment/shop": [build.digest],
      });
      expect(runningDigests(stage)).toEqual([build.digest, build.digest]);
      const [deployment] = stage.cluster.objects("Deployment", "shop");
      expect(deployment?.metadata.labels).toMatchObject({ team: "shop" });
    }),
  );

  test(
    "a crash is told, and the recorded release's own chart and values come back",
    onStage(async ({ stage, job }) => {
      configure(stage, {
        staging: {
          deploy: {
            chart: "charts/shop",
            "env-files": "config/dev",
            vars: { replicas: "${env:REPLICAS}", "labels.version": "${version}" },
            namespace: "shop",
            timeout: "20s",
          },
          smoke: { checks: [] },
        },
      });
      const first = await release(stage, "1.0.0", { files: chart(stage) });
      const wish = (version: string) =>
        job({ environment: "staging", "dry-run": "false" }, { tag: version });
      const good = await stage.run("deploy-env", wish("1.0.0"));
      expect(good.outputs["result"], good.printed).toBe("passed");
      recordPass(stage, first, "staging");
      await release(stage, "1.1.0", {
        behaviour: "crash",
        files: { "config/dev": "REPLICAS=1\n" },
      });
      const crashed = await stage.run("deploy-env", wish("1.1.0"));
      expect(crashed.outputs["result"], crashed.printed).toBe("rolled-back");
      expect(crashed.annotations[0]?.message).toMatch(
        /^RA3108 Staging still runs 1\.0\.0\. The deployment of 1\.1\.0 failed and was rolled back\. .*FATAL: no database for 1\.1\.0/,
      );
      expect(JSON.parse(crashed.outputs["previous"] ?? "")).toEqual({
        "Deployment/shop": [first.digest],
      });
      expect(runningDigests(stage)).toEqual([first.digest, first.digest]);
      const [deployment] = stage.cluster.objects("Deployment", "shop");
      expect(deployment?.metadata.labels).toMatchObject({ version: "1.0.0" });
    }),
  );

  test(
    "a dry run names the objects and the numbers of pods, and writes nothing",
    onStage(async ({ stage, job }) => {
      const build = await release(stage, "1.0.0", { files: chart(stage) });
      const end = await stage.run(
        "deploy-env",
        job(
          {
            config: "",
            images: `web=${build.image}@${build.digest}`,
            chart: "charts/shop",
            vars: "replicas=3",
            namespace: "shop",
            "dry-run": "true",
          },
          { tag: "1.0.0" },
        ),
      );
      expect(end.status, end.printed).toBe(0);
      expect(end.summary).toContain("Deployment shop, 3 replicas");
      expect(stage.writes()).toEqual([]);
    }),
  );

  test(
    "a chart and a file of another repository: the commits are in the ledger, and going back takes them",
    onStage(async ({ stage, job }) => {
      const shared = stage.github.addRepository({ owner: "example", name: "kube-deployment" });
      const commitShared = (replicas: number): string =>
        shared.commit({
          branch: "main",
          message: `Run ${replicas}`,
          author: "ada",
          files: {
            ...Object.fromEntries(
              Object.entries(chart(stage)).map(([path, text]) => [
                path.replace("charts/", "apps/"),
                text,
              ]),
            ),
            "config/environment_staging": `export REPLICAS=${replicas}\n`,
          },
        });
      const places = {
        chart: "example/kube-deployment/apps/shop@main",
        env: "example/kube-deployment/config/environment_staging@main",
      };
      configure(stage, {
        staging: {
          deploy: {
            chart: "example/kube-deployment/apps/${product}@main".replace("${product}", "shop"),
            "env-files": "example/kube-deployment/config/environment_${environment}@main",
            vars: { replicas: "${env:REPLICAS}" },
            namespace: "shop",
            timeout: "20s",
          },
          smoke: { checks: [] },
        },
      });
      const old = commitShared(1);
      const first = await release(stage, "1.0.0");
      const promote = (version: string) =>
        stage.run("promote", job({ environment: "staging" }, { tag: version }));
      const good = await promote("1.0.0");
      expect(good.status, good.printed).toBe(0);
      const current = () => ledgerFile<{ latest: Ran }>(stage, "staging/current.json");
      const recorded = { [places.chart]: old, [places.env]: old };
      expect(current()?.latest.release).toMatchObject({ version: "1.0.0", elsewhere: recorded });

      // By now the branch says three: the release that comes back has the one it was recorded with.
      const young = commitShared(3);
      await release(stage, "1.1.0", { behaviour: "crash" });
      const crashed = await promote("1.1.0");
      expect(crashed.outputs["result"], crashed.printed).toBe("rolled-back");
      expect(current()?.latest.release.elsewhere).toEqual({
        [places.chart]: young,
        [places.env]: young,
      });
      expect(current()?.latest.runs?.elsewhere).toEqual(recorded);
      expect(runningDigests(stage)).toEqual([first.digest]);
    }),
  );

  test(
    "killed at a request, and started again: one revision, which runs the digest",
    onStage(async ({ stage, job, front }) => {
      const builds: Build[] = [];
      for (const version of ["1.0.0", "1.1.0"])
        builds.push(await release(stage, version, { files: chart(stage) }));
      const wish = (build: Build): JobWish =>
        job(
          {
            config: "",
            images: `web=${build.image}@${build.digest}`,
            chart: "charts/shop",
            namespace: "shop",
            timeout: "40s",
          },
          { tag: build.version },
        );
      const revisions = () =>
        stage.cluster.objects("Secret", "shop").map(({ metadata }) => ({
          entry: metadata.labels?.["release-actions/entry"],
          status: metadata.labels?.["status"],
        }));
      await stage.run("deploy-env", wish(builds[name === "helm3" ? 1 : 0] as Build));
      // A kill at every second request of an upgrade, at the others with the other helm, until one run gets to its end.
      for (let at = name === "helm3" ? 1 : 2, whole = false; !whole; at += 2) {
        const build = builds[Math.floor(at / 2) % 2];
        if (build === undefined) throw new Error("there are two builds");
        const run = stage.newRun({ tag: build.version });
        const running = stage.start("deploy-env", { ...wish(build), run });
        let passed = 0;
        front.strikes = (_, when) => {
          if (when === "before" && (passed += 1) === at) running.kill();
          return false;
        };
        whole = (await running.ended).status === 0;
        front.strikes = () => false;
        const again = await stage.run("deploy-env", { ...wish(build), run, attempt: 2 });
        expect(again.status, `${at}: ${again.printed}`).toBe(0);
        expect(runningDigests(stage), `killed at ${at}`).toEqual([build.digest]);
        const mine = revisions().filter(({ entry }) => entry === `run-${run}`);
        expect(mine, `killed at ${at}`).toEqual([{ entry: `run-${run}`, status: "deployed" }]);
        expect(revisions().filter(({ status }) => status !== "superseded")).toHaveLength(1);
      }
    }),
    170_000,
  );
});

type World = {
  stage: Stage;
  front: ClusterDoor["front"];
  job: (inputs: Record<string, string>, more?: Partial<JobWish>) => JobWish;
};
type Ran = { release: { elsewhere?: Record<string, string> }; runs?: Ran["release"] };

const chart = (stage: Stage): Record<string, string> => ({
  "config/dev": "# how many\nexport REPLICAS='2'\n",
  "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
  "charts/shop/values.yaml": "replicas: 1\nlabels: {}\n",
  "charts/shop/templates/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {{ toJson .Values.labels }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: ${stage.registryHost}/shop/web
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
`,
});
