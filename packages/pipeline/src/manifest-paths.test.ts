import { expect, test } from "vitest";
import { isOf, placeToRead } from "./manifest-paths.ts";

test.each([
  ["deploy/web.yaml", "deploy/web.yaml", ["deploy/web.yaml"], ["deploy/web.yaml.bak", "web.yaml"]],
  ["deploy/", "deploy/", ["deploy/a.yaml", "deploy/x/b.yaml"], ["deployment/a.yaml"]],
  ["deploy/*.yaml", "deploy", ["deploy/a.yaml"], ["deploy/x/b.yaml", "deploy/a.yml"]],
  ["deploy/**/*.y?ml", "deploy", ["deploy/a.yaml", "deploy/x/b.yaml"], ["deploy/a.json"]],
  ["*/web.yaml", "", ["deploy/web.yaml"], ["web.yaml", "a/b/web.yaml"]],
])("%s is read from «%s»", (path, place, taken, left) => {
  expect(placeToRead(path)).toBe(place);
  expect(taken.filter((file) => !isOf(path, file))).toEqual([]);
  expect(left.filter((file) => isOf(path, file))).toEqual([]);
});
