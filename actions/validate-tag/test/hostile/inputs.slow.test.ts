import { inputWorld, triesInputs } from "../../../test-support/hostile/inputs.ts";
import { aToken } from "../../../test-support/hostile/worlds.ts";
import { configure, release } from "../../../test-support/shop.ts";

triesInputs(
  "validate-tag",
  inputWorld({
    prepare: async (stage) => {
      configure(stage, { file: { tag: { branch: ["main"], manifests: ["package.json"] } } });
      await release(stage, "1.0.0");
      await release(stage, "1.1.0-rc.1");
    },
    job: () => ({ tag: "1.0.0", inputs: { tag: "1.0.0" } }),
    inputs: {
      tag: {
        accepts: ["nothing"],
        wrong: {
          "a v that the scheme has not": "v1.0.0",
          "a number of twenty digits": "1.0.10000000000000000000",
          "letters that look like others": "1.0.\u0430",
        },
        near: { "a pre-release": "1.1.0-rc.1", "blanks around it": "  1.0.0\n" },
      },
      scheme: {
        accepts: ["nothing"],
        wrong: { "a pattern that explodes": `calver:${"(a+)+".repeat(20)}$` },
        near: { "another one that fits": "pep440" },
      },
      prefix: { accepts: ["nothing"], near: { blanks: "  " } },
      branch: {
        accepts: ["nothing"],
        wrong: {
          "globs that explode": `${"*a".repeat(1000)}b\n${"**/".repeat(1000)}x\n${"{a,b}".repeat(40)}`,
        },
        near: {
          "a glob, blank lines and CRLF line ends": "\r\n  no-such\r\n\r\nma*\r\n",
        },
      },
      manifests: {
        accepts: ["nothing"],
        near: { "blank lines at its end": "package.json\n\n\n" },
      },
      "on-invalid": { accepts: ["nothing"], near: { skip: "skip" } },
      environment: { accepts: ["nothing"], near: { "one of the file": "production" } },
      config: {
        accepts: ["nothing"],
        near: { "blanks around it": " .github/release-pipeline.yml\n" },
      },
      token: {
        accepts: ["nothing"],
        near: { "a line end after it": (stage) => `${aToken(stage)}\n` },
      },
      summary: { accepts: ["nothing"], near: { "blanks around it": " never " } },
    },
  }),
);
