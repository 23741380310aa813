import { inject, test } from "vitest";
import { openPlaneCluster } from "../../../test-support/reasons/plane-cluster.ts";
import { describeReasons } from "../../../test-support/reasons/suite.ts";

/** The causes that a real control plane with simulated nodes can produce, told by the built action. */
const access = inject("controlPlane");

if (access)
  describeReasons(
    () => openPlaneCluster(access),
    ({ needsNodes }) => !needsNodes,
  );
else
  test("the control plane is not here", ({ skip }) => skip("see docs/reference/control-plane.md"));
