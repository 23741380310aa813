import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Rendered } from "../../index.ts";
import { release, running, type Ground, type OpenGround } from "./ground.ts";

const program = fileURLToPath(new URL("rollout-process.ts", import.meta.url));

/** A process that is killed at each of its requests, before it takes effect and after; then the run is repeated. */
export function describeKills(open: OpenGround): void {
  let ground: Ground;
  beforeEach(async () => {
    ground = await open();
  });
  afterEach(() => ground.close());

  /** A read that is killed leaves the same world before and after; a write does not. */
  const moments = (at: number, from: number): readonly ("before" | "after")[] =>
    ground.front.passed[from + at]?.method === "PATCH" ? ["before", "after"] : ["before"];

  /** Runs a deployment; killed when the request of this number passes the front, if one is named. */
  const deploy = async (
    to: Rendered,
    before: Rendered,
    kill?: { at: number; when: "before" | "after" },
  ): Promise<{ killed: boolean; said: string; requests: number }> => {
    const from = ground.front.passed.length;
    const child = spawn(process.execPath, ["--conditions=source", program], {
      env: {
        ...process.env,
        ROLLOUT: JSON.stringify({ kubeconfig: ground.kubeconfig(), rendered: to, before }),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (text) => (said += String(text)));
    ground.front.strikes = (request, when) => {
      const strikes =
        kill?.when === when && ground.front.passed.indexOf(request) === from + kill.at;
      if (strikes) child.kill("SIGKILL");
      return strikes;
    };
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    ground.front.strikes = () => false;
    return { killed: signal === "SIGKILL", said, requests: ground.front.passed.length - from };
  };

  describe.each([
    { what: "a good release", tag: "2.0.0", ends: "2.0.0" },
    { what: "a release that crashes", tag: "fault-crash", ends: "1.0.0" },
  ])("$what, killed at each request", ({ tag, ends }) => {
    it("leaves one release or the other, and is right after the re-run", async () => {
      const before = release(ground, "1.0.0");
      await ground.roll(before);
      const first = ground.front.passed.length;
      const whole = await deploy(release(ground, tag), before);
      // Look, apply, two watches, what runs; and where it fails, what is asked for the reason and the way back.
      expect(whole.requests).toBeGreaterThanOrEqual(tag === "2.0.0" ? 6 : 10);
      const kills = Array.from({ length: whole.requests }, (_, at) =>
        moments(at, first).map((when) => ({ at, when })),
      ).flat();
      for (const kill of kills) {
        // Each kill finds the world as the first found it.
        await ground.roll(before, { entry: "318" });
        expect((await deploy(release(ground, tag), before, kill)).killed).toBe(true);
        const { said } = await deploy(release(ground, tag), before);
        expect(JSON.parse(said), `killed ${kill.when} request ${kill.at}`).toMatchObject({
          runs: [{ images: running(ends), ready: 2, wanted: 2 }],
        });
      }
    }, 400_000);
  });
}
