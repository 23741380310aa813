import { afterAll, describe, inject } from "vitest";
import { planeOpener } from "../test/open-plane.ts";
import { testVerdicts } from "../test/verdicts.ts";

const access = inject("controlPlane");
const plane = planeOpener(access);
afterAll(() => plane.close());

describe.skipIf(access === undefined)("on a real control plane", () => {
  testVerdicts(plane.open);
});
