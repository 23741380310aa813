import { describe, expect, it } from "vitest";
import { besidesOf, isOpen } from "./besides.ts";
import type { KubeObject } from "./object.ts";
import { observationOf } from "./observation.ts";
import { mountedClaims, standingOf } from "./standing.ts";

const object = (apiVersion: string, kind: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "x", namespace: "shop", generation: 1 },
  ...more,
});
const release = { mounted: new Set<string>(), digests: {} };

describe("standingOf", () => {
  it("takes what only has to be there for ready", () => {
    for (const [apiVersion, kind] of [
      ["v1", "ConfigMap"],
      ["v1", "Service"],
      ["batch/v1", "CronJob"],
      ["networking.k8s.io/v1", "Ingress"],
      ["autoscaling/v2", "HorizontalPodAutoscaler"],
      ["policy/v1", "PodDisruptionBudget"],
    ] as const)
      expect(standingOf(object(apiVersion, kind), release)).toEqual({ is: "ready" });
  });

  it("says of a set without a Deployment that nobody waits for it", () => {
    expect(standingOf(object("apps/v1", "ReplicaSet"), release)).toEqual({
      is: "unknown",
      silent: false,
      note: "ReplicaSet shop/x was not waited for.",
    });
  });

  it("tells a claim that is bound, wanted, unwanted and lost", () => {
    const claim = (phase: string) => object("v1", "PersistentVolumeClaim", { status: { phase } });
    const mounted = new Set(["PersistentVolumeClaim shop/x"]);
    expect(standingOf(claim("Bound"), { ...release, mounted })).toEqual({ is: "ready" });
    expect(standingOf(claim("Pending"), { ...release, mounted })).toMatchObject({
      is: "coming",
      obstacle: { code: "RA3141", command: "kubectl -n shop describe persistentvolumeclaim x" },
    });
    expect(standingOf(claim("Pending"), release)).toMatchObject({ is: "ready" });
    expect(standingOf(claim("Lost"), release)).toMatchObject({
      is: "failed",
      obstacle: { code: "RA3141", mayHeal: false },
    });
  });

  it("does not take a kind of another group for the known one of its name", () => {
    const service = object("serving.knative.dev/v1", "Service", {
      status: { conditions: [{ type: "Ready", status: "False", message: "no revision" }] },
    });
    expect(standingOf(service, release)).toMatchObject({
      is: "coming",
      obstacle: {
        code: "RA3143",
        clusterSaid: "no revision",
        command: "kubectl -n shop describe service.serving.knative.dev x",
      },
    });
  });
});

it("finds the claims that a release mounts", () => {
  const deployment = object("apps/v1", "Deployment", {
    spec: {
      template: {
        spec: {
          volumes: [{ name: "a", persistentVolumeClaim: { claimName: "data" } }, { name: "b" }],
        },
      },
    },
  });
  expect(mountedClaims([deployment])).toEqual(new Set(["PersistentVolumeClaim shop/data"]));
});

it("listens for a while to a controller that may speak, and not to a kind without a status", () => {
  const cache = object("example.org/v1", "Cache");
  const definition = (subresources: object) =>
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
      spec: {
        group: "example.org",
        names: { kind: "Cache", plural: "caches" },
        versions: [{ name: "v1", ...subresources }],
      },
    });
  const isOpenWith = (objects: KubeObject[], silence: boolean): boolean => {
    const seen = observationOf([cache]);
    const [beside] = besidesOf(seen, { digests: {}, objects });
    return beside !== undefined && isOpen(seen, beside, { silence, old: false });
  };
  expect(isOpenWith([], false)).toBe(true);
  expect(isOpenWith([], true)).toBe(false);
  expect(isOpenWith([definition({ subresources: { status: {} } })], false)).toBe(true);
  expect(isOpenWith([definition({})], false)).toBe(false);
});
