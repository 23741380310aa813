import { expect, test } from "vitest";
import { caseTable } from "./case-table.ts";

test("counts cases by action and kind, failures apart", () => {
  const result = (kind: string, status: string) => ({
    status,
    fullName: "",
    ancestorTitles: [kind, "more"],
  });
  const table = caseTable("/tree", [
    {
      name: "/tree/actions/gate/test/hostile/inputs.slow.test.ts",
      status: "failed",
      assertionResults: [result("inputs", "passed"), result("inputs", "failed")],
    },
    {
      name: "/tree/actions/promote/test/hostile/answers.slow.test.ts",
      status: "passed",
      assertionResults: [result("answers", "passed")],
    },
    {
      name: "/tree/packages/pipeline/src/configuration/hostile-values.test.ts",
      status: "passed",
      assertionResults: [result("product", "passed")],
    },
  ]);
  expect(table).toBe(
    [
      "                answers  configuration        inputs           sum",
      "gate                                    1 + 1 failed  1 + 1 failed",
      "promote               1                                          1",
      "the file alone                       1                           1",
      "sum                   1              1  1 + 1 failed  3 + 1 failed",
    ].join("\n"),
  );
});
