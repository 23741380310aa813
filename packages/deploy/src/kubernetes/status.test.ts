import { describe, expect, it } from "vitest";
import { faultOf, missingRule } from "./status.ts";

const asked = {
  method: "PATCH",
  path: "/apis/apps/v1/namespaces/catalogue/deployments/web?fieldManager=x",
  object: "Deployment catalogue/web",
};

function status(
  code: number,
  message: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { kind: "Status", apiVersion: "v1", status: "Failure", message, code, ...more };
}

describe("faultOf", () => {
  it("turns a 403 into the rule that is missing", () => {
    const said =
      'deployments.apps "web" is forbidden: User "system:serviceaccount:catalogue:ci" cannot patch resource "deployments" in API group "apps" in the namespace "catalogue"';
    const fault = faultOf(403, status(403, said, { reason: "Forbidden" }), asked);
    expect(fault.code).toBe("RA3120");
    expect(fault.saw).toContain(said);
    expect(fault.next).toBe(
      'Add to the Role of system:serviceaccount:catalogue:ci in namespace catalogue: {apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"]}',
    );
    expect(
      missingRule(
        'nodes is forbidden: User "ci" cannot list resource "nodes" in API group "" at the cluster scope',
      ),
    ).toEqual({
      user: "ci",
      verb: "list",
      resource: "nodes",
      group: "",
    });
  });

  it("does not take an admission rule's no for a missing permission", () => {
    expect(
      faultOf(403, status(403, 'deployments.apps "web" is forbidden: policy says no'), asked).code,
    ).toBe("RA3011");
  });

  it("names owner and field of a conflict", () => {
    const causes = [
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "argocd"',
        field: ".spec.replicas",
      },
    ];
    const fault = faultOf(
      409,
      status(409, "Apply failed with 1 conflict", { reason: "Conflict", details: { causes } }),
      asked,
    );
    expect(fault.code).toBe("RA3121");
    expect(fault.saw).toBe("Deployment catalogue/web: .spec.replicas belongs to argocd.");
    const kubectl = [
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "kubectl-client-side-apply" using apps/v1',
        field: ".spec.replicas",
      },
    ];
    expect(faultOf(409, status(409, "", { details: { causes: kubectl } }), asked).next).toContain(
      "kubectl apply --server-side",
    );
    expect(fault.next).not.toContain("kubectl");
  });

  it.each([
    [401, status(401, "Unauthorized"), "RA3008"],
    [
      404,
      status(404, 'namespaces "nope" not found', { details: { name: "nope", kind: "namespaces" } }),
      "RA3009",
    ],
    [
      404,
      status(404, "the server could not find the requested resource", { details: {} }),
      "RA3010",
    ],
    [404, "404 page not found\n", "RA3010"],
    [
      404,
      status(404, 'deployments.apps "x" not found', {
        details: { name: "x", kind: "deployments" },
      }),
      "RA3012",
    ],
    [
      422,
      status(
        422,
        'Deployment.apps "tr" is invalid: spec.selector: Invalid value: {}: field is immutable',
      ),
      "RA3122",
    ],
    [
      422,
      status(422, 'Deployment.apps "tr" is invalid: spec.replicas: Invalid value: -1'),
      "RA3011",
    ],
    [
      500,
      status(
        500,
        "failed to create typed patch object (default/tr; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema",
      ),
      "RA3011",
    ],
    [429, status(429, "too many requests"), "RA3012"],
  ])("gives %i its own code", (code, body, expected) => {
    expect(faultOf(code, body, asked).code).toBe(expected);
  });

  it("does not repeat a secret's value", () => {
    const body = status(422, 'Secret "db" is invalid: data[x]: Invalid value: "hunter2"', {
      reason: "Invalid",
      details: { causes: [{ field: "data[x]" }] },
    });
    const fault = faultOf(422, body, { ...asked, object: "Secret catalogue/db", secret: true });
    expect(fault.message).not.toContain("hunter2");
    expect(fault.saw).toContain("data[x]");
    expect(JSON.stringify(fault.cause)).not.toContain("hunter2");
  });
});
