import { dirname } from "node:path";
import { test } from "vitest";
import { awxToken, startAwx } from "../../../test-support/awx.ts";
import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { hostileTexts } from "../../../test-support/hostile/texts.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { peerForTests } from "../../../test-support/registries/peers.ts";
import { configure, release } from "../../../test-support/shop.ts";
import type { Stage } from "../../../test-support/stage.ts";

/** A chart that shows its note, and files that it must not take. */
const chartFiles = (registryHost: string) => ({
  "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
  "charts/shop/values.schema.json": JSON.stringify({
    properties: { note: { type: ["string", "integer", "boolean"] } },
  }),
  "charts/shop/templates/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, annotations: {note: {{ .Values.note | default "" | toString | quote }}}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: ${registryHost}/shop/web}]}
`,
  "charts/dev values.yaml": "note: dev\n",
  "deploy/bad.yaml": "a: b: c\n",
  "deploy/refused.yaml": "note: [a]\n",
  "deploy/run.sh": "#!/bin/sh\nif true; then echo; fi\n",
  "deploy/hostile.env": `A=${hostileTexts["a shell's command"]}\nB='$(x)'\n`,
});

const job = JSON.stringify({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "backup" },
  spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "b" }] } } },
});

/** What tells the cluster from every other. */
const uidOf = (stage: Stage) =>
  stage.cluster.objects("Namespace").find(({ metadata }) => metadata.name === "kube-system")
    ?.metadata.uid;

const helm = peerForTests("helm4");
const charts = inputWorld({
  prepare: (stage) => release(stage, "1.0.0", { files: chartFiles(stage.registryHost) }),
  job: (stage, build) => ({
    tag: build.version,
    variables: { PATH: `${dirname(helm ?? "")}:/usr/bin:/bin` },
    inputs: {
      config: "",
      images: `web=${build.image}@${build.digest}`,
      chart: "charts/shop",
      namespace: "shop",
      kubeconfig: stage.kubeconfig,
      "dry-run": "true",
    },
  }),
  inputs: {
    chart: {
      wrong: {
        "a folder that is no chart": "deploy",
        "a file": "charts/shop/Chart.yaml",
        "a place without a path": "@main",
        "a ref that leads out": "example/shop/charts/shop@../../x",
        "a repository that is not there": "example/gone/charts/shop@main",
        "a ref that is not there": "example/shop/charts/shop@gone",
      },
      near: {
        "a slash after it": "charts/shop/",
        "this repository's own branch": "example/shop/charts/shop@main",
      },
    },
    values: {
      accepts: ["nothing"],
      wrong: {
        "a folder": "charts/shop",
        "a file that is no YAML": "deploy/bad.yaml",
        "values that the chart refuses": "deploy/refused.yaml",
      },
      near: { "blank lines and CRLF line ends": "\r\ncharts/dev values.yaml\r\n\r\n" },
    },
    "env-files": {
      accepts: ["nothing"],
      wrong: { "a file that is a script": "deploy/run.sh" },
      near: { "a file that a shell would run": "deploy/hostile.env" },
    },
    "release-name": {
      accepts: ["nothing"],
      wrong: { "a capital": "Shop", "54 letters": "x".repeat(54) },
      near: { "blanks around it": " shop.web-1 " },
    },
    vars: {
      accepts: ["nothing"],
      wrong: {
        "a name within another": "a=1\na.b=2",
        "JavaScript's own name": "a.__proto__.b=1",
        "a key that no file has": "a=${env:NOPE}",
      },
      near: {
        "a value that helm would split": "note=a,b=c,{d},e[0]=f",
        "a value that a shell would run": `note=${hostileTexts["a shell's command"]}`,
        "a value that a template would run": "note={{ .Release.Name }}",
      },
    },
  },
});

triesInputs(
  "deploy-env",
  helm === undefined
    ? (action) => ({
        names: charts(action).names,
        tries: () => test.skip("charts: helm is not here", () => undefined),
      })
    : charts,
  inputWorld({
    prepare: (stage) => release(stage, "1.0.0", { files: { "deploy/job.json": job } }),
    job: (stage, build) => ({
      tag: build.version,
      inputs: {
        config: "",
        images: `web=${build.image}@${build.digest}`,
        manifests: "deploy/web.yml",
        namespace: "shop",
        timeout: "20s",
        kubeconfig: stage.kubeconfig,
        "dry-run": "true",
      },
    }),
    inputs: {
      images: {
        near: {
          "blank lines and CRLF line ends": (_, { image, digest }) =>
            `\r\n web = ${image}@${digest} \r\n\r\n`,
        },
      },
      manifests: { near: { "a folder, with a slash": "deploy/web.yml\n\n" } },
      namespace: { near: { "blanks around it": " shop " } },
      cluster: { accepts: ["nothing"], near: { "its uid": (stage) => `${uidOf(stage)}\n` } },
      timeout: { accepts: ["nothing"], near: { seconds: "90s", "two units": "1m30s" } },
      "on-failure": { accepts: ["nothing"], near: { keep: "keep" } },
      "allow-exec": { accepts: ["nothing"], near: { FALSE: "FALSE" } },
      "insecure-skip-tls-verify": { accepts: ["nothing"], near: { True: "True" } },
      "dry-run": { accepts: ["nothing"], near: { True: "True" } },
      before: { accepts: ["nothing"], near: { "a Job": " deploy/job.json\n" } },
      after: { accepts: ["nothing"], near: { "a Job": "deploy/job.json" } },
      kubeconfig: { near: { "blanks around it": (stage) => `\n${stage.kubeconfig}\n` } },
      summary: { accepts: ["nothing"], near: { never: "never" } },
    },
  }),
  inputWorld({
    prepare: (stage) =>
      release(stage, "1.0.0", {
        files: { "deploy/a run.sh": { executable: '#!/bin/sh\necho "$HOST $ENVIRONMENT"\n' } },
      }),
    job: (_, build) => ({
      tag: build.version,
      inputs: {
        config: "",
        images: `web=${build.image}@${build.digest}`,
        script: "deploy/a run.sh",
      },
    }),
    inputs: {
      script: { near: { "blanks around it": " deploy/a run.sh\n" } },
      vars: {
        accepts: ["nothing"],
        wrong: {
          "a name that is none": "A B=c",
          "a name of its own": "KUBECONFIG=/etc/passwd",
          "a name twice": "A=b\nA=c",
        },
        near: {
          "a value that a shell would run": `HOST=${hostileTexts["a shell's command"]}`,
          "no value, blank lines and CRLF line ends": "\r\nHOST=\r\n\r\nA=b=c\r\n",
        },
      },
    },
  }),
  inputWorld({
    prepare: async (stage) => ({ build: await release(stage, "1.0.0"), ...(await startAwx()) }),
    job: (_, { build, url }) => ({
      tag: build.version,
      secrets: [awxToken],
      inputs: {
        config: "",
        images: `web=${build.image}@${build.digest}`,
        "awx-template": "Deploy",
        "awx-url": url,
        "awx-token": awxToken,
        "dry-run": "true",
      },
    }),
    inputs: {
      "awx-template": { near: { "its id": "5", "blanks around it": " Deploy\n" } },
      "awx-url": { near: { "a slash at its end": (_, { url }) => `${url}/` } },
      "awx-token": { near: { "a line end after it": `${awxToken}\r\n` } },
    },
  }),
  inputWorld({
    prepare: async (stage) => {
      configure(stage);
      return release(stage, "1.0.0");
    },
    job: (stage) => ({
      dockerLogin: true,
      inputs: {
        environment: "staging",
        version: "1.0.0",
        kubeconfig: stage.kubeconfig,
        "dry-run": "true",
      },
    }),
    inputs: {
      environment: { near: { "blanks around it": " staging " } },
      version: { near: { "blanks around it": "\t1.0.0\n" } },
      config: { near: { "blanks around it": " .github/release-pipeline.yml\n" } },
      token: { near: { "a line end after it": (stage) => `${aToken(stage)}\n` } },
    },
  }),
);
