import { Fault } from "@release-actions/codes";
import { describe, expect, test } from "vitest";
import type { Decision } from "../decision.ts";
import { judgeStaleRequest } from "./stale-request.ts";

type Facts = Parameters<typeof judgeStaleRequest>[0];

/** A rollback of a run that was started at `asked`, after or before the last entry began. */
function facts(asked: string | Fault | undefined, more: Partial<Decision["request"]> = {}) {
  const routes: string[] = [];
  const find = async (route: string, { run_id }: { run_id: number }) => {
    routes.push(`${route} ${run_id}`);
    if (asked instanceof Fault) throw asked;
    return asked === undefined ? undefined : { created_at: asked };
  };
  const latest = {
    id: "production-3",
    action: "rollback",
    actor: "pia",
    openedAt: "2026-03-02T12:00:30.700Z",
    release: { version: "2.4.0" },
  };
  const decision = {
    world: { github: { find } },
    environment: { name: "production" },
    request: { action: "rollback", run: { id: 77, url: "u" }, ...more },
    history: { current: { latest, passed: [] } },
  } as unknown as Facts;
  return { decision, routes };
}

describe("a rollback without a version", () => {
  test("that was asked for before the last entry began is refused", async () => {
    const { decision, routes } = facts("2026-03-02T12:00:29Z");
    expect(await judgeStaleRequest(decision)).toMatchObject({
      holds: false,
      code: "RA1220",
      saw: "production-3 (rollback 2.4.0 by @pia) began after this run was started",
    });
    expect(routes).toEqual(["GET /repos/{owner}/{repo}/actions/runs/{run_id} 77"]);
  });

  test.each(["2026-03-02T12:00:30Z", "2026-03-02T12:00:31Z", undefined])(
    "that was asked for at %s goes on",
    async (asked) => {
      const found = await judgeStaleRequest(facts(asked).decision);
      expect(found).toMatchObject({ holds: true });
    },
  );

  test("goes on with a warning where nobody may ask for the run's time", async () => {
    const forbidden = new Fault("RA5003", { saw: "may not read runs", next: "Add actions: read" });
    expect(await judgeStaleRequest(facts(forbidden).decision)).toMatchObject({
      holds: false,
      warning: true,
      next: "Add actions: read",
    });
    const broken = new Fault("RA5001", { saw: "500" });
    await expect(judgeStaleRequest(facts(broken).decision)).rejects.toBe(broken);
  });
});

test.each([{ version: "2.4.0" }, { action: "release" as const }])(
  "other requests ask nothing: %o",
  async (more) => {
    const { decision, routes } = facts("2026-03-02T12:00:00Z", more);
    expect(await judgeStaleRequest(decision)).toBeUndefined();
    expect(routes).toEqual([]);
  },
);
