import { describe, expect, test } from "vitest";
import { recordUpdate, serverSideApply, type Writer } from "./apply.ts";
import { schemaOf } from "./kinds.ts";
import type { Fields, KubeObject } from "./object.ts";
import { resourceOfKind } from "./resources.ts";
import { Refused } from "./status.ts";

const schema = schemaOf(resourceOfKind("Deployment"));
const serviceSchema = schemaOf(resourceOfKind("Service"));

const writer = (manager: string, operation: Writer["operation"] = "Apply"): Writer => ({
  manager,
  operation,
  apiVersion: "apps/v1",
  time: "2026-01-01T00:00:00Z",
});

type Container = Record<string, unknown>;

const deployment = (spec: Fields, metadata: Fields = {}): Fields => ({
  kind: "Deployment",
  apiVersion: "apps/v1",
  metadata: { name: "web", namespace: "default", ...metadata },
  spec,
});
const withContainers = (...containers: Container[]): Fields =>
  deployment({ template: { spec: { containers } } });

function apply(live: Fields | undefined, applied: Fields, manager: string, force = false): Fields {
  return serverSideApply({
    live: live as KubeObject | undefined,
    applied,
    writer: writer(manager),
    force,
    schema,
  });
}
const containersOf = (object: Fields): Container[] =>
  (object["spec"] as { template: { spec: { containers: Container[] } } }).template.spec.containers;
const ownersOf = (object: Fields): string[] =>
  ((object as KubeObject).metadata.managedFields ?? []).map(
    ({ manager, operation }) => `${manager} ${operation}`,
  );

