import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { hostileTexts } from "../../../test-support/hostile/texts.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";
import type { Stage } from "../../../test-support/stage.ts";

/** What tells the cluster from every other. */
const uidOf = (stage: Stage) =>
  stage.cluster.objects("Namespace").find(({ metadata }) => metadata.name === "kube-system")
    ?.metadata.uid;

triesInputs(
  "deploy-env",
  inputWorld({
    prepare: (stage) => release(stage, "1.0.0"),
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
      "dry-run": { accepts: ["nothing"], near: { True: "True" } },
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
