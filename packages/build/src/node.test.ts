import { expect, test } from "vitest";

test("tests run on the Node that the product runs on", () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  expect(major > 24 || (major === 24 && minor >= 12), process.version).toBe(true);
});
