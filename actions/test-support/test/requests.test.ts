import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sampleJobs } from "../sample-jobs.ts";
import { runTwice, type Asked } from "../sample-runs.ts";
import { openStage } from "../stage.ts";

type Expected = { first: Partial<Asked>; again: Partial<Asked> };

/** Everything that each action asks, by system, of a first run and of its finished run started again. One more is a failure. */
const requests: Record<string, Expected> = {
  "validate-tag": {
    first: {
      github: ["query configuration", "query tag"],
    },
    again: {
      github: ["query configuration", "query tag"],
    },
  },
  gate: {
    first: {
      github: ["query configuration", "query ledger", "query ledger", "query tag"],
    },
    again: {
      github: ["query configuration", "query ledger", "query ledger", "query tag"],
    },
  },
  "promote-image": {
    first: {
      github: ["query configuration", "query ledger", "query ledger", "query tag"],
      registry: [
        "GET /v2/shop/web/manifests/<digest>",
        "GET /v2/shop/web/manifests/<digest>",
        "HEAD /v2/shop/web/manifests/<commit>",
        "HEAD /v2/shop/web/manifests/staging",
        "HEAD /v2/shop/web/manifests/staging-previous",
        "PUT /v2/shop/web/manifests/staging",
        "PUT /v2/shop/web/manifests/staging-previous",
      ],
    },
    again: {
      github: ["query configuration", "query ledger", "query ledger", "query tag"],
      registry: ["HEAD /v2/shop/web/manifests/<commit>", "HEAD /v2/shop/web/manifests/staging"],
    },
  },
  "deploy-env": {
    first: {
      github: ["query configuration", "query files", "query ledger", "query ledger", "query tag"],
      registry: ["HEAD /v2/shop/web/manifests/<commit>"],
      cluster: [
        "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&watch=true&timeoutSeconds=<seconds>",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb&watch=true&timeoutSeconds=<seconds>",
        "PATCH /api/v1/namespaces/shop/services/web?fieldManager=release-actions&force=false",
        "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=release-actions&force=false",
        "PATCH /apis/networking.k8s.io/v1/namespaces/shop/ingresses/web?fieldManager=release-actions&force=false",
      ],
    },
    again: {
      github: ["query configuration", "query files", "query ledger", "query ledger", "query tag"],
      registry: ["HEAD /v2/shop/web/manifests/<commit>"],
      cluster: [
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb",
        "PATCH /api/v1/namespaces/shop/services/web?fieldManager=release-actions&force=false",
        "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=release-actions&force=false",
        "PATCH /apis/networking.k8s.io/v1/namespaces/shop/ingresses/web?fieldManager=release-actions&force=false",
      ],
    },
  },
  "smoke-test": {
    first: {
      github: ["query configuration", "query files", "query ledger", "query ledger", "query tag"],
      registry: ["HEAD /v2/shop/web/manifests/<commit>"],
      cluster: [
        "GET /api/v1/namespaces/shop/pods",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb",
      ],
      site: ["GET /", "GET /"],
    },
    again: {
      github: ["query configuration", "query files", "query ledger", "query ledger", "query tag"],
      registry: ["HEAD /v2/shop/web/manifests/<commit>"],
      cluster: [
        "GET /api/v1/namespaces/shop/pods",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb",
      ],
      site: ["GET /", "GET /"],
    },
  },
  promote: {
    first: {
      github: [
        // Whether the job's `environment:` has made the deployment already.
        "GET /api/v3/repos/example/shop/deployments?sha=<commit>&environment=staging&task=deploy&per_page=10",
        "POST /api/v3/repos/example/shop/deployments",
        "POST /api/v3/repos/example/shop/deployments/<id>/statuses",
        "POST /api/v3/repos/example/shop/deployments/<id>/statuses",
        "POST /api/v3/repos/example/shop/git/commits",
        "POST /api/v3/repos/example/shop/git/refs",
        "POST /api/v3/repos/example/shop/git/trees",
        "mutation append",
        "query configuration",
        "query files",
        "query ledger",
        "query ledger",
        "query ledger",
        "query tag",
      ],
      registry: [
        // What the image says of itself.
        "GET /v2/shop/web/blobs/<digest>",
        "GET /v2/shop/web/manifests/<digest>",
        "GET /v2/shop/web/manifests/<digest>",
        "HEAD /v2/shop/web/manifests/<commit>",
        "HEAD /v2/shop/web/manifests/staging",
        "PUT /v2/shop/web/manifests/staging",
      ],
      cluster: [
        "GET /api/v1/namespaces/shop/pods",
        "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&watch=true&timeoutSeconds=<seconds>",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb",
        "GET /apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb&watch=true&timeoutSeconds=<seconds>",
        "PATCH /api/v1/namespaces/shop/services/web?fieldManager=release-actions&force=false",
        "PATCH /apis/apps/v1/namespaces/shop/deployments/web?fieldManager=release-actions&force=false",
        "PATCH /apis/networking.k8s.io/v1/namespaces/shop/ingresses/web?fieldManager=release-actions&force=false",
      ],
      site: ["GET /", "GET /"],
    },
    again: {
      github: ["query configuration", "query ledger", "query ledger"],
    },
  },
  "publish-release": {
    first: {
      github: [
        "PATCH /api/v3/repos/example/shop/releases/<id>",
        "POST /api/uploads/repos/example/shop/releases/<id>/assets?name=SHA256SUMS",
        "POST /api/uploads/repos/example/shop/releases/<id>/assets?name=shop.zip",
        "POST /api/v3/repos/example/shop/releases",
        "query configuration",
        "query ledger",
        "query ledger",
        "query ledger",
        "query release",
        "query tag",
      ],
    },
    again: {
      github: [
        "query configuration",
        "query ledger",
        "query ledger",
        "query ledger",
        "query release",
        "query tag",
      ],
    },
  },
  "zenodo-doi": {
    first: {
      github: [
        "GET /_codeload/example/shop/legacy.zip/refs/tags/1.0.0",
        "GET /api/v3/repos/example/shop/zipball/refs/tags/1.0.0",
        "mutation append",
        "query configuration",
        "query ledger",
        "query ledger",
        "query optional",
      ],
      zenodo: [
        "GET /api/deposit/depositions?sort=mostrecent&size=100",
        "POST /api/deposit/depositions",
        "POST /api/deposit/depositions/<id>/actions/publish",
        "PUT /api/files/<uuid>/shop-1.0.0.zip",
      ],
    },
    again: {
      github: [
        "GET /_codeload/example/shop/legacy.zip/refs/tags/1.0.0",
        "GET /api/v3/repos/example/shop/zipball/refs/tags/1.0.0",
        "query configuration",
        "query ledger",
        "query ledger",
        "query optional",
      ],
      zenodo: ["GET /api/deposit/depositions/<id>"],
    },
  },
  "release-issue": {
    first: {
      github: [
        "GET /api/v3/repos/example/shop/issues/1",
        "GET /api/v3/repos/example/shop/issues/1/comments?per_page=100&page=1",
        "GET /api/v3/repos/example/shop/issues/1/comments?per_page=100&page=1",
        "GET /api/v3/repos/example/shop/issues/1/labels?per_page=100",
        "GET /api/v3/repos/example/shop/issues/2",
        "GET /api/v3/repos/example/shop/issues?state=open&per_page=100&page=1",
        "GET /api/v3/repos/example/shop/issues?state=open&per_page=100&page=1",
        "GET /api/v3/repos/example/shop/issues?state=open&per_page=100&page=1",
        "GET /api/v3/repos/example/shop/issues?state=open&per_page=100&page=1",
        "PATCH /api/v3/repos/example/shop/issues/1",
        "POST /api/v3/repos/example/shop/git/commits",
        "POST /api/v3/repos/example/shop/git/refs",
        "POST /api/v3/repos/example/shop/git/trees",
        "POST /api/v3/repos/example/shop/issues",
        "POST /api/v3/repos/example/shop/issues",
        "POST /api/v3/repos/example/shop/issues/1/comments",
        "mutation link",
        "query configuration",
        "query ledger",
        "query release",
        "query subIssues",
        "query subIssues",
        "query subIssues",
        "query subIssues",
        "query tag",
      ],
    },
    again: {
      github: [
        "GET /api/v3/repos/example/shop/issues/1",
        "GET /api/v3/repos/example/shop/issues/1",
        "GET /api/v3/repos/example/shop/issues/1/comments?per_page=100&page=1",
        "GET /api/v3/repos/example/shop/issues/2",
        "GET /api/v3/repos/example/shop/issues/comments/<id>",
        "query configuration",
        "query ledger",
        "query release",
        "query subIssues",
        "query tag",
      ],
    },
  },
};

const present = (asked: Asked): Partial<Asked> =>
  Object.fromEntries(Object.entries(asked).filter(([, list]) => list.length > 0));

test("every action of the tree has a sample job", () => {
  expect(sampleJobs.map(({ action }) => action).toSorted()).toEqual(
    readdirSync(join(import.meta.dirname, "../.."))
      .filter((folder) => existsSync(join(import.meta.dirname, "../..", folder, "action.yml")))
      .toSorted(),
  );
});

test.concurrent.each(sampleJobs.map((job) => [job.action, job] as const))(
  "%s asks this, and the finished run again that, and no more",
  { timeout: 60_000 },
  async (action, job) => {
    await using stage = await openStage();
    const { first, again } = await runTwice(stage, job);
    expect([first.end.status, again.end.status]).toEqual([0, 0]);
    expect({ first: present(first.asked), again: present(again.asked) }).toEqual(requests[action]);
  },
);
