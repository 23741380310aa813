import { describe, expect, test } from "vitest";
import { configure, recordOf, recordPass, release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";
import { appends, currentOf, into, openIssue, runs, say, withIssues } from "./promotion.ts";

/** Production runs 1.1.0 and ran 1.0.0 before; both have their release issue. */
async function start(production: Record<string, unknown> = byPlatform) {
  const stage = await openStage();
  const file = { roles: { owner: ["olga"], platform: ["Pia"] } };
  configure(stage, { deploy: false, production, file });
  const issues: number[] = [];
  for (const version of ["1.0.0", "1.1.0"]) {
    const build = await release(stage, version);
    issues.push(await openIssue(stage, version));
    for (const place of ["staging", "production"]) recordPass(stage, build, place);
  }
  const [first = 0, second = 0] = issues;
  return { stage, first, second };
}
const byPlatform = { exceptions: { rollback: { "run-by": ["platform"] } } };
const reason = "/rollback Prices are wrong";

const back = (stage: Stage, wish: ReturnType<typeof say>, inputs: Record<string, string> = {}) =>
  stage.run("promote", into(stage, "production", { permissions: withIssues, ...wish, inputs }));

describe.concurrent("a rollback by comment", { timeout: 60_000 }, () => {
  test("goes back with the comment's reason; a second comment does not take back what the first brought back", async () => {
    const { stage, first, second } = await start();
    await using _ = stage;
    const [one, two] = [say(stage, second, "pia", reason), say(stage, second, "pia", reason)];
    const end = await back(stage, one);
    expect([end.status, end.outputs["result"], end.outputs["version"]]).toEqual([
      0,
      "passed",
      "1.0.0",
    ]);
    expect(end.reasons).toContainEqual({
      rule: "comment",
      holds: true,
      saw: `@pia is platform and asks for it in #${second}`,
    });
    expect(runs(stage, "production")).toBe("1.0.0");
    expect(currentOf(stage, "production")?.latest).toMatchObject({
      action: "rollback",
      reason: "Prices are wrong",
      actor: "pia",
    });
    expect(recordOf(stage, "1.1.0")?.withdrawn).toMatchObject([{ reason: "Prices are wrong" }]);

    const writes = stage.writes().length;
    const again = await back(stage, two);
    expect(again.status).toBe(1);
    expect(again.reasons).toContainEqual(
      expect.objectContaining({
        rule: "comment",
        code: "RA5509",
        saw: `the comment is in #${second}, and production runs 1.0.0 (#${first})`,
      }),
    );
    expect(stage.writes()).toHaveLength(writes);
    expect(runs(stage, "production")).toBe("1.0.0");
  });

  test.each<
    [
      string,
      (
        world: Awaited<ReturnType<typeof start>>,
      ) => ReturnType<typeof say> | Promise<ReturnType<typeof say>>,
      string,
    ]
  >([
    [
      "was edited and says the same again",
      async ({ stage, second }) => {
        const wish = say(stage, second, "pia", reason);
        // GitHub's times are of whole seconds.
        await new Promise((resolve) => setTimeout(resolve, 1100));
        for (const body of [`${reason}.`, reason])
          stage.repository.editComment({ id: wish.comment.id, body, by: "ada" });
        return wish;
      },
      "RA5507",
    ],
    [
      "was edited in the second in which it was written",
      ({ stage, second }) => {
        const wish = say(stage, second, "pia", reason);
        stage.repository.editComment({ id: wish.comment.id, body: `${reason}.`, by: "ada" });
        return wish;
      },
      "RA5507",
    ],
    [
      "was deleted",
      ({ stage, second }) => {
        const wish = say(stage, second, "pia", reason);
        stage.repository.deleteComment(wish.comment.id, "pia");
        return wish;
      },
      "RA5507",
    ],
    [
      "is by a bot",
      ({ stage, second }) => {
        stage.github.addUser({ login: "helper[bot]", type: "Bot" });
        stage.repository.addCollaborator("helper[bot]", "write");
        return say(stage, second, "helper[bot]", reason);
      },
      "RA5507",
    ],
    [
      "is in another issue than its event says",
      ({ stage, first, second }) => {
        const { comment } = say(stage, first, "pia", reason);
        return { comment: { ...comment, issue: second } };
      },
      "RA5507",
    ],
    [
      "is by somebody without the role",
      ({ stage, second }) => say(stage, second, "olga", reason),
      "RA5505",
    ],
    [
      "is in the issue of a version that does not run",
      ({ stage, first }) => say(stage, first, "pia", reason),
      "RA5509",
    ],
  ])("is refused with nothing written when it %s", async (_what, spoil, code) => {
    const world = await start();
    await using stage = world.stage;
    const wish = await spoil(world);
    const [writes, commits] = [stage.writes().length, appends(stage)];
    const end = await back(stage, wish);
    expect([end.status, end.outputs["decision"]]).toEqual([1, "refused"]);
    expect(end.reasons.filter(({ rule }) => rule === "comment")).toMatchObject([
      { holds: false, code },
    ]);
    expect(end.annotations[0]?.message).toContain(code);
    expect(stage.writes()).toHaveLength(writes);
    expect(appends(stage)).toBe(commits);
    expect(runs(stage, "production")).toBe("1.1.0");
  });

  test("needs a role in the file: a dispatch may do without, a comment may not", async () => {
    const { stage, second } = await start({});
    await using _ = stage;
    const writes = stage.writes().length;
    const end = await back(stage, say(stage, second, "pia", reason));
    expect(end.reasons).toContainEqual(
      expect.objectContaining({ rule: "comment", holds: false, code: "RA5505" }),
    );
    expect(end.summary).toContain("exceptions.rollback.run-by");
    expect(stage.writes()).toHaveLength(writes);
    const dispatch = { action: "rollback", reason: "Prices" };
    expect((await stage.run("promote", into(stage, "production", { dispatch }))).status).toBe(0);
  });

  test("is judged by its author, and an attempt of another person by that person too", async () => {
    const { stage, second } = await start();
    await using _ = stage;
    const wish = say(stage, second, "pia", reason);
    const writes = stage.writes().length;
    const end = await stage.run("promote", into(stage, "production", { ...wish, actor: "ada" }));
    expect(end.reasons.filter(({ holds }) => !holds)).toMatchObject([
      { rule: "run-by", code: "RA1202" },
    ]);
    expect(stage.writes()).toHaveLength(writes);
  });

  test("is judged where the workflow names the action itself, too", async () => {
    const { stage, second } = await start({});
    await using _ = stage;
    const writes = stage.writes().length;
    const wish = say(stage, second, "ada", "/rollback I like the old one");
    const end = await back(stage, wish, { action: "rollback", reason: "because" });
    expect(end.reasons).toContainEqual(
      expect.objectContaining({ rule: "comment", holds: false, code: "RA5505" }),
    );
    expect(stage.writes()).toHaveLength(writes);
  });

  test.each(["/approve 1.1.0", "/rolback now", "please /rollback now", ""])(
    "is not what %j asks for",
    async (body) => {
      await using stage = await openStage();
      configure(stage, { deploy: false, production: byPlatform });
      const { number } = stage.repository.openIssue({ title: "x", by: "olga" });
      const end = await back(stage, say(stage, number, "pia", body));
      expect([end.status, end.annotations[0]?.title]).toEqual([
        1,
        expect.stringContaining("RA5504"),
      ]);
      expect(stage.writes()).toEqual([]);
    },
  );

  test("needs a reason", async () => {
    await using stage = await openStage();
    configure(stage, { deploy: false, production: byPlatform });
    const { number } = stage.repository.openIssue({ title: "x", by: "olga" });
    const end = await back(stage, say(stage, number, "pia", "/rollback"));
    expect(end.annotations[0]?.message).toContain("needs a `reason`");
    expect(stage.writes()).toEqual([]);
  });
});
