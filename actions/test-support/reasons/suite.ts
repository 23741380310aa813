import { reasons, type ReasonName } from "@release-actions/codes";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStage, type Stage } from "../stage.ts";
import { cases, type Case } from "./cases.ts";
import {
  bringGood, digestOf, imageOf, readyDigests, workload, type OpenReasonCluster,
} from "./cluster.ts"; // prettier-ignore

/**
 * Each cause of a failed deployment, produced on a cluster and told by the built deploy-env. `can`: which cases the cluster's
 * nodes are able to produce.
 */
export function describeReasons(open: OpenReasonCluster, can: (one: Case) => boolean): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  describe.concurrent("deploy-env says why", () => {
    const rows = cases
      .filter(can)
      .map(
        (one, index) => [`${one.reason} (${one.fault ?? "by its manifest"})`, one, index] as const,
      );
    test.each(rows)("%s", async (_, one, index) => {
      const cluster = await open();
      try {
        const kind = one.shape?.kind;
        await bringGood(cluster, kind ? { kind } : {});
        await one.before?.(cluster);
        const { image, tag } = commit(stage, one, index);
        const end = await stage.run("deploy-env", {
          tag,
          inputs: {
            config: "",
            environment: "staging",
            images: `web=${image}@${digestOf(image)}`,
            manifests: "deploy",
            namespace: cluster.namespace,
            // Who waits for an hour does not come back in the test's time.
            timeout: one.waits ? "5s" : "1h",
            kubeconfig: cluster.kubeconfig(one.who),
          },
        });
        expect(end.status).toBe(1);
        const [finding] = end.reasons;
        expect(finding).toMatchObject({ rule: "rollout", holds: false, code: one.code });
        expect(finding?.saw).toMatch(one.plain);
        expect(/waited for until the deadline/.test(finding?.saw ?? "")).toBe(
          one.waits === true || one.plain.source.includes("waited"),
        );
        if (one.waits) expect(end.log).toMatch(/This may heal: it is waited for, \d+ s are left/);

        const text = plainOf(end.summary);
        const shown = /The cluster said: `+ ?(.*?) ?`+ \(/.exec(text)?.[1] ?? "";
        expect(shown).toMatch(one.said);
        const block = /\*\*Next:\*\*.*\n\n```text\n([^]*?)\n```/.exec(text)?.[1] ?? "";
        expect(block).toMatch(one.command);
        if (one.log) expect(end.summary).toContain(one.log);

        // Nothing of it gets ready, so the old pods serve on, and the first line says so.
        const still = `### Staging still runs what it ran before. The deployment of ${tag} failed.`;
        const nothing = /^### Staging runs no pod that is ready/;
        const running = new Set(await readyDigests(cluster));
        if (running.size === 0) expect(text.split("\n")[0]).toMatch(nothing);
        else {
          expect(text.split("\n")[0]).toBe(still);
          expect([...running]).toEqual([digestOf(imageOf())]);
        }
        expect(end.outputs["running"]).toBe(
          JSON.stringify({ [`${kind ?? "Deployment"}/web`]: [...running] }),
        );
        expect(end.summary.includes("Nothing was changed, so there was nothing")).toBe(
          one.untouched === true,
        );
      } finally {
        await cluster.close();
      }
    });
  });

  test("a login that the cluster does not know any more is said before anything is written", async () => {
    const cluster = await open();
    try {
      const image = imageOf();
      const { tag } = commit(stage, {}, cases.length);
      const end = await stage.run("deploy-env", {
        tag,
        inputs: {
          config: "",
          images: `web=${image}@${digestOf(image)}`,
          manifests: "deploy",
          namespace: cluster.namespace,
          kubeconfig: cluster.kubeconfig("expired"),
        },
      });
      expect(end.annotations[0]?.title).toContain("RA3008");
    } finally {
      await cluster.close();
    }
  });
}

/** Reasons that no deployment of manifests meets here: the test that holds each, and its words there where those are not its name. */
const elsewhere: Partial<Record<ReasonName, [file: string, words?: string]>> = {
  "image-name": ["packages/deploy/src/kubernetes/reasons.test.ts"],
  crash: ["packages/deploy/src/kubernetes/reasons.test.ts"],
  "out-of-memory-once": ["packages/deploy/src/kubernetes/reasons.test.ts"],
  "quota-for-now": ["packages/deploy/src/kubernetes/observation.test.ts"],
  "pods-refused": ["packages/deploy/src/kubernetes/reasons.test.ts"],
  "pods-not-made": ["packages/deploy/src/kubernetes/reasons.test.ts"],
  "progress-deadline": ["packages/deploy/src/kubernetes/reasons.test.ts"],
  "too-slow": ["packages/deploy/src/kubernetes/cause.test.ts"],
  "other-build": ["packages/deploy/src/kubernetes/observation.test.ts"],
  deleted: ["packages/deploy/src/kubernetes/observation.test.ts"],
  "taken-over": ["packages/deploy/src/test/cluster/interruptions.ts"],
  "blocked-by-pod": ["packages/deploy/src/test/verdicts.ts"],
  "job-failed": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "job-container-failed": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "claim-unbound": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "claim-lost": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "controller-gave-up": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "not-there-yet": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "pod-failed": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "pod-runs-other": ["packages/deploy/src/kubernetes/beside-reasons.test.ts"],
  "login-expired": ["packages/deploy/src/kubernetes/cluster.test.ts"],
  "login-unknown": ["packages/deploy/src/kubernetes/cluster.test.ts"],
  "certificate-unknown": ["packages/net/src/certificates.test.ts", "the runner does not know"],
  "certificate-expired": ["packages/net/src/certificates.test.ts", "has expired"],
  "certificate-other-host": ["packages/net/src/certificates.test.ts", "is for another name"],
  "certificate-not-yet": ["packages/net/src/certificates.test.ts", "is not valid yet"],
  "helm-busy": ["packages/deploy/src/helm/chart.peers.test.ts"],
  "awx-job-failed": ["packages/deploy/src/awx/run-template.test.ts", "failed on stack-1"],
};

/** Every line of the table has a case that produces it, or a test elsewhere that names it. */
export function expectEveryReason(): void {
  const produced = new Set<string>(cases.map(({ reason }) => reason));
  const held = (reason: ReasonName): boolean => {
    const [file, words = reason] = elsewhere[reason] ?? [];
    return (
      file !== undefined &&
      readFileSync(join(import.meta.dirname, "../../..", file), "utf8").includes(words)
    );
  };
  const names = Object.keys(reasons) as ReasonName[];
  expect(names.filter((reason) => !produced.has(reason) && !held(reason))).toEqual([]);
}

function commit(
  stage: Stage,
  one: Pick<Case, "fault" | "shape" | "more">,
  index: number,
): { image: string; tag: string } {
  const image = imageOf(one.fault);
  const tag = `1.${index}.0`;
  const digests = (text: string): string =>
    text.replaceAll(/DIGEST:([-a-z]+)/g, (_, fault: string) => digestOf(imageOf(fault)));
  const { repository } = stage;
  const sha = repository.commit({
    branch: repository.defaultBranch,
    message: `Version ${tag}`,
    author: "ada",
    files: {
      "deploy/web.yml": digests(JSON.stringify(workload(image, one.shape))),
      "deploy/more.yml": one.more ? JSON.stringify(one.more) : "",
    },
  });
  repository.createTag(tag, sha, "ada");
  return { image, tag };
}

/** The summary as a person reads it. */
function plainOf(markdown: string): string {
  return markdown
    .replaceAll("\u2060", "")
    .replaceAll(/\\([!-/:-@[-`{-~])/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
