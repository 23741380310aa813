import { Fault } from "@release-actions/codes";
import { expect, test } from "vitest";
import { reportError } from "./report.ts";

test("what was seen is cut, the next step is not", () => {
  const { saw, next } = reportError(new Fault("RA1002", { saw: "x".repeat(1e6), next: "Do." }));
  expect(saw).toMatch(/^x{3000}…$/);
  expect(next).toBe("Do.");
});
