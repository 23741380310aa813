import { describe, expect, test } from "vitest";
import { listenToChat } from "../../test-support/chat.ts";
import { killWhen } from "../../test-support/requests.ts";
import { configure, recordOf, recordPass, release } from "../../test-support/shop.ts";
import { allPermissions, openStage, type JobWish, type Stage } from "../../test-support/stage.ts";
import { appends, into, openIssue } from "./promotion.ts";

const acceptedBy = { "accept-by": "owner" };
const notify = { messages: [{ to: "webhook:SINK", on: "accepted" }] };

/** Accepting needs no deployment, no registry and no cluster. */
const accepting = (
  stage: Stage,
  actor: string,
  more: {
    inputs?: Record<string, string>;
    dispatch?: Record<string, string>;
    variables?: Record<string, string>;
  } = {},
) =>
  stage.run("promote", {
    permissions: { contents: "write", issues: "write", actions: "read" },
    actor,
    ...more,
    inputs: { action: "accept", ...more.inputs },
  });

async function start(running = true) {
  const stage = await openStage();
  configure(stage, { deploy: false, production: acceptedBy, file: { notify } });
  const build = await release(stage, "1.0.0");
  recordPass(stage, build, "staging");
  if (running) recordPass(stage, build, "production");
  return { stage, build };
}

describe.concurrent("the action accept", { timeout: 60_000 }, () => {
  test("records who accepted what runs, tells it once, and again writes nothing", async () => {
    const { stage, build } = await start();
    await using _ = stage;
    await using chat = await listenToChat();
    const issue = await openIssue(stage, "1.0.0");
    const [commits, { variables }] = [appends(stage), chat];
    const end = await accepting(stage, "olga", { variables });
    expect([end.status, end.annotations]).toEqual([0, []]);
    expect(end.outputs).toMatchObject({
      decision: "go",
      result: "none",
      accepted: "true",
      version: "1.0.0",
      digest: build.digest,
      entry: "production-1",
    });
    expect(end.summary).toContain("Shop 1.0.0 is accepted in production");
    expect(recordOf(stage, "1.0.0")?.accepted).toMatchObject([
      { environment: "production", entry: "production-1", login: "olga", role: "owner" },
    ]);
    expect(chat.posts()).toEqual(["production-1 accepted webhook:SINK"]);
    // What was accepted, the claim of its notice, and what came of it.
    expect(appends(stage) - commits).toBe(3);
    const comments = () =>
      stage.repository.comments
        .filter((comment) => comment.issue === issue)
        .map(({ body }) => body);
    expect(comments()).toHaveLength(1);
    expect(comments()[0]).toContain("### Shop 1.0.0: accepted");

    const writes = stage.writes().length;
    const again = await accepting(stage, "olga", { variables, inputs: { version: "1.0.0" } });
    expect([again.status, again.outputs["accepted"], again.outputs["entry"]]).toEqual([
      0,
      "true",
      "production-1",
    ]);
    expect(stage.writes()).toHaveLength(writes);
    expect(chat.posts()).toHaveLength(1);
  });

  test("killed when it is recorded: run again, it is told once", async () => {
    const { stage } = await start();
    await using _ = stage;
    await using chat = await listenToChat();
    const run = stage.newRun({ actor: "olga" });
    const wish: JobWish = {
      run,
      actor: "olga",
      inputs: { action: "accept" },
      variables: chat.variables,
    };
    const killed = stage.start("promote", wish);
    killWhen(stage.github, () => recordOf(stage, "1.0.0")?.accepted !== undefined, killed.kill);
    expect((await killed.ended).status).toBe(null);
    expect(chat.posts()).toEqual([]);
    for (const attempt of [2, 3]) {
      const end = await stage.run("promote", { ...wish, attempt });
      expect([end.status, end.outputs["accepted"], end.annotations]).toEqual([0, "true", []]);
      expect(chat.posts()).toEqual(["production-1 accepted webhook:SINK"]);
    }
    expect(recordOf(stage, "1.0.0")?.accepted).toHaveLength(1);
  });

  test("by the dispatch's own form", async () => {
    const { stage } = await start();
    await using _ = stage;
    const dispatch = { action: "accept", version: "1.0.0" };
    const end = await accepting(stage, "olga", { dispatch, inputs: { action: "" } });
    expect([end.status, end.outputs["accepted"]]).toEqual([0, "true"]);
    expect(recordOf(stage, "1.0.0")?.accepted).toHaveLength(1);
  });

  test.each<[string, string, Record<string, string>, boolean, string]>([
    ["somebody without the role", "pia", {}, true, "RA1218"],
    ["nobody, where nothing runs", "olga", {}, false, "RA1217"],
    ["nobody, where nothing runs, by its version", "olga", { version: "1.0.0" }, false, "RA1217"],
    ["nobody, for another version", "olga", { version: "1.1.0" }, true, "RA1217"],
    ["nobody, where nobody has to", "olga", { environment: "staging" }, true, "RA1217"],
  ])("is refused to %s", async (_what, actor, inputs, running, code) => {
    const { stage } = await start(running);
    await using _ = stage;
    const end = await accepting(stage, actor, { inputs });
    expect([end.status, end.outputs["decision"], end.outputs["accepted"]]).toEqual([
      1,
      "refused",
      "false",
    ]);
    expect(end.reasons).toMatchObject([{ rule: "accept", holds: false, code }]);
    expect(end.summary).toContain("Nothing was written.");
    expect(end.summary).toContain("**Next:**");
    expect(stage.writes()).toEqual([]);
  });

  test.each([
    ["input", { inputs: { "dry-run": "true" } }],
    ["dispatch", { dispatch: { "dry-run": "true" } }],
  ])("writes nothing in a dry run by the %s", async (_what, more) => {
    const { stage } = await start();
    await using _ = stage;
    const end = await accepting(stage, "olga", more);
    expect([end.status, end.outputs["decision"], end.outputs["accepted"]]).toEqual([
      0,
      "go",
      "false",
    ]);
    expect(end.summary).toContain("Dry run: Shop 1.0.0 may be accepted in production");
    expect(stage.writes()).toEqual([]);
  });
});

test.concurrent.each([
  [acceptedBy, "false"],
  [{}, "true"],
])("a release that passed in production with %j: accepted = %s", async (production, accepted) => {
  await using stage = await openStage();
  configure(stage, { deploy: false, production });
  recordPass(stage, await release(stage, "1.0.0"), "staging");
  const run = stage.newRun();
  for (const attempt of [1, 2]) {
    const end = await stage.run(
      "promote",
      into(stage, "production", { run, attempt, permissions: allPermissions }),
    );
    expect([attempt, end.outputs["result"], end.outputs["accepted"]]).toEqual([
      attempt,
      "passed",
      accepted,
    ]);
    if (attempt === 1)
      expect(end.summary.includes("comments `/accept 1.0.0`")).toBe(accepted === "false");
  }
  if (accepted === "false") {
    const end = await accepting(stage, "olga");
    expect(end.outputs["accepted"]).toBe("true");
  }
});