function refusal(act: () => unknown): Refused {
  try {
    act();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("server-side apply", () => {
  test("takes away what the same manager no longer applies, whole, and leaves what others own", () => {
    const first = apply(
      undefined,
      withContainers(
        { name: "a", image: "a:1", readinessProbe: { httpGet: { path: "/", port: 80 } } },
        { name: "b", image: "b:1" },
      ),
      "one",
    );
    // The server's defaults belong to nobody: they go with the probe that they were made for.
    const [a] = containersOf(first);
    Object.assign(a?.["readinessProbe"] as Fields, { periodSeconds: 10 });
    const shared = apply(
      first,
      withContainers({ name: "b", env: [{ name: "X", value: "1" }] }),
      "two",
    );
    const second = apply(shared, withContainers({ name: "a", image: "a:1" }), "one");
    expect(containersOf(second)).toEqual([
      { name: "a", image: "a:1" },
      { name: "b", env: [{ name: "X", value: "1" }] },
    ]);
    const third = apply(second, withContainers({ name: "c", image: "c:1" }), "two");
    expect(containersOf(third)).toEqual([
      { name: "a", image: "a:1" },
      { name: "c", image: "c:1" },
    ]);
  });

  test("keeps what the server itself wrote beside an applied map", () => {
    const applied = deployment({ replicas: 1 }, { annotations: { team: "x" } });
    const live = apply(undefined, applied, "one");
    const revised = recordUpdate({
      before: live as KubeObject,
      after: {
        ...live,
        metadata: {
          ...(live["metadata"] as Fields),
          annotations: { team: "x", "deployment.kubernetes.io/revision": "1" },
        },
      },
      writer: { ...writer("kube-controller-manager", "Update"), subresource: "status" },
      schema,
    });
    const next = apply(revised, deployment({ replicas: 1 }), "one");
    expect((next as KubeObject).metadata.annotations).toEqual({
      "deployment.kubernetes.io/revision": "1",
    });
  });

  test("names every conflicting field and owner, and takes the fields over when forced", () => {
    const live = apply(undefined, deployment({ replicas: 1, minReadySeconds: 5 }), "one");
    const applied = deployment({ replicas: 2, minReadySeconds: 6 });
    const { body } = refusal(() => apply(live, applied, "two"));
    expect(body).toMatchObject({
      code: 409,
      message:
        'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.minReadySeconds\n- .spec.replicas',
    });
    expect(body.details?.causes).toEqual([
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "one"',
        field: ".spec.minReadySeconds",
      },
      { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".spec.replicas" },
    ]);
    const forced = apply(live, applied, "two", true);
    expect(forced["spec"]).toEqual({ replicas: 2, minReadySeconds: 6 });
    expect(refusal(() => apply(forced, deployment({ replicas: 9 }), "one")).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "two": .spec.replicas',
    );
  });

  test("the same value is owned together, and goes only with its last owner", () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }), "one");
    const both = apply(live, deployment({ paused: true }), "two");
    expect(ownersOf(both)).toEqual(["one Apply", "two Apply"]);
    const left = apply(both, deployment({ replicas: 1 }), "one");
    expect(left["spec"]).toEqual({ replicas: 1, paused: true });
    expect(apply(left, deployment({}), "two")["spec"]).toEqual({ replicas: 1 });
  });

  test("after client-side apply, even a forced apply leaves what it does not name", () => {
    const before = withContainers({ name: "web", image: "web:1", args: ["b"] });
    const clientSide = recordUpdate({
      before: undefined,
      after: before,
      writer: writer("kubectl-client-side-apply", "Update"),
      schema,
    });
    const applied = withContainers({ name: "web", image: "web:2" });
    expect(refusal(() => apply(clientSide, applied, "deploy-env")).message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.template.spec.containers[name="web"].image',
    );
    const forced = apply(clientSide, applied, "deploy-env", true);
    expect(containersOf(forced)).toEqual([{ name: "web", image: "web:2", args: ["b"] }]);

    // As kubectl moves over: the old owner's entry is given to the new one, then nothing is left behind.
    const metadata = clientSide["metadata"] as { managedFields: Fields[] };
    const managedFields = metadata.managedFields.map((entry) => ({
      ...entry,
      manager: "deploy-env",
      operation: "Apply",
    }));
    const moved = recordUpdate({
      before: clientSide as KubeObject,
      after: { ...clientSide, metadata: { ...metadata, managedFields } },
      writer: writer("kubectl", "Update"),
      schema,
    });
    expect(ownersOf(moved)).toEqual(["deploy-env Apply"]);
    expect(containersOf(apply(moved, applied, "deploy-env"))).toEqual([
      { name: "web", image: "web:2" },
    ]);
  });

  test("items come in the applied order, those of others keep their place", () => {
    const live = withContainers(
      { name: "x", image: "x:1" },
      { name: "a", image: "a:1" },
      { name: "b", image: "b:1" },
    );
    const merged = apply(
      live,
      withContainers(
        { name: "b", image: "b:1" },
        { name: "a", image: "a:1" },
        { name: "c", image: "c:1" },
      ),
      "one",
    );
    expect(containersOf(merged).map(({ name }) => name)).toEqual(["x", "b", "a", "c"]);
  });

  test("ports are told apart by number and protocol, the protocol being TCP when it is left out", () => {
    const service = (ports: Fields[]): Fields => ({
      kind: "Service",
      apiVersion: "v1",
      metadata: { name: "web" },
      spec: { ports },
    });
    const options = {
      writer: { ...writer("one"), apiVersion: "v1" },
      force: false,
      schema: serviceSchema,
    };
    const live = serverSideApply({
      ...options,
      live: undefined,
      applied: service([{ port: 80 }, { port: 80, protocol: "UDP" }]),
    });
    const next = serverSideApply({
      ...options,
      live: live as KubeObject,
      applied: service([{ port: 80, protocol: "TCP", name: "http" }]),
    });
    expect(next["spec"]).toEqual({ ports: [{ port: 80, protocol: "TCP", name: "http" }] });
  });
});

test("an update takes over what it changes, and everybody loses what is gone", () => {
  const live = apply(undefined, deployment({ replicas: 1, paused: true }), "one");
  const after = { ...live, spec: { replicas: 5 } };
  const updated = recordUpdate({
    before: live as KubeObject,
    after,
    writer: writer("scaler", "Update"),
    schema,
  });
  const fields = (updated as KubeObject).metadata.managedFields?.map(({ manager, fieldsV1 }) => [
    manager,
    fieldsV1,
  ]);
  expect(fields).toEqual([
    ["one", {}],
    ["scaler", { "f:spec": { "f:replicas": {} } }],
  ]);
});
