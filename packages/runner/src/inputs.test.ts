import { Fault } from "@release-actions/codes";
import { describe, expect, test } from "vitest";
import { readInputs } from "./inputs.ts";
import type { ActionIo } from "./io.ts";

type Inputs = {
  tag: string;
  dryRun?: boolean;
  settle: number;
  onInvalid?: "fail" | "skip";
  images?: string[];
  labels?: string[];
  config: string;
  kubeconfig?: string;
};
const io: ActionIo<Inputs, Record<never, string>> = {
  name: "sample",
  inputs: {
    tag: { name: "tag", type: "string", required: true },
    dryRun: { name: "dry-run", type: "boolean" },
    settle: { name: "settle", type: "integer", default: "1" },
    onInvalid: { name: "on-invalid", type: "enum", values: ["fail", "skip"] },
    images: { name: "images", type: "list", separator: "\n" },
    labels: { name: "labels", type: "list", separator: "," },
    config: { name: "config", type: "string", default: ".github/release-pipeline.yml" },
    kubeconfig: {
      name: "kubeconfig",
      type: "string",
      secret: true,
      default: "${{ github.token }}",
    },
  },
  outputs: {},
};

function faultOf(variables: Record<string, string>): Fault {
  try {
    readInputs(io, variables);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("the inputs were taken");
}

describe("readInputs", () => {
  test("reads every type", () => {
    const inputs = readInputs(io, {
      INPUT_TAG: " 1.2.3\n",
      "INPUT_DRY-RUN": "True",
      INPUT_SETTLE: "3",
      "INPUT_ON-INVALID": "skip",
      INPUT_IMAGES: "a=b@sha256:1\r\n\n  c=d@sha256:2  \n",
      INPUT_LABELS: "one, two,,",
      INPUT_CONFIG: "other.yml",
      INPUT_KUBECONFIG: "k",
    });
    expect(inputs).toEqual({
      tag: "1.2.3",
      dryRun: true,
      settle: 3,
      onInvalid: "skip",
      images: ["a=b@sha256:1", "c=d@sha256:2"],
      labels: ["one", "two"],
      config: "other.yml",
      kubeconfig: "k",
    });
  });

  test("takes an empty input for not given, and defaults where the runner set none", () => {
    expect(
      readInputs(io, { INPUT_TAG: "1", "INPUT_DRY-RUN": "", INPUT_IMAGES: " ", INPUT_SETTLE: "" }),
    ).toEqual({
      tag: "1",
      settle: 1,
      config: ".github/release-pipeline.yml",
    });
  });

  test("lets an empty text take a default away", () => {
    expect(readInputs(io, { INPUT_TAG: "1", INPUT_CONFIG: "" }).config).toBe("");
  });

  test.each(["true", "True", "TRUE", "false", "False", "FALSE"])(
    "takes %s for a boolean",
    (text) => {
      expect(readInputs(io, { INPUT_TAG: "1", "INPUT_DRY-RUN": text }).dryRun).toBe(
        text.toLowerCase() === "true",
      );
    },
  );

  test.each(["yes", "on", "1", "tRUE", "y"])(
    "refuses %s as a boolean, as YAML 1.2 does",
    (text) => {
      expect(faultOf({ INPUT_TAG: "1", "INPUT_DRY-RUN": text }).saw).toBe(
        `\`dry-run\` is "${text}"; it takes true or false.`,
      );
    },
  );

  test.each(["1.5", "0x10", "1e3", "ten", "99999999999999999999"])(
    "refuses %s as a whole number",
    (text) => {
      expect(faultOf({ INPUT_TAG: "1", INPUT_SETTLE: text }).code).toBe("RA1002");
    },
  );

  test("names all bad inputs in one fault", () => {
    const fault = faultOf({ "INPUT_DRY-RUN": "maybe", "INPUT_ON-INVALID": "explode" });
    expect(fault.code).toBe("RA1002");
    expect(fault.saw).toBe(
      '`tag` is not given; `dry-run` is "maybe"; it takes true or false; `on-invalid` is "explode"; it takes fail, skip.',
    );
  });

  test("says RA1001 when inputs are only missing", () => {
    expect(faultOf({}).code).toBe("RA1001");
    expect(faultOf({ INPUT_TAG: "" }).saw).toBe("`tag` is not given.");
  });

  test("shows a long value only in part", () => {
    expect(
      faultOf({ INPUT_TAG: "1", "INPUT_ON-INVALID": "x".repeat(500) }).saw.length,
    ).toBeLessThan(120);
  });
});
