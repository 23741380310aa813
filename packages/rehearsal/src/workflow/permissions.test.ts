import { expect, test } from "vitest";
import { excess, permissionsOf } from "./permissions.ts";

test("read-all and write-all", () => {
  expect(permissionsOf("read-all", undefined)).toMatchObject({
    contents: "read",
    "id-token": "none",
    metadata: "read",
  });
  expect(permissionsOf({}, "write-all")).toMatchObject({
    contents: "write",
    "id-token": "write",
    models: "read",
    metadata: "read",
  });
});

test("a called workflow may not ask for more than its caller", () => {
  expect(excess({ contents: "write" }, { contents: "read" })).toBe(
    "The workflow is requesting 'contents: write', but is only allowed 'contents: read'.",
  );
  expect(excess({ contents: "read" }, { contents: "write" })).toBeUndefined();
});
