import { describe, inject } from "vitest";
import type { OpenGround } from "../test/cluster/ground.ts";
import { describeInterruptions } from "../test/cluster/interruptions.ts";
import { openPlaneGround } from "../test/cluster/plane-ground.ts";
import { describeKills } from "../test/cluster/kills.ts";
import { describeRefusals } from "../test/cluster/refusals.ts";
import { describeTraps } from "../test/cluster/traps.ts";
import { describeVerdicts } from "../test/cluster/verdicts.ts";

const plane = inject("controlPlane");

describe.skipIf(plane === undefined)("on a real control plane", () => {
  const open: OpenGround = async (options) => {
    if (plane === undefined) throw new Error("there is no control plane");
    return openPlaneGround(plane, options);
  };
  describe("verdicts", () => describeVerdicts(open));
  describe("refusals", () => describeRefusals(open));
  describe("interruptions", () => describeInterruptions(open));
  describe("traps", () => describeTraps(open));
  describe("kills", () => describeKills(open));
});
