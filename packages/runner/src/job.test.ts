import { expect, test } from "vitest";
import { annotation, annotationTitle } from "./job.ts";

test("an annotation that is too long keeps its beginning and its end", () => {
  const text = annotation(`RA1002 ${"x".repeat(120_000)}. Next: Correct the value.`);
  expect(text.length).toBeLessThan(4100);
  expect(text).toMatch(/^RA1002 x+ … x+\. Next: Correct the value\.$/);
  expect(annotation("short")).toBe("short");
});

test("a title is one short line", () => {
  expect(annotationTitle(`a\n${"b".repeat(1000)}`)).toMatch(/^a b{248} …$/);
});
