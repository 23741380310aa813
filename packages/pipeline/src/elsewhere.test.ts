import { expect, test } from "vitest";
import { placeOf, wrongPlace } from "./elsewhere.ts";

test.each([
  ["ebi-ait/kube/apps/web@master", "ebi-ait/kube", "apps/web", "master"],
  ["example/kube@v1.2.3", "example/kube", "", "v1.2.3"],
  ["example/kube/a b.env@release/2026-11", "example/kube", "a b.env", "release/2026-11"],
])("%s is a place in another repository", (text, repository, path, ref) => {
  expect(placeOf(text)).toEqual({ repository, path, ref });
  expect(wrongPlace(text)).toBeUndefined();
});

test.each(["charts/web", "charts/web/", "values file.yaml", "a/b/c"])("%s is a path", (text) => {
  expect(placeOf(text)).toBeUndefined();
  expect(wrongPlace(text)).toBeUndefined();
});

test.each([
  "/etc/passwd",
  "../x",
  "a/../../x",
  "kube@main",
  "example/kube/../../x@main",
  "example/kube/x@",
  "example/kube/x@a@b",
  "example/kube/x@../main",
  "example/kube/x@-main",
  "example/kube/x@main/",
  "example/kube/x@a b",
  "example/kube/x@main.lock",
  "example/kube/x@main?y",
  "-x/kube/a@main",
])("%s is neither", (text) => {
  expect(wrongPlace(text)).toBeTypeOf("string");
});
