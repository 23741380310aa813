import { afterAll, describe, inject } from "vitest";
import { testMany } from "../test/many.ts";
import { planeOpener } from "../test/open-plane.ts";

const access = inject("controlPlane");
const plane = planeOpener(access);
afterAll(() => plane.close());

describe.skipIf(access === undefined)("on a real control plane", () => {
  testMany(plane.open, 100);
});
