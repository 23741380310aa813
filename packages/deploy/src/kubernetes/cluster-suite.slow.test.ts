import { describe } from "vitest";
import { describeKills } from "../test/cluster/kills.ts";
import { openStandInGround } from "../test/cluster/stand-in-ground.ts";

describe("on the embedded cluster, kills", () => describeKills(openStandInGround));
