import { describe } from "vitest";
import { describeInterruptions } from "../test/cluster/interruptions.ts";
import { describeRefusals } from "../test/cluster/refusals.ts";
import { openStandInGround } from "../test/cluster/stand-in-ground.ts";
import { describeTraps } from "../test/cluster/traps.ts";
import { describeVerdicts } from "../test/cluster/verdicts.ts";

describe("on the embedded cluster", () => {
  describe("verdicts", () => describeVerdicts(openStandInGround, { replicasOfMany: 0 }));
  describe("refusals", () => describeRefusals(openStandInGround));
  describe("interruptions", () => describeInterruptions(openStandInGround));
  describe("traps", () => describeTraps(openStandInGround));
});
