import { afterAll, describe, inject } from "vitest";
import { planeOpener } from "../test/open-plane.ts";
import { testProjects } from "../test/projects.ts";

const access = inject("controlPlane");
const plane = planeOpener(access);
afterAll(() => plane.close());

describe.skipIf(access === undefined)("on a real control plane", () => {
  testProjects(plane.open);
});
