import { expect, test } from "vitest";
import { dispatchInputs, typedInputs } from "./inputs.ts";

test("a dispatch of a workflow without the trigger", () => {
  expect(dispatchInputs("on: push\njobs: {}", {})).toEqual({
    refused: "Workflow does not have 'workflow_dispatch' trigger",
  });
});

test("the inputs context has booleans, and texts for all else", () => {
  const trigger = {
    inputs: {
      a: { type: "boolean" },
      b: { type: "number" },
      c: null,
      d: { type: "boolean", default: true },
    },
  };
  expect(typedInputs(trigger, { a: "true", b: "3" })).toEqual({ a: true, b: "3", c: "", d: true });
});
