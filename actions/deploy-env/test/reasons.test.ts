import { test } from "vitest";
import { openStandInCluster } from "../../test-support/reasons/stand-in-cluster.ts";
import { describeReasons, expectEveryReason } from "../../test-support/reasons/suite.ts";

describeReasons(openStandInCluster, () => true);

test("every line of the table of reasons is produced, here or in a test that names it", () => {
  expectEveryReason();
});
