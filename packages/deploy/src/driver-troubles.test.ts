import { describe, expect, it } from "vitest";
import { awxTrouble, helmTrouble } from "./driver-troubles.ts";

const release = { namespace: "catalogue", name: "web" };

describe("helmTrouble", () => {
  it.each([
    [
      "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
      "helm-busy",
      /another Helm operation on web is under way, or was cut off/,
      "helm -n catalogue history web --max 5",
    ],
    [
      'UPGRADE FAILED: could not get information about the resource Deployment "web" in namespace "catalogue": deployments.apps "web" is forbidden: User "system:serviceaccount:catalogue:ci" cannot get resource "deployments" in API group "apps" in the namespace "catalogue"',
      "forbidden",
      /system:serviceaccount:catalogue:ci may not get deployments in the namespace catalogue/,
      '- apiGroups: ["apps"]\n  resources: ["deployments"]\n  verbs: ["get"]',
    ],
    [
      'INSTALLATION FAILED: admission webhook "policy.example.org" denied the request: no image without a signature',
      "admission-denied",
      /the admission rule policy\.example\.org says no: no image without a signature/,
      "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations,validatingadmissionpolicies",
    ],
    [
      'UPGRADE FAILED: cannot patch "web" with kind Deployment: Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{}}: field is immutable',
      "immutable",
      /spec\.selector of an existing deployment never changes/,
      "kubectl -n catalogue delete deployment web --cascade=orphan",
    ],
    [
      'UPGRADE FAILED: Apply failed with 1 conflict: conflict with "argocd" using apps/v1: .spec.replicas',
      "conflict",
      /\.spec\.replicas belongs to argocd/,
      "kubectl -n catalogue get deployment web -o yaml --show-managed-fields",
    ],
  ])("%s", (said, reason, because, command) => {
    const told = helmTrouble(said, release);
    expect(told).toMatchObject({
      reason,
      because: expect.stringMatching(because) as string,
      command,
    });
  });

  it("reads nothing into another message", () => {
    expect(helmTrouble("UPGRADE FAILED: chart has no Chart.yaml", release)).toBeUndefined();
  });

  it("quotes a foreign name for the shell", () => {
    const said = "another operation (install/upgrade/rollback) is in progress";
    expect(helmTrouble(said, { namespace: "a", name: "x'; rm -rf /" })?.command).toBe(
      `helm -n a history 'x'\\''; rm -rf /' --max 5`,
    );
  });
});

describe("awxTrouble", () => {
  it("names the task, its hosts and what the module said", () => {
    const failed = ["db1", "db2"].map((host) => ({
      task: "Start the service",
      host,
      message: "Unable to start service fragalysis: exit 1",
    }));
    const other = { task: "Clean up", host: "db3", message: "busy" };
    expect(
      awxTrouble([...failed, other], { api: "https://awx.example.org/api/v2/jobs/7/stdout/" }),
    ).toMatchObject({
      reason: "awx-job-failed",
      mayHeal: false,
      because:
        "the task «Start the service» failed on db1, db2: Unable to start service fragalysis: exit 1",
      command: expect.stringContaining("https://awx.example.org/api/v2/jobs/7/stdout/") as string,
    });
  });

  it("says so where AWX names no task", () => {
    expect(awxTrouble([], { api: "https://awx.example.org" }).because).toBe(
      "the task that AWX does not name failed on a host that AWX does not name: no reason given",
    );
  });
});
