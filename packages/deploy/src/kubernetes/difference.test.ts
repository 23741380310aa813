import { describe, expect, it } from "vitest";
import { differenceOf } from "./difference.ts";
import type { KubeObject } from "./object.ts";

const object = (spec: unknown, metadata: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", ...metadata },
  spec,
});

describe("differenceOf", () => {
  it("leaves out what the server and every release write", () => {
    const before = object(
      { replicas: 1 },
      {
        uid: "u",
        generation: 1,
        resourceVersion: "1",
        managedFields: [{}],
        annotations: { "release-actions/entry": "1", team: "a" },
      },
    );
    const after = object(
      { replicas: 1 },
      {
        generation: 2,
        resourceVersion: "2",
        annotations: { "release-actions/entry": "2", team: "b" },
      },
    );
    expect(differenceOf({ ...before, status: { a: 1 } }, after)).toEqual([
      { field: "metadata.annotations.team", before: "a", after: "b" },
    ]);
  });

  it("compares lists by name, by place, or whole", () => {
    const one = {
      containers: [{ name: "a", args: ["x", "y"] }, { name: "b" }],
      rules: [{ host: "x" }],
      "odd/key": 1,
    };
    const other = {
      containers: [{ name: "c" }, { name: "a", args: ["x"] }],
      rules: [{ host: "y" }, { host: "z" }],
      "odd/key": 2,
    };
    expect(differenceOf(object(one), object(other))).toEqual([
      { field: "spec.containers[a].args", before: '["x","y"]', after: '["x"]' },
      { field: "spec.containers[b]", before: '{"name":"b"}' },
      { field: "spec.containers[c]", after: '{"name":"c"}' },
      { field: "spec.rules[0].host", before: "x", after: "y" },
      { field: "spec.rules[1]", after: '{"host":"z"}' },
      { field: "spec[odd/key]", before: "1", after: "2" },
    ]);
  });

  it("shows no text that may be secret, and the names of secrets", () => {
    const spec = (value: string) => ({
      env: [
        { name: "DB_PASSWORD", value },
        { name: "LEVEL", value },
      ],
      apiKey: value,
      auth: { token: value },
      secretName: value,
      imagePullSecrets: [{ name: value }],
    });
    const shown = differenceOf(object(spec("one")), object(spec("two")));
    expect(Object.fromEntries(shown.map(({ field, after }) => [field, after]))).toEqual({
      "spec.env[DB_PASSWORD].value": "(not shown)",
      "spec.env[LEVEL].value": "two",
      "spec.apiKey": "(not shown)",
      "spec.auth.token": "(not shown)",
      "spec.secretName": "two",
      "spec.imagePullSecrets[one]": undefined,
      "spec.imagePullSecrets[two]": '{"name":"two"}',
    });
    expect(differenceOf(object({}), object(spec("x")))[0]?.after).toContain("(not shown)");
  });

  it("cuts what is long", () => {
    const [change] = differenceOf(object({ a: "" }), object({ a: "x".repeat(500) }));
    expect(change?.after).toHaveLength(161);
  });
});
